/* SPDX-License-Identifier: ISC */
/* -p: parse the text of a column, or blocks of raw text, as sbatch would. */
#include <stdlib.h>
#include <string.h>

#include "io/bad.h"
#include "step/chain.h"
#include "step/reader.h"

#define PIECE_BYTES (1u << 20) /* rows of blocks that go out at once, about */

/* The columns of a block of raw text. */
enum raw_col { RAW_DATA, RAW_FILE, RAW_OFFSET, RAW_LINE, N_RAW };

static const struct {
	const char *name;
	enum type type;
} raw_cols[N_RAW] = {{"data", TYPE_STR}, {"file", TYPE_STR},
    {"offset", TYPE_INT}, {"line", TYPE_INT}};

struct parse {
	struct step step;
	struct reader *reader;
	bool blocks;
	int raw[N_RAW]; /* their columns */
	size_t col; /* the text */
	size_t *kept; /* columns that stay, in order */
	size_t n_kept;
	size_t n_before; /* of them, those before the parsed ones */
	size_t n_parsed;
	struct bad bad;
	struct buf notes;
	uint64_t n_records;
	struct build rows;
	uint32_t *from; /* by row of rows, the one that came in */
	size_t cap_from;
	struct batch parsed;
	struct batch out;
};

static bool
find_raw(struct parse *p, const struct schema *schema)
{
	for (size_t i = 0; i < N_RAW; i++) {
		const char *name = raw_cols[i].name;

		p->raw[i] = schema_find(schema, name, strlen(name));
		if (p->raw[i] == -1
		    || schema->fields[p->raw[i]].type != raw_cols[i].type)
			return false;
	}
	return true;
}

/* The only column of text, or line among several; -1 when that is open. */
static int
find_text(const struct schema *schema)
{
	int found = schema_find(schema, "line", 4), n = 0;

	if (found != -1 && schema->fields[found].type == TYPE_STR)
		return found;
	for (size_t i = 0; i < schema->n; i++) {
		if (schema->fields[i].type == TYPE_STR
		    && !schema->fields[i].system) {
			found = (int)i;
			n++;
		}
	}
	return n == 1 ? found : -1;
}

/* [COL=]FORMAT: what is parsed, and *format. */
static int
find_input(struct parse *p, const struct schema *schema, const char **format)
{
	const char *source = p->step.source;
	size_t len = strcspn(source, "=:");
	bool named = source[len] == '=';
	int col;

	*format = named ? source + len + 1 : source;
	if (!named && find_raw(p, schema)) {
		p->blocks = p->step.multiplies = true;
		p->col = (size_t)p->raw[RAW_DATA];
		return 0;
	}
	col = named ? schema_find(schema, source, len) : find_text(schema);
	if (col == -1 && named)
		return step_fail_column(&p->step, schema, source, len);
	if (col == -1)
		return step_fail(&p->step, TOOL_USAGE,
		    "which column is to be parsed? write -p COL=%s", source);
	if (schema->fields[col].type != TYPE_STR || schema->fields[col].system)
		return step_fail(&p->step, TOOL_USAGE,
		    "%.*s is %s, and only text can be parsed", (int)len, source,
		    type_name(schema->fields[col].type));
	p->col = (size_t)col;
	return 0;
}

/* Whether a column that came in stays. */
static bool
stays(const struct parse *p, const struct schema *schema, size_t i)
{
	return i != p->col && (!p->blocks || schema->fields[i].system);
}

/* The parsed columns take the place of the text. */
static int
make_schema(struct parse *p, struct schema *to, const struct schema *from)
{
	const struct schema *parsed = reader_schema(p->reader);
	bool own_time = p->step.opts.time != NULL;

	p->kept = mem_zero(from->n, sizeof(*p->kept));
	p->n_parsed = parsed->n;
	for (size_t i = 0; i < from->n; i++) {
		if (i == p->col)
			p->n_before = p->n_kept;
		for (size_t k = 0; i == p->col && k < parsed->n; k++) {
			if (step_copy_field(
				&p->step, to, parsed, k, parsed->fields[k].name)
			    == -1)
				return -1;
			if (own_time && (int)k == parsed->time_col) {
				to->time_col = (int)to->n - 1;
				to->time_off = 0;
			}
		}
		if (!stays(p, from, i))
			continue;
		p->kept[p->n_kept++] = i;
		if (step_copy_field(&p->step, to, from, i, from->fields[i].name)
		    == -1)
			return -1;
		if (!own_time && (int)i == from->time_col) {
			to->time_col = (int)to->n - 1;
			to->time_off = from->time_off;
		}
	}
	return 0;
}

/* A restart of another stage must cut off none of it. */
static int
open_bad(struct parse *p)
{
	if (bad_open(&p->bad) == -1
	    || (resume_applies(p->step.chain->st) && bad_claim(&p->bad) == -1))
		return step_fail(&p->step, p->bad.status, "%s", p->bad.why);
	return 0;
}

static int
plan_bad(struct parse *p)
{
	const struct step_opts *o = &p->step.opts;
	const struct stage *st = p->step.chain->st;
	bool endless = st->in.endless;

	if (o->bad != NULL)
		bad_parse(&p->bad, o->bad);
	if (o->max_bad != NULL && bad_parse_max(&p->bad, o->max_bad) == -1)
		return step_fail(&p->step, TOOL_USAGE,
		    "--max-bad: '%s' is neither N nor P%%", o->max_bad);
	if (o->bad != NULL && o->max_bad != NULL && p->bad.policy == BAD_STOP)
		return step_fail(
		    &p->step, TOOL_USAGE, "--bad stop allows no --max-bad");
	if (o->bad == NULL && (endless || o->max_bad != NULL))
		p->bad.policy = BAD_SKIP;
	p->bad.endless = endless;
	return st->tool->schema_only ? 0 : open_bad(p);
}

static int
plan(struct step *s, struct schema *schema)
{
	struct parse *p = (struct parse *)s;
	const char *format;
	struct schema to;

	bad_init(&p->bad);
	if (find_input(p, schema, &format) == -1)
		return -1;
	p->reader = reader_new(s, format);
	if (p->reader == NULL)
		return -1;
	build_init(&p->rows, reader_schema(p->reader));
	schema_init(&to);
	if (make_schema(p, &to, schema) == -1 || plan_bad(p) == -1) {
		schema_release(&to);
		return -1;
	}
	schema_release(schema);
	*schema = to;
	return 0;
}

/* Print what the user should hear. */
static void
tell_notes(struct parse *p)
{
	const char *note = reader_note(p->reader);

	if (note != NULL)
		buf_printf(&p->notes, "%s\n", note);
	if (p->step.chain->st->tool->verbose < 0)
		buf_reset(&p->notes);
	tool_notes(&p->notes);
}

/* A record is no row.  0 to go on, or -1. */
static int
take_bad(struct parse *p, const char *name, const struct text_bad *bad)
{
	bool go_on = bad_take(&p->bad, &p->notes, name, bad, p->n_records);

	tell_notes(p);
	if (!p->blocks)
		step_invalid(&p->step, 1);
	if (go_on)
		return 0;
	return step_fail(&p->step, p->bad.status, "%s", p->bad.why);
}

/* Pass on the rows at hand with what stays of those they come from. */
static int
pass(struct parse *p, const struct batch *b, bool more)
{
	struct batch *out = &p->out;
	uint32_t n = p->rows.n_rows;
	size_t at = 0;
	int rc;

	tell_notes(p);
	build_view(&p->parsed, &p->rows);
	batch_reset(out, p->n_kept + p->n_parsed);
	for (size_t i = 0; i <= p->n_kept; i++) {
		if (i == p->n_before) {
			memcpy(&out->cols[at], p->parsed.cols,
			    p->n_parsed * sizeof(*out->cols));
			at += p->n_parsed;
		}
		if (i == p->n_kept)
			break;
		out->cols[at] = b->cols[p->kept[i]];
		if (p->blocks || n < b->n_rows)
			col_gather(&out->cols[at], &out->arena, &out->cols[at],
			    p->from, n);
		at++;
	}
	out->n_rows = n;
	rc = step_pass(&p->step, out, more);
	build_reset(&p->rows);
	return rc;
}

/* Note which row the rows from first on come from. */
static void
note_from(struct parse *p, uint32_t first, uint32_t row)
{
	p->from =
	    mem_grow(p->from, &p->cap_from, p->rows.n_rows, sizeof(*p->from));
	for (uint32_t i = first; i < p->rows.n_rows; i++)
		p->from[i] = row;
}

/* Number the parsed rows, which lack the bad ones; tell of those. */
static int
take_all_bad(struct parse *p, const struct reader_cells *cells)
{
	uint64_t before = p->n_records;
	uint32_t row = 0;

	for (size_t i = 0; i < cells->n_bad; i++) {
		struct reader_bad *b = &cells->bad[i];

		for (; row < b->row; row++)
			p->from[row - i] = row;
		row++;
		p->n_records = before + row;
		b->bad.line = p->n_records;
		if (take_bad(p, "row", &b->bad) == -1)
			return -1;
	}
	for (; row < cells->text->n; row++)
		p->from[row - cells->n_bad] = row;
	p->n_records = before + row;
	return 0;
}

/* The cells of a column, a record each. */
static int
rows_cells(struct parse *p, const struct batch *b, bool more)
{
	struct reader_cells cells = {.text = &b->cols[p->col]};

	if (reader_cells(p->reader, &p->rows, &cells) == -1)
		return step_fail(
		    &p->step, TOOL_DATA, "%s", reader_error(p->reader));
	p->from = mem_grow(p->from, &p->cap_from, b->n_rows, sizeof(*p->from));
	if (take_all_bad(p, &cells) == -1)
		return -1;
	return pass(p, b, more);
}

struct block_bad {
	struct parse *p;
	const char *name;
	bool failed;
};

static bool
on_bad(void *arg, const struct text_bad *bad)
{
	struct block_bad *bb = arg;

	bb->p->n_records++;
	bb->failed = take_bad(bb->p, bb->name, bad) == -1;
	return !bb->failed;
}

/* One block of raw text. */
static int
parse_block(struct parse *p, const struct batch *b, uint32_t row)
{
	const struct col *cols = b->cols;
	struct reader_block block = {.text = &cols[p->col], .row = row};
	size_t len;
	const char *name = col_str(&cols[p->raw[RAW_FILE]], row, &len);
	char *file = mem_strndup(name, len);
	struct block_bad bb = {.p = p, .name = file};
	uint32_t first;
	int rc;

	block.offset = cols[p->raw[RAW_OFFSET]]
			   .i[col_entry(&cols[p->raw[RAW_OFFSET]], row)];
	block.line =
	    cols[p->raw[RAW_LINE]].i[col_entry(&cols[p->raw[RAW_LINE]], row)];
	block.file = file;
	block.bad = on_bad;
	block.arg = &bb;
	do {
		first = p->rows.n_rows;
		rc = reader_block(p->reader, &p->rows, &block, PIECE_BYTES);
		p->n_records += p->rows.n_rows - first;
		note_from(p, first, row);
		if (rc == 1 && pass(p, b, true) == -1)
			rc = -2;
	} while (rc == 1);
	free(file);
	if (rc == -1 && !bb.failed)
		return step_fail(
		    &p->step, TOOL_DATA, "%s", reader_error(p->reader));
	return rc == 0 ? 0 : -1;
}

static int
rows(struct step *s, const struct batch *b, bool more)
{
	struct parse *p = (struct parse *)s;

	if (!p->blocks)
		return rows_cells(p, b, more);
	for (uint32_t r = 0; r < b->n_rows; r++) {
		if (col_is_valid(&b->cols[p->col], r)
		    && parse_block(p, b, r) == -1)
			return -1;
	}
	return pass(p, b, more);
}

static int
finish(struct step *s)
{
	struct parse *p = (struct parse *)s;

	if (bad_finish(&p->bad, p->n_records) == -1)
		return step_fail(s, p->bad.status, "%s", p->bad.why);
	if (p->bad.n > 0 && s->chain->st->tool->verbose >= 0)
		tool_warn("%ju of %ju records invalid, %s%s",
		    (uintmax_t)p->bad.n, (uintmax_t)p->n_records,
		    p->bad.policy == BAD_KEEP ? "kept in " : "skipped",
		    p->bad.policy == BAD_KEEP ? p->bad.path : "");
	return 0;
}

static void
release(struct step *s)
{
	struct parse *p = (struct parse *)s;

	reader_free(p->reader);
	bad_release(&p->bad);
	buf_release(&p->notes);
	build_release(&p->rows);
	free(p->kept);
	free(p->from);
	batch_release(&p->parsed);
	batch_release(&p->out);
}

const struct step_kind parse_step = {
    .opt = "-p",
    .size = sizeof(struct parse),
    .other_name = "; write -c NEW=NAME, or --rename before it",
    .cls = CLASS_FRAME,
    .rebuilds = true,
    .plan = plan,
    .rows = rows,
    .finish = finish,
    .release = release,
};
