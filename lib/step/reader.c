/* SPDX-License-Identifier: ISC */
/* Text that came as rows, or from a command, back into rows. */
#include "step/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "step/chain.h"

struct reader {
	struct text *text;
	struct zone *zone; /* of --tz, or NULL */
	bool names; /* the first record of a source names its columns */
	bool quotes; /* which may hold line ends in quotes */
	struct buf joined; /* cells, a line each */
	struct reader_bad *bad;
	size_t n_bad;
	size_t cap_bad;
	struct arena arena; /* of the texts in bad */
	const char *why; /* of reader_error, where it is not text's; static */
};

static bool
is_format(const char *format, const char *name)
{
	size_t len = strlen(name);

	return strncmp(format, name, len) == 0
	       && (format[len] == '\0' || format[len] == ':');
}

/* How many items -c has. */
static size_t
count_items(const char *columns)
{
	size_t n = 1, depth = 0;

	for (const char *p = columns; *p != '\0'; p++) {
		if (*p == '`' && strchr(p + 1, '`') != NULL)
			p = strchr(p + 1, '`');
		else if (*p == '(')
			depth++;
		else if (*p == ')' && depth > 0)
			depth--;
		else if (*p == ',' && depth == 0)
			n++;
	}
	return n;
}

/*
 * A record from which the format learns its columns: with as many fields as
 * -c has names, or an object without any.
 */
static void
put_sample(struct buf *b, const char *columns, bool fields, char delim)
{
	if (!fields) {
		buf_puts(b, "{}\n");
		return;
	}
	buf_putc(b, 'x');
	for (size_t n = count_items(columns); n > 1; n--)
		buf_printf(b, "%cx", delim);
	buf_putc(b, '\n');
}

/* Whether the text itself says which columns there are. */
static bool
tells_columns(const char *format)
{
	static const char *const formats[] = {"csv", "tsv", "json", "logfmt"};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (is_format(format, formats[i]))
			return true;
	}
	return false;
}

static int
learn_columns(struct reader *r, struct step *s, const char *format)
{
	const char *columns = s->opts.columns;
	bool csv = is_format(format, "csv"), tsv = is_format(format, "tsv");
	struct buf b;
	size_t used;
	int rc = -1;

	buf_init(&b, 0);
	if (columns != NULL || !tells_columns(format)) {
		put_sample(&b, columns, csv || tsv, csv ? ',' : '\t');
		rc = text_header(
		    r->text, &used, (const char *)b.data, b.len, true);
	}
	buf_release(&b);
	if (rc == 1 && text_schema(r->text)->n > 0)
		return 0;
	if (columns != NULL && text_error(r->text) != NULL)
		return step_fail(s, TOOL_USAGE, "%s", text_error(r->text));
	return step_fail(s, TOOL_USAGE,
	    "the columns of %s are not known before a row comes; write -c COLS",
	    format);
}

struct reader *
reader_new(struct step *s, const char *format)
{
	bool dsv = is_format(format, "csv") || is_format(format, "tsv");
	struct text_opts o = {.format = format,
	    .columns = s->opts.columns,
	    .time = s->opts.time,
	    .delim = -1,
	    .no_header = dsv || s->opts.no_header,
	    .year = s->opts.year,
	    .max_field = TEXT_MAX_FIELD};
	struct reader *r = mem_zero(1, sizeof(*r));
	char *why = NULL;

	r->names = dsv && !s->opts.no_header;
	r->quotes = is_format(format, "csv");
	if (s->opts.tz != NULL) {
		r->zone = zone_open(s->opts.tz, &why);
		if (r->zone == NULL) {
			step_fail(s, TOOL_USAGE, "--tz: %s", why);
			free(why);
			reader_free(r);
			return NULL;
		}
	}
	o.tz = r->zone;
	r->text = text_new(&o, &why);
	if (r->text == NULL) {
		step_fail(s, TOOL_USAGE, "%s", why);
		free(why);
	} else if (learn_columns(r, s, format) == 0) {
		return r;
	}
	reader_free(r);
	return NULL;
}

void
reader_free(struct reader *r)
{
	if (r == NULL)
		return;
	text_free(r->text);
	zone_close(r->zone);
	buf_release(&r->joined);
	arena_release(&r->arena);
	free(r->bad);
	free(r);
}

const struct schema *
reader_schema(const struct reader *r)
{
	return text_schema(r->text);
}

const char *
reader_error(const struct reader *r)
{
	return r->why != NULL ? r->why : text_error(r->text);
}

const char *
reader_note(struct reader *r)
{
	return text_note(r->text);
}

static void
add_bad(struct reader *r, uint32_t row, const struct text_bad *bad)
{
	struct reader_bad *to;

	r->bad = mem_grow(r->bad, &r->cap_bad, r->n_bad + 1, sizeof(*r->bad));
	to = &r->bad[r->n_bad++];
	*to = (struct reader_bad){.row = row, .bad = *bad};
	to->bad.p = arena_dup(&r->arena, bad->p, bad->len);
	to->bad.why = arena_dup(&r->arena, bad->why, strlen(bad->why) + 1);
}

struct joined_cells {
	struct reader *r;
	const struct build *out;
	bool astray; /* a record was found bad by the cell behind it */
};

/* A bad line of joined cells, where each cell is a line. */
static bool
on_line(void *arg, const struct text_bad *bad)
{
	struct joined_cells *j = arg;
	uint32_t row = j->out->n_rows + (uint32_t)j->r->n_bad;

	if (bad->line != (uint64_t)row + 1) {
		j->astray = true;
		return false;
	}
	add_bad(j->r, row, bad);
	return true;
}

/* Put the cells into lines; false when some are null or hold line ends. */
static bool
join(struct reader *r, const struct col *text)
{
	const char *p;
	size_t len;

	if (text->valid != NULL)
		return false;
	buf_reset(&r->joined);
	for (uint32_t row = 0; row < text->n; row++) {
		p = col_str(text, row, &len);
		if (memchr(p, '\n', len) != NULL)
			return false;
		buf_put(&r->joined, p, len);
		buf_putc(&r->joined, '\n');
	}
	return true;
}

/* All cells at once; false when they were not one record a line. */
static bool
parse_joined(struct reader *r, struct build *out, const struct col *text)
{
	struct joined_cells joined = {.r = r, .out = out};
	struct text_goal goal = {.max_rows = UINT32_MAX,
	    .max_bytes = SIZE_MAX,
	    .bad = on_line,
	    .arg = &joined};
	size_t len = r->joined.len;

	text_open(r->text);
	return text_parse(
		   r->text, out, &goal, (const char *)r->joined.data, len, true)
		   == 0
	       && !joined.astray && goal.used == len
	       && (uint64_t)out->n_rows + r->n_bad == text->n;
}

struct one_cell {
	struct reader *r;
	uint32_t row;
};

static bool
on_cell(void *arg, const struct text_bad *bad)
{
	const struct one_cell *c = arg;

	add_bad(c->r, c->row, bad);
	return true;
}

static void
truncate_rows(struct build *b, uint32_t n)
{
	for (size_t i = 0; i < b->n_cols; i++)
		colbuf_truncate(&b->cols[i], n);
	b->n_rows = n;
}

/* A cell that may be anything. */
static int
parse_cell(struct reader *r, struct build *out, const char *p, size_t len,
    uint32_t row)
{
	struct one_cell cell = {r, row};
	uint32_t before = out->n_rows;
	size_t n_bad = r->n_bad;
	struct text_goal goal = {.max_rows = before + 2,
	    .max_bytes = SIZE_MAX,
	    .bad = on_cell,
	    .arg = &cell};
	struct text_bad bad = {.p = p, .len = len};

	buf_reset(&r->joined);
	buf_put(&r->joined, p, len);
	buf_putc(&r->joined, '\n');
	text_open(r->text);
	if (text_parse(r->text, out, &goal, (const char *)r->joined.data,
		r->joined.len, true)
	    == -1)
		return -1;
	if (out->n_rows - before + (r->n_bad - n_bad) == 1
	    && goal.used == r->joined.len)
		return 0;
	bad.why = out->n_rows == before && r->n_bad == n_bad
		      ? "no record"
		      : "more than one record";
	truncate_rows(out, before);
	r->n_bad = n_bad;
	add_bad(r, row, &bad);
	return 0;
}

static void
push_nulls(struct build *b)
{
	for (size_t i = 0; i < b->n_cols; i++)
		colbuf_push_null(&b->cols[i]);
	b->n_rows++;
}

int
reader_cells(struct reader *r, struct build *out, struct reader_cells *cells)
{
	const struct col *text = cells->text;
	const char *p;
	size_t len;

	r->n_bad = 0;
	arena_reset(&r->arena);
	if (!join(r, text) || !parse_joined(r, out, text)) {
		build_reset(out);
		r->n_bad = 0;
		for (uint32_t row = 0; row < text->n; row++) {
			p = col_str(text, row, &len);
			if (!col_is_valid(text, row))
				push_nulls(out);
			else if (parse_cell(r, out, p, len, row) == -1)
				return -1;
		}
	}
	cells->bad = r->bad;
	cells->n_bad = r->n_bad;
	return 0;
}

/* The end of the first record; line ends in quotes belong to it. */
static size_t
skip_names(const struct reader *r, const char *p, size_t len, uint64_t *line)
{
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (p[i] == '"' && r->quotes)
			quoted = !quoted;
		if (p[i] != '\n')
			continue;
		++*line;
		if (!quoted)
			return i + 1;
	}
	return len;
}

/* A block begins: where its source does, names of columns are passed over. */
static void
begin_block(struct reader *r, struct reader_block *b, const char *p, size_t len)
{
	struct text_source source = {.name = b->file};
	uint64_t line = b->line > 0 ? (uint64_t)b->line : 1;

	text_source(r->text, &source);
	text_open(r->text);
	if (r->names && b->offset == 0)
		b->at = skip_names(r, p, len, &line);
	text_set_line(r->text, line);
}

int
reader_block(struct reader *r, struct build *out, struct reader_block *b,
    size_t max_bytes)
{
	struct text_goal goal = {.max_rows = FRAME_MAX_ROWS,
	    .max_bytes = max_bytes,
	    .bad = b->bad,
	    .arg = b->arg};
	size_t len;
	const char *p = col_str(b->text, b->row, &len);

	if (b->at == 0)
		begin_block(r, b, p, len);
	if (b->at == len)
		return 0;
	if (text_parse(r->text, out, &goal, p + b->at, len - b->at, true) == -1)
		return -1;
	b->at += goal.used;
	return b->at < len && goal.used > 0 ? 1 : 0;
}
