/* SPDX-License-Identifier: ISC */
/*
 * The access log formats of Apache and nginx: common and combined.
 * millrace-formats(7).
 */
#include <string.h>

#include "base/mem.h"
#include "text/cellfast.h"
#include "text/text_int.h"

/* Fields as a line has them; REQUEST is whole, its parts come of it. */
enum clf_field {
	HOST,
	IDENT,
	USER,
	TIME,
	METHOD,
	PATH,
	PROTOCOL,
	STATUS,
	BYTES,
	REFERER,
	AGENT,
	REQUEST,
	N_FIELDS
};

#define COMMON_FIELDS                                                          \
	{"host", CELL_STR}, {"ident", CELL_STR}, {"user", CELL_STR},           \
	    {"time", CELL_TIME_CLF}, {"method", CELL_STR}, {"path", CELL_STR}, \
	    {"protocol", CELL_STR}, {"status", CELL_INT},                      \
	{                                                                      \
		"bytes", CELL_INT                                              \
	}

static const struct cols_field common_fields[] = {
    COMMON_FIELDS, {"request", CELL_STR}};
static const struct cols_field combined_fields[] = {COMMON_FIELDS,
    {"referer", CELL_STR}, {"agent", CELL_STR}, {"request", CELL_STR}};

/* A walk along a line. */
struct walk {
	const char *p; /* of the block */
	uint32_t at;
	uint32_t end; /* of the line */
	uint32_t edge[2 * N_FIELDS]; /* pairs by enum clf_field */
	enum clf_field failed;
	const char *what; /* why the walk ended */
};

static void
set_cell(struct walk *w, enum clf_field f, uint32_t from, uint32_t to)
{
	w->edge[2 * f] = from - 1;
	w->edge[2 * f + 1] = to;
}

static bool
fail(struct walk *w, enum clf_field f, const char *what)
{
	w->failed = f;
	w->what = what;
	return false;
}

/* The first c at or behind byte at, or the line's end. */
static uint32_t
find(const struct walk *w, uint32_t at, char c)
{
	for (; at < w->end; at += 8) {
		unsigned n = cell_find(cell_load(w->p + at), c);

		if (n < 8)
			return at + n < w->end ? at + n : w->end;
	}
	return w->end;
}

/* Step over the blank behind a field, which the line's end makes needless. */
static bool
step(struct walk *w, enum clf_field f)
{
	if (w->at == w->end)
		return true;
	if (w->p[w->at] != ' ')
		return fail(w, f, "no blank behind it");
	w->at++;
	return true;
}

static bool
word(struct walk *w, enum clf_field f)
{
	uint32_t to = find(w, w->at, ' ');

	if (to == w->at)
		return fail(w, f, "missing");
	set_cell(w, f, w->at, to);
	w->at = to;
	return step(w, f);
}

/* A user's name may hold blanks: it ends where the time begins. */
static bool
user(struct walk *w)
{
	uint32_t to = find(w, w->at, '[');

	if (to == w->end)
		return fail(w, TIME, "missing");
	if (to < w->at + 2 || w->p[to - 1] != ' ')
		return fail(w, USER, "missing");
	set_cell(w, USER, w->at, to - 1);
	w->at = to;
	return true;
}

static bool
bracket(struct walk *w)
{
	uint32_t to = find(w, w->at, ']');

	if (to == w->end)
		return fail(w, TIME, "its bracket is not closed");
	if (to == w->at + 1)
		return fail(w, TIME, "missing");
	set_cell(w, TIME, w->at + 1, to);
	w->at = to + 1;
	return step(w, TIME);
}

/* Whether the quote at byte q is escaped: an odd number of backslashes. */
static bool
is_escaped(const struct walk *w, uint32_t q)
{
	uint32_t n = 0;

	while (w->p[q - 1 - n] == '\\')
		n++;
	return n % 2 == 1;
}

static bool
quoted(struct walk *w, enum clf_field f)
{
	const char *q = w->p + w->at;

	if (w->at == w->end || *q != '"')
		return fail(w, f, "no quote where it should begin");
	do {
		q++;
		q = memchr(q, '"', (size_t)(w->p + w->end - q));
		if (q == NULL)
			return fail(w, f, "its quote is not closed");
	} while (is_escaped(w, (uint32_t)(q - w->p)));
	set_cell(w, f, w->at + 1, (uint32_t)(q - w->p));
	w->at = (uint32_t)(q - w->p) + 1;
	return step(w, f);
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-'
	       || c == '_';
}

/* Letters at s up to end; how many. */
static uint32_t
letters(const char *s, const char *end)
{
	const char *p = s;

	while (p < end && is_letter(*p))
		p++;
	return (uint32_t)(p - s);
}

/*
 * METHOD path PROTO/digit; a path may hold blanks.  Anything else is the
 * garbage of a scanner, whose parts are null.
 */
static void
split_request(struct walk *w)
{
	uint32_t from = w->edge[2 * REQUEST] + 1, to = w->edge[2 * REQUEST + 1];
	const char *s = w->p + from, *end = w->p + to, *last, *slash;
	uint32_t method = letters(s, end);

	set_cell(w, METHOD, from, from - 1);
	set_cell(w, PATH, from, from - 1);
	set_cell(w, PROTOCOL, from, from - 1);
	last = memrchr(s, ' ', to - from);
	if (method == 0 || s + method == end || s[method] != ' '
	    || last <= s + method + 1)
		return;
	slash = last + 1 + letters(last + 1, end);
	if (slash == last + 1 || end - slash < 2 || *slash != '/'
	    || slash[1] < '0' || slash[1] > '9')
		return;
	set_cell(w, METHOD, from, from + method);
	set_cell(w, PATH, from + method + 1, (uint32_t)(last - w->p));
	set_cell(w, PROTOCOL, (uint32_t)(last - w->p) + 1, to);
}

/* What comes behind the last field is ignored. */
static bool
walk(struct walk *w, bool combined)
{
	return word(w, HOST) && word(w, IDENT) && user(w) && bracket(w)
	       && quoted(w, REQUEST) && word(w, STATUS) && word(w, BYTES)
	       && (!combined || (quoted(w, REFERER) && quoted(w, AGENT)));
}

static enum clf_field
field_of(const struct text *t, size_t field)
{
	return field == t->fmt->source.n_star ? REQUEST : (enum clf_field)field;
}

static void
add_flaw(struct text *t, const struct walk *w, uint32_t from)
{
	static const char *const names[] = {[HOST] = "host",
	    [IDENT] = "ident",
	    [USER] = "user",
	    [TIME] = "time",
	    [REQUEST] = "request",
	    [STATUS] = "status",
	    [BYTES] = "bytes",
	    [REFERER] = "referer",
	    [AGENT] = "agent"};
	struct flaw flaw = {.kind = FLAW_RECORD,
	    .from = from,
	    .to = w->end,
	    .at = w->at,
	    .name = names[w->failed],
	    .what = w->what};

	flaw_add(&t->flaws, &flaw);
}

/* Append the wanted cells of the line to the grid. */
static void
add_row(struct text *t, const struct walk *w, uint32_t from)
{
	struct grid *g = &t->grid;
	uint32_t *row;

	t->edges = mem_grow(t->edges, &t->cap_edges,
	    ((size_t)g->n + 1) * g->stride, sizeof(*t->edges));
	row = t->edges + g->n++ * g->stride;
	row[0] = from - 1;
	row[1] = w->end;
	for (size_t i = 0; i < t->cols.n; i++) {
		enum clf_field f = field_of(t, t->cols.cols[i].field);

		row[2 + 2 * i] = w->edge[2 * f];
		row[3 + 2 * i] = w->edge[2 * f + 1];
	}
}

static bool
wants_parts(const struct text *t)
{
	for (size_t i = 0; i < t->cols.n; i++) {
		size_t f = t->cols.cols[i].field;

		if (f == METHOD || f == PATH || f == PROTOCOL)
			return true;
	}
	return false;
}

static void
split_clf(struct text *t, const struct block *b, uint32_t max_rows)
{
	struct grid *g = &t->grid;
	bool combined = t->fmt == &clf_combined, parts = wants_parts(t);
	struct walk w = {.p = b->p};
	uint32_t from = 0;
	const char *nl;

	g->end = 1;
	g->stride = 2 + 2 * t->cols.n;
	while (g->n < max_rows && from < b->len) {
		nl = memchr(b->p + from, '\n', b->len - from);
		if (nl == NULL)
			break;
		w.at = from;
		w.end = (uint32_t)(nl - b->p);
		if (w.end > from && b->p[w.end - 1] == '\r')
			w.end--;
		if (w.end > from && !walk(&w, combined)) {
			add_flaw(t, &w, from);
		} else if (w.end > from) {
			if (parts)
				split_request(&w);
			add_row(t, &w, from);
		}
		from = (uint32_t)(nl - b->p) + 1;
		g->lines++;
	}
	g->edge = t->edges;
	g->used = from;
	g->marked = memchr(b->p, '\\', from) != NULL;
}

static size_t
find_end(struct text *t, const char *p, size_t len)
{
	const char *nl = memchr(p + t->scan.at, '\n', len - t->scan.at);

	t->scan.at = len;
	return nl == NULL ? 0 : (size_t)(nl - p) + 1;
}

/* \" and \\ lose their backslash; others keep it, so that text stays text. */
static void
plain_cell(uint32_t out[2], struct side *side, const struct text_null *null,
    const uint32_t cell[2])
{
	const char *s = side->base + (uint32_t)(cell[0] + 1), *end;
	uint32_t len = cell[1] - cell[0] - 1;
	char *to;

	out[0] = cell[0];
	out[1] = cell[1];
	if (text_is_null(null, s, len))
		out[1] = out[0];
	if (out[1] == out[0] || memchr(s, '\\', len) == NULL)
		return;
	end = s + len;
	out[0] = side->at;
	to = side->base + side->at + 1;
	for (; s < end; s++) {
		if (*s == '\\' && s + 1 < end && (s[1] == '"' || s[1] == '\\'))
			s++;
		*to++ = *s;
	}
	side->at = (uint32_t)(to - side->base);
	out[1] = side->at;
}

static void
plain(uint32_t *out, struct side *side, const struct text_null *null,
    const struct cells *in)
{
	for (uint32_t i = 0; i < in->n; i++)
		plain_cell(out + 2 * i, side, null, in->edge + i * in->stride);
}

const struct text_fmt clf_combined = {.name = "combined",
    .mark = -1,
    .null = {"-", 1, false},
    .pairs = true,
    .source = {.fields = combined_fields,
	.n = 12,
	.n_star = 11,
	.time = "time"},
    .split = split_clf,
    .find_end = find_end,
    .plain = plain};

const struct text_fmt clf_common = {.name = "common",
    .mark = -1,
    .null = {"-", 1, false},
    .pairs = true,
    .source = {.fields = common_fields, .n = 10, .n_star = 9, .time = "time"},
    .split = split_clf,
    .find_end = find_end,
    .plain = plain};
