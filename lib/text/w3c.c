/* SPDX-License-Identifier: ISC */
/*
 * The extended log file format of W3C, as IIS and others write it: #Fields
 * says what stands in a line, also in mid file.  millrace-formats(7).
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "text/fields.h"
#include "text/walk.h"

#define DATE_LEN 10 /* yyyy-mm-dd */
#define DAY_NOTE (UINT32_C(1) << 31)
#define HEADER_MAX (1u << 20)

/*
 * Fields are numbered as the columns of a line, but for date and time: the
 * first of the two is the time made of both, and the last field is the date.
 * One more number, t->n_fields, stands for what a line does not have.
 */
struct w3c {
	struct fields fields; /* of the #Fields line that was read last */
	uint32_t *edge;
	size_t cap_edge;
	bool noted; /* some rows of the grid have a note */
};

/* Columns that are no text, by their tidy names. */
static const struct cols_field known[] = {{"sc_status", CELL_INT},
    {"sc_substatus", CELL_INT}, {"sc_win32_status", CELL_INT},
    {"sc_bytes", CELL_INT}, {"cs_bytes", CELL_INT}, {"s_port", CELL_INT},
    {"c_port", CELL_INT}, {"cs_uri_port", CELL_INT}, {"bytes", CELL_INT},
    {"time_taken", CELL_FLOAT}};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word of p[*at..len), its length in *n; false at the end. */
static bool
next_word(const char *p, size_t len, size_t *at, size_t *n)
{
	size_t to;

	while (*at < len && is_blank(p[*at]))
		++*at;
	for (to = *at; to < len && !is_blank(p[to]);)
		to++;
	*n = to - *at;
	return *n > 0;
}

static void
add_field(struct fields *f, const char *name, size_t len)
{
	char *tidy = mem_alloc(len + 1);
	size_t n = fields_tidy(tidy, name, len);
	enum cell_kind kind = CELL_STR;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i].name) == n
		    && memcmp(known[i].name, tidy, n) == 0)
			kind = known[i].kind;
	fields_add(
	    f, n == 0 ? "field" : tidy, n == 0 ? 5 : n, kind, kind == CELL_STR);
	free(tidy);
}

/* The number of the field that column i of a line is. */
static size_t
field_of(const struct text *t, size_t i)
{
	const struct text_memo *m = &t->memo;
	size_t last;

	if (m->date == SIZE_MAX || m->time == SIZE_MAX)
		return i;
	last = m->date > m->time ? m->date : m->time;
	return i < last ? i : i > last ? i - 1 : t->n_fields - 1;
}

/* Read what stands behind "#Fields:".  The reason why not, or NULL. */
static const char *
read_fields(struct text *t, const char *p, size_t len)
{
	struct w3c *x = t->state;
	size_t n_words = 0, first, n, date = SIZE_MAX, time = SIZE_MAX;

	for (size_t at = 0; next_word(p, len, &at, &n); at += n, n_words++) {
		if (n_words == SCHEMA_MAX_COLS || n > SCHEMA_MAX_NAME)
			return "too many fields, or too long a name";
		if (n == 4 && memcmp(p + at, "date", 4) == 0)
			date = n_words;
		if (n == 4 && memcmp(p + at, "time", 4) == 0)
			time = n_words;
	}
	if (n_words == 0)
		return "no field is named";
	fields_release(&x->fields);
	first = time != SIZE_MAX && date < time ? date : time;
	n_words = 0;
	for (size_t at = 0; next_word(p, len, &at, &n); at += n, n_words++) {
		if (n_words == first)
			fields_add(
			    &x->fields, "time", 4, CELL_TIME_RFC3339, false);
		else if (n_words != time
			 && (n_words != date || time == SIZE_MAX))
			add_field(&x->fields, p + at, n);
	}
	if (date != SIZE_MAX && time != SIZE_MAX)
		fields_add(&x->fields, "date", 4, CELL_STR, true);
	t->memo.date = date;
	t->memo.time = time;
	t->n_fields = n_words;
	x->edge = mem_grow(
	    x->edge, &x->cap_edge, 2 * (n_words + 1), sizeof(*x->edge));
	return NULL;
}

/* Find the columns of the stream; those that are not there become null. */
static void
rebind(struct text *t)
{
	const struct w3c *x = t->state;

	for (size_t i = 0; i < t->cols.n; i++) {
		struct cols_col *c = &t->cols.cols[i];

		c->field = fields_find(&x->fields, c->from, strlen(c->from));
	}
}

static bool
is_directive(const char *p, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= n && strncasecmp(p, name, n) == 0;
}

/* #Date: yyyy-mm-dd [...] */
static void
read_date(struct text *t, const char *p, size_t len)
{
	size_t at = 0, n;
	int64_t us;

	if (next_word(p, len, &at, &n) && n == DATE_LEN
	    && time_parse_rfc3339(&us, p + at, n) == 0 && us >= 0)
		t->memo.day = us / (86400 * TIME_US);
}

/* A line that begins with #.  The reason why it is wrong, or NULL. */
static const char *
read_directive(struct text *t, const char *p, size_t len, bool *fields)
{
	*fields = is_directive(p, len, "#Fields:");
	if (*fields)
		return read_fields(t, p + 8, len - 8);
	if (is_directive(p, len, "#Date:"))
		read_date(t, p + 6, len - 6);
	return NULL;
}

static int
bind_first(struct text *t)
{
	const struct w3c *x = t->state;
	struct cols_source s = fields_source(&x->fields);

	if (t->bound) {
		rebind(t);
		return 1;
	}
	if (t->memo.date != SIZE_MAX && t->memo.time != SIZE_MAX)
		s.n_star--;
	return text_bind(t, &s) == -1 ? -1 : 1;
}

/* Directives up to #Fields. */
static int
header(struct text *t, size_t *used, const char *p, size_t len, bool eof)
{
	bool fields = false;
	const char *nl, *why;
	size_t at = 0, n;

	t->line = 1;
	if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	while (at < len && !fields) {
		nl = memchr(p + at, '\n', len - at);
		if (nl == NULL && !eof && len - at < HEADER_MAX)
			return 0;
		n = (size_t)((nl == NULL ? p + len : nl) - (p + at));
		if (n > 0 && p[at] != '#' && p[at] != '\r')
			return text_fail(
			    t, mem_printf("line %llu: no #Fields line before "
					  "the first record",
				   (unsigned long long)t->line));
		why = read_directive(t, p + at, n, &fields);
		if (why != NULL)
			return text_fail(
			    t, mem_printf("line %llu: #Fields: %s",
				   (unsigned long long)t->line, why));
		at += n + (nl != NULL);
		t->line++;
	}
	if (!fields && !eof)
		return 0;
	*used = at;
	if (fields)
		return bind_first(t);
	if (t->bound)
		return 1;
	return text_fail(t, mem_printf("it has no #Fields line"));
}

/* The end of the word at byte at: a blank, or the quote of a string. */
static uint32_t
word_end(const struct walk *w, uint32_t at)
{
	if (w->p[at] == '"') {
		for (at++; at < w->end; at++) {
			if (w->p[at] != '"')
				continue;
			if (at + 1 == w->end || w->p[at + 1] != '"')
				return at + 1;
			at++;
		}
		return at;
	}
	for (; at < w->end; at += 8) {
		uint64_t bytes = cell_load(w->p + at);
		unsigned blank = cell_find(bytes, ' ');
		unsigned tab = cell_find(bytes, '\t');
		unsigned n = blank < tab ? blank : tab;

		if (n < 8)
			return at + n < w->end ? at + n : w->end;
	}
	return w->end;
}

/* Put date and time together, by a note where they do not stand so. */
static bool
join_time(
    struct text *t, struct walk *w, const uint32_t *date, const uint32_t *time)
{
	struct w3c *x = t->state;
	size_t field = field_of(t, t->memo.time);

	if (t->memo.date == SIZE_MAX) {
		if (t->memo.day == INT64_MIN)
			return walk_fail(w, "time", "no date and no #Date");
		w->note = DAY_NOTE | (uint32_t)t->memo.day;
	} else {
		if (t->memo.date < t->memo.time)
			field = t->memo.date;
		if (date[1] - date[0] != DATE_LEN)
			return walk_fail(w, "date", "no yyyy-mm-dd");
		if (date[1] + 1 == time[0] && w->p[date[1]] == ' ') {
			walk_set(w, field, date[0], time[1]);
			return true;
		}
		w->note = date[0] - w->from + 1;
	}
	x->noted = true;
	walk_set(w, field, time[0], time[1]);
	return true;
}

static bool
walk_line(struct text *t, struct walk *w)
{
	const struct text_memo *m = &t->memo;
	uint32_t date[2] = {0, 0}, time[2] = {0, 0}, from;
	size_t i = 0;

	w->note = 0;
	for (;; i++) {
		while (w->at < w->end && is_blank(w->p[w->at]))
			w->at++;
		if (w->at == w->end)
			break;
		if (i == t->n_fields)
			return walk_fail(w, NULL, "more fields than #Fields");
		from = w->at;
		w->at = word_end(w, from);
		walk_set(w, field_of(t, i), from, w->at);
		if (i == m->date || i == m->time) {
			uint32_t *pair = i == m->date ? date : time;

			pair[0] = from;
			pair[1] = w->at;
		}
	}
	if (i < t->n_fields)
		return walk_fail(w, NULL, "fewer fields than #Fields");
	walk_null(w, t->n_fields);
	if (m->date != SIZE_MAX && m->time != SIZE_MAX)
		walk_set(w, t->n_fields - 1, date[0], date[1]);
	return m->time == SIZE_MAX || join_time(t, w, date, time);
}

static bool
walk(struct text *t, struct walk *w)
{
	struct w3c *x = t->state;
	const char *why;
	bool fields;

	if (w->at == w->end)
		return false;
	if (w->p[w->at] != '#')
		return walk_line(t, w);
	why = read_directive(t, w->p + w->at, w->end - w->at, &fields);
	if (why != NULL)
		return walk_fail(w, "#Fields", why);
	if (fields)
		rebind(t);
	w->edge = x->edge;
	w->end = w->from; /* not a record */
	return false;
}

static void
split(struct text *t, const struct block *b, uint32_t max_rows)
{
	struct w3c *x = t->state;
	struct walk w = {.edge = x->edge};

	x->noted = false;
	walk_split(t, &w, b, max_rows, walk);
	t->grid.marked = x->noted || memchr(b->p, '"', t->grid.used) != NULL;
}

/* Row r's cell of the time: its date in front of it. */
static void
derive_time(struct text *t, uint32_t out[2], struct side *side, uint32_t r,
    const uint32_t cell[2])
{
	uint32_t note = walk_note(t, r), len = cell[1] - cell[0] - 1;
	uint32_t from = t->grid.edge[r * t->grid.stride] + 1;
	char date[TIME_TEXT_MAX], *to;

	out[0] = cell[0];
	out[1] = cell[1];
	if (note == 0 || len == UINT32_MAX)
		return;
	side_room(side, t, DATE_LEN + 1 + (size_t)len);
	to = side_begin(out, side);
	if (note & DAY_NOTE)
		time_format_rfc3339(
		    date, (int64_t)(note & ~DAY_NOTE) * 86400 * TIME_US);
	else
		memcpy(date, side->base + from + note - 1, DATE_LEN);
	memcpy(to, date, DATE_LEN);
	to[DATE_LEN] = 'T';
	memcpy(to + DATE_LEN + 1, side->base + (uint32_t)(cell[0] + 1), len);
	side_end(out, side, to + DATE_LEN + 1 + len);
}

/* "-" is null; a string loses its quotes, and those in it are halved. */
static void
derive_cell(
    struct text *t, uint32_t out[2], struct side *side, const uint32_t cell[2])
{
	const char *s = side->base + (uint32_t)(cell[0] + 1), *end;
	uint32_t len = cell[1] - cell[0] - 1;
	char *to;

	out[0] = cell[0];
	out[1] = cell[1];
	if (len == UINT32_MAX || (len == 1 && *s == '-'))
		out[1] = out[0];
	if (out[1] == out[0] || len < 2 || *s != '"' || s[len - 1] != '"')
		return;
	out[0]++;
	out[1]--;
	if (memchr(s + 1, '"', len - 2) == NULL)
		return;
	side_room(side, t, len);
	to = side_begin(out, side);
	s = side->base + (uint32_t)(cell[0] + 1);
	end = s + len - 1;
	for (s++; s < end; s++) {
		*to++ = *s;
		s += *s == '"';
	}
	side_end(out, side, to);
}

static bool
derive(struct text *t, uint32_t *out, struct side *side, const struct cells *in,
    const struct cols_col *col)
{
	bool time = strcmp(col->from, "time") == 0;

	for (uint32_t r = 0; r < in->n; r++) {
		const uint32_t *cell = in->edge + r * in->stride;

		if (time)
			derive_time(t, out + 2 * r, side, r, cell);
		else
			derive_cell(t, out + 2 * r, side, cell);
	}
	return true;
}

static int
init(struct text *t, char **why, const char *arg)
{
	(void)why;
	(void)arg;
	t->state = mem_zero(1, sizeof(struct w3c));
	return 0;
}

static void
release(void *state)
{
	struct w3c *x = state;

	fields_release(&x->fields);
	free(x->edge);
	free(x);
}

const struct text_fmt w3c_fmt = {.name = "w3c",
    .mark = -1,
    .null = {"-", 1, false},
    .pairs = true,
    .init = init,
    .header = header,
    .split = split,
    .find_end = record_find_end,
    .chained = true,
    .derive = derive,
    .release = release};
