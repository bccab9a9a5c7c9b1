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

#define CLF_TIME 26 /* bytes of dd/Mon/yyyy:hh:mm:ss +hhmm */

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
 * The parts of the request, where they are wanted: then there is a note.  In
 * the format common the request is the field behind the bytes.
 */
static inline void
set_request(struct walk *w, bool combined)
{
	if (w->note)
		split_request(w, REQUEST, METHOD);
	if (combined)
		return;
	w->edge[2 * COMMON_REQUEST] = w->edge[2 * REQUEST];
	w->edge[2 * COMMON_REQUEST + 1] = w->edge[2 * REQUEST + 1];
}

/* What comes behind the last field is ignored. */
static inline __attribute__((always_inline)) bool
walk(struct walk *w, bool combined)
{
	if (!word(w, HOST) || !word(w, IDENT) || !user(w) || !bracket(w)
	    || !quoted(w, REQUEST) || !word(w, STATUS) || !word(w, BYTES)
	    || (combined && (!quoted(w, REFERER) || !quoted(w, AGENT))))
		return false;
	set_request(w, combined);
	return true;
}

static bool
walk_combined(struct text *t, struct walk *w)
{
	(void)t;
	return walk(w, true);
}

static bool
walk_common(struct text *t, struct walk *w)
{
	(void)t;
	return walk(w, false);
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

/*
 * A line as servers write it: no backslash, a time of CLF_TIME bytes, and no
 * more quotes, at q, than the format has.  False: it may be another.
 */
static inline __attribute__((always_inline)) bool
usual(struct walk *w, const uint32_t *q, bool combined)
{
	const char *p = w->p;
	uint32_t time = q[0] - CLF_TIME - 3, host, ident, status, bytes, to;

	if (q[0] < w->from + CLF_TIME + 9 || p[time] != '['
	    || p[time - 1] != ' ' || p[q[0] - 2] != ']' || p[q[0] - 1] != ' '
	    || p[q[1] + 1] != ' ')
		return false;
	host = seek_byte(p, w->from, time, ' ');
	ident = seek_byte(p, host + 1, time, ' ');
	status = seek_byte(p, q[1] + 2, w->end, ' ');
	bytes = seek_byte(p, status + 1, w->end, ' ');
	to = combined ? q[2] - 1 : w->end;
	if (host == w->from || ident == host + 1 || ident + 3 > time
	    || seek_byte(p, ident + 1, time, '[') != time
	    || seek_byte(p, time + 1, q[0], ']') != q[0] - 2
	    || status == q[1] + 2 || bytes != to || bytes <= status + 1)
		return false;
	if (combined
	    && (p[q[3] + 1] != ' ' || q[4] != q[3] + 2 || q[5] + 1 != w->end))
		return false;
	walk_set(w, HOST, w->from, host);
	walk_set(w, IDENT, host + 1, ident);
	walk_set(w, USER, ident + 1, time - 1);
	walk_set(w, TIME, time + 1, q[0] - 2);
	walk_set(w, REQUEST, q[0] + 1, q[1]);
	walk_set(w, STATUS, q[1] + 2, status);
	walk_set(w, BYTES, status + 1, bytes);
	if (combined) {
		walk_set(w, REFERER, q[2] + 1, q[3]);
		walk_set(w, AGENT, q[4] + 1, q[5]);
	}
	set_request(w, combined);
	return true;
}

/* Whether the next line, at from, has n quotes, and its end behind them. */
static inline __attribute__((always_inline)) bool
has_quotes(const char *p, const uint32_t *q, size_t n_left, size_t n)
{
	bool all = n_left > n && p[q[n]] == '\n';

	for (size_t i = 0; all && i < n; i++)
		all = p[q[i]] == '"';
	return all;
}

/* Walk along the lines with an index of their quotes and ends. */
static inline __attribute__((always_inline)) void
split_lines(struct text *t, struct walk *w, const struct block *b,
    uint32_t max_rows, bool combined)
{
	size_t n_quotes = combined ? 6 : 2, i = 0;
	struct grid *g = &t->grid;
	struct sepidx_found f;
	uint32_t next = 0;

	sepidx_scan(t->idx, &f, b->p, b->len);
	w->p = b->p;
	g->end = 1;
	g->stride = 3 + 2 * t->cols.n;
	for (; g->n < max_rows; g->lines++) {
		const uint32_t *q = f.pos + i;
		bool whole = has_quotes(b->p, q, f.n - i, n_quotes);

		if (whole)
			i += n_quotes;
		while (i < f.n && b->p[f.pos[i]] != '\n')
			i++;
		if (i == f.n)
			break;
		w->from = w->at = next;
		w->end = f.pos[i++];
		next = w->end + 1;
		w->end -= w->end > w->from && b->p[w->end - 1] == '\r';
		whole = whole
			&& (!f.mark
			    || memchr(b->p + w->from, '\\', w->end - w->from)
				   == NULL);
		if ((whole && usual(w, q, combined)) || walk(w, combined))
			walk_add_row(t, w);
		else if (w->end > w->from)
			walk_add_flaw(t, w);
	}
	g->edge = t->edges;
	g->used = next;
	g->marked = f.mark;
}

static inline __attribute__((always_inline)) void
split(struct text *t, const struct block *b, uint32_t max_rows, bool combined)
{
	uint32_t edge[2 * N_FIELDS];
	struct walk w = {.edge = edge, .note = wants_parts(t)};

	if (t->start == NULL && b->len <= SEPIDX_MAX) {
		split_lines(t, &w, b, max_rows, combined);
		return;
	}
	walk_split(t, &w, b, max_rows, combined ? walk_combined : walk_common);
	t->grid.marked = memchr(b->p, '\\', t->grid.used) != NULL;
}

static void
split_combined(struct text *t, const struct block *b, uint32_t max_rows)
{
	split(t, b, max_rows, true);
}

static void
split_common(struct text *t, const struct block *b, uint32_t max_rows)
{
	split(t, b, max_rows, false);
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
	to = side_begin(out, side);
	for (; s < end; s++) {
		if (*s == '\\' && s + 1 < end && (s[1] == '"' || s[1] == '\\'))
			s++;
		*to++ = *s;
	}
	side_end(out, side, to);
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
    .delim = '"',
    .mark = '\\',
    .null = {"-", 1, false},
    .pairs = true,
    .source = {.fields = combined_fields,
	.n = 12,
	.n_star = 11,
	.time = "time"},
    .split = split_combined,
    .find_end = record_find_end,
    .plain = clf_plain};

const struct text_fmt clf_common = {.name = "common",
    .takes = TAKES_START,
    .delim = '"',
    .mark = '\\',
    .null = {"-", 1, false},
    .pairs = true,
    .source = {.fields = common_fields, .n = 10, .n_star = 9, .time = "time"},
    .split = split_common,
    .find_end = record_find_end,
    .plain = clf_plain};
