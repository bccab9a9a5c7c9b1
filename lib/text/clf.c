/* SPDX-License-Identifier: ISC */
/*
 * The access log formats of Apache and nginx: common and combined.
 * millrace-formats(7).
 */
#include "text/clf.h"

#include <string.h>

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
	N_FIELDS,
	COMMON_REQUEST = REFERER
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

static const char *const names[] = {[HOST] = "host",
    [IDENT] = "ident",
    [USER] = "user",
    [TIME] = "time",
    [REQUEST] = "request",
    [STATUS] = "status",
    [BYTES] = "bytes",
    [REFERER] = "referer",
    [AGENT] = "agent"};

static bool
fail(struct walk *w, enum clf_field f, const char *what)
{
	return walk_fail(w, names[f], what);
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
	uint32_t to = walk_find(w, w->at, ' ');

	if (to == w->at)
		return fail(w, f, "missing");
	walk_set(w, f, w->at, to);
	w->at = to;
	return step(w, f);
}

/* A user's name may hold blanks: it ends where the time begins. */
static bool
user(struct walk *w)
{
	uint32_t to = walk_find(w, w->at, '[');

	if (to == w->end)
		return fail(w, TIME, "missing");
	if (to < w->at + 2 || w->p[to - 1] != ' ')
		return fail(w, USER, "missing");
	walk_set(w, USER, w->at, to - 1);
	w->at = to;
	return true;
}

static bool
bracket(struct walk *w)
{
	uint32_t to = walk_find(w, w->at, ']');

	if (to == w->end)
		return fail(w, TIME, "its bracket is not closed");
	if (to == w->at + 1)
		return fail(w, TIME, "missing");
	walk_set(w, TIME, w->at + 1, to);
	w->at = to + 1;
	return step(w, TIME);
}

static bool
quoted(struct walk *w, enum clf_field f)
{
	uint32_t q;

	if (w->at == w->end || w->p[w->at] != '"')
		return fail(w, f, "no quote where it should begin");
	q = clf_quote_end(w->p, w->at + 1, w->end);
	if (q == UINT32_MAX)
		return fail(w, f, "its quote is not closed");
	walk_set(w, f, w->at + 1, q);
	w->at = q + 1;
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
static inline void
split_request(struct walk *w, size_t request, size_t method)
{
	uint32_t from = w->edge[2 * request] + 1, to = w->edge[2 * request + 1];
	const char *s = w->p + from, *end = w->p + to, *last, *slash;
	uint32_t len = letters(s, end);

	walk_null(w, method);
	walk_null(w, method + 1);
	walk_null(w, method + 2);
	last = memrchr(s, ' ', to - from);
	if (len == 0 || s + len == end || s[len] != ' ' || last <= s + len + 1)
		return;
	slash = last + 1 + letters(last + 1, end);
	if (slash == last + 1 || end - slash < 2 || *slash != '/'
	    || slash[1] < '0' || slash[1] > '9')
		return;
	walk_set(w, method, from, from + len);
	walk_set(w, method + 1, from + len + 1, (uint32_t)(last - w->p));
	walk_set(w, method + 2, (uint32_t)(last - w->p) + 1, to);
}

void
clf_split_request(struct walk *w, size_t request, size_t method)
{
	split_request(w, request, method);
}

/*
 * What comes behind the last field is ignored.  note: whether the parts of the
 * request are wanted.
 */
static inline __attribute__((always_inline)) bool
walk(struct walk *w, bool combined)
{
	if (!word(w, HOST) || !word(w, IDENT) || !user(w) || !bracket(w)
	    || !quoted(w, REQUEST) || !word(w, STATUS) || !word(w, BYTES)
	    || (combined && (!quoted(w, REFERER) || !quoted(w, AGENT))))
		return false;
	if (w->note)
		split_request(w, REQUEST, METHOD);
	return true;
}

static bool
walk_combined(struct text *t, struct walk *w)
{
	(void)t;
	return walk(w, true);
}

/* Its request is the field behind the bytes. */
static bool
walk_common(struct text *t, struct walk *w)
{
	(void)t;
	if (!walk(w, false))
		return false;
	w->edge[2 * COMMON_REQUEST] = w->edge[2 * REQUEST];
	w->edge[2 * COMMON_REQUEST + 1] = w->edge[2 * REQUEST + 1];
	return true;
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
	uint32_t edge[2 * N_FIELDS];
	struct walk w = {.edge = edge, .note = wants_parts(t)};

	if (t->fmt == &clf_combined)
		walk_split(t, &w, b, max_rows, walk_combined);
	else
		walk_split(t, &w, b, max_rows, walk_common);
	t->grid.marked = memchr(b->p, '\\', t->grid.used) != NULL;
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

void
clf_plain(uint32_t *out, struct side *side, const struct text_null *null,
    const struct cells *in)
{
	for (uint32_t i = 0; i < in->n; i++)
		plain_cell(out + 2 * i, side, null, in->edge + i * in->stride);
}

const struct text_fmt clf_combined = {.name = "combined",
    .takes = TAKES_START,
    .mark = -1,
    .null = {"-", 1, false},
    .pairs = true,
    .source = {.fields = combined_fields,
	.n = 12,
	.n_star = 11,
	.time = "time"},
    .split = split_clf,
    .find_end = record_find_end,
    .plain = clf_plain};

const struct text_fmt clf_common = {.name = "common",
    .takes = TAKES_START,
    .mark = -1,
    .null = {"-", 1, false},
    .pairs = true,
    .source = {.fields = common_fields, .n = 10, .n_star = 9, .time = "time"},
    .split = split_clf,
    .find_end = record_find_end,
    .plain = clf_plain};
