/* SPDX-License-Identifier: ISC */
/*
 * JSON, one value a record, and the JSON that journalctl(1) writes.
 * millrace-formats(7), RFC 8259.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/jsonhead.h"
#include "text/jsonpath.h"
#include "text/jsonstr.h"
#include "text/jsonwalk.h"
#include "text/text_int.h"

/* The columns are bound: their paths make the tree. */
static void
bound(struct text *t)
{
	struct jsonwalk *w = t->state;
	struct jsonpath path;
	char *why = NULL;

	if (w == NULL)
		w = t->state = mem_zero(1, sizeof(*w));
	else
		jsonwalk_release(w);
	jsonwalk_init(w);
	w->utf8 = t->utf8 == TEXT_UTF8_REJECT;
	w->portable = t->path == SEPIDX_PORTABLE;
	w->arrays = t->fmt == &json_journald;
	for (size_t i = 0; i < t->cols.n; i++) {
		const char *from = t->cols.cols[i].from;

		if (w->arrays)
			from = jsonhead_field(from);
		jsonpath_parse(&path, &why, from, strlen(from));
		jsontree_add(&w->tree, &path, (uint32_t)i);
		jsonpath_release(&path);
	}
}

static void
release(void *state)
{
	jsonwalk_release(state);
	free(state);
}

/* Room for one more row. */
static uint32_t *
next_row(struct text *t)
{
	struct grid *g = &t->grid;

	t->edges = mem_grow(t->edges, &t->cap_edges,
	    ((size_t)g->n + 1) * g->stride, sizeof(*t->edges));
	return t->edges + g->n * g->stride;
}

/* The record at from is bad: its first line goes, the next one is a chance. */
static uint32_t
drop(struct text *t, const struct block *b, uint32_t from, bool cut)
{
	const struct jsonwalk *w = t->state;
	const char *nl = memchr(b->p + from, '\n', b->len - from);
	uint32_t end = (uint32_t)(nl - b->p);
	struct flaw flaw = {.kind = FLAW_RECORD,
	    .from = from,
	    .to = end,
	    .at = cut ? (uint32_t)b->len - 1 : w->at,
	    .what = cut ? "the end is missing" : w->what};

	if (flaw.to > from && nl[-1] == '\r')
		flaw.to--;
	flaw_add(&t->flaws, &flaw);
	t->grid.lines++;
	return end + 1;
}

/* Past blanks and empty lines; *from is the beginning of the line. */
static uint32_t
begin_record(
    struct text *t, const char *p, uint32_t *from, uint32_t at, uint32_t limit)
{
	*from = at;
	for (; at < limit; at++) {
		if (p[at] == '\n') {
			t->grid.lines++;
			*from = at + 1;
		} else if (p[at] != ' ' && p[at] != '\t' && p[at] != '\r') {
			break;
		}
	}
	return at;
}

/* Behind a byte order mark at the front of a source. */
static uint32_t
skip_bom(const struct text *t, const struct block *b)
{
	return t->line == 1 && b->len > 3
		       && memcmp(b->p, "\xef\xbb\xbf", 3) == 0
		   ? 3
		   : 0;
}

static void
split_json(struct text *t, const struct block *b, uint32_t max_rows)
{
	const char *nl = memrchr(b->p, '\n', b->len);
	uint32_t limit = nl == NULL ? 0 : (uint32_t)(nl + 1 - b->p);
	uint32_t at = limit == 0 ? 0 : skip_bom(t, b), from, end;
	struct jsonwalk *w = t->state;
	struct grid *g = &t->grid;

	g->end = 1;
	g->stride = 2 + 2 * t->cols.n;
	while (g->n < max_rows && at < limit) {
		uint32_t *row = next_row(t);

		at = begin_record(t, b->p, &from, at, limit);
		if (at == limit)
			break;
		end = jsonwalk_record(
		    w, row + 2, (uint32_t)t->cols.n, b->p, at, limit);
		if (end == 0 && w->more && !b->last) {
			at = from;
			break;
		}
		if (end == 0) {
			at = drop(t, b, from, w->more);
			continue;
		}
		row[0] = from - 1;
		row[1] = end - 1;
		g->n++;
		g->lines += w->lines + 1;
		g->marked |= w->marked;
		at = end;
	}
	g->edge = t->edges;
	g->used = at;
}

/*
 * A record ends with the first line end outside of brackets; t->scan.open
 * counts those, state tells a string, astray the byte behind a backslash.
 */
static size_t
find_end(struct text *t, const char *p, size_t len)
{
	struct scan *s = &t->scan;

	while (s->at < len) {
		char c = p[s->at++];

		if (c == '\n' && (s->open == 0 || s->state == SCAN_QUOTED))
			return s->at;
		if (s->astray)
			s->astray = false;
		else if (s->state == SCAN_QUOTED && c == '\\')
			s->astray = true;
		else if (c == '"')
			s->state =
			    s->state == SCAN_QUOTED ? SCAN_PLAIN : SCAN_QUOTED;
		else if (s->state == SCAN_QUOTED)
			continue;
		else if (c == '{' || c == '[')
			s->open++;
		else if ((c == '}' || c == ']') && s->open > 0)
			s->open--;
	}
	return 0;
}

/* One that stands on several lines has no line that looks like this. */
static bool
starts(const char *p, size_t at, size_t len)
{
	size_t before = at - 1;

	if (before > 0 && p[before - 1] == '\r')
		before--;
	return at < len && p[at] == '{' && before > 0 && p[before - 1] == '}';
}

/* Whether a cell is the inside of a string. */
static bool
is_string(const struct side *side, const uint32_t cell[2])
{
	return cell[0] != UINT32_MAX && side->base[cell[0]] == '"'
	       && side->base[cell[1]] == '"';
}

static void
plain_string(uint32_t out[2], struct side *side, const uint32_t cell[2])
{
	const char *s = side->base + cell[0] + 1;
	uint32_t len = cell[1] - cell[0] - 1;
	char *to;

	if (memchr(s, '\\', len) == NULL)
		return;
	to = side_begin(out, side);
	side_end(out, side, to + jsonstr_plain(to, s, len));
}

static void
plain_json(uint32_t *out, struct side *side, const struct text_null *null,
    const struct cells *in)
{
	(void)null;
	for (uint32_t i = 0; i < in->n; i++, out += 2) {
		const uint32_t *cell = in->edge + i * in->stride;

		out[0] = cell[0];
		out[1] = cell[1];
		if (cell[0] != cell[1] && is_string(side, cell))
			plain_string(out, side, cell);
	}
}

/*
 * The bytes that the array s[0..len) of numbers stands for, into to.  Returns
 * their number, or -1 when it holds anything else.
 */
static ptrdiff_t
take_bytes(char *to, const char *s, size_t len)
{
	const char *end = s + len - 1;
	ptrdiff_t n = 0;

	for (s++; s < end;) {
		unsigned v = 0;

		if (*s == ',' || *s == ' ') {
			s++;
			continue;
		}
		if (*s < '0' || *s > '9')
			return -1;
		for (; *s >= '0' && *s <= '9' && v < 256; s++)
			v = v * 10 + (unsigned)(*s - '0');
		if (v > 255)
			return -1;
		to[n++] = (char)v;
	}
	return n;
}

/* journalctl writes what is no text, or has control characters, as numbers. */
static void
plain_journald(uint32_t *out, struct side *side, const struct text_null *null,
    const struct cells *in)
{
	plain_json(out, side, null, in);
	for (uint32_t i = 0; i < in->n; i++, out += 2) {
		const uint32_t *cell = in->edge + i * in->stride;
		const char *s = side->base + (uint32_t)(cell[0] + 1);
		char *to;
		ptrdiff_t n;

		if (cell[0] == cell[1] || is_string(side, cell) || *s != '[')
			continue;
		to = side->base + side->at + 1;
		n = take_bytes(to, s, cell[1] - (uint32_t)(cell[0] + 1));
		if (n == -1)
			continue;
		side_begin(out, side);
		side_end(out, side, to + n);
	}
}

const struct text_fmt json_json = {.name = "json",
    .ext = ".json .jsonl .ndjson",
    .takes = TAKES_PATHS | TAKES_AUTO,
    .mark = -1,
    .pairs = true,
    .header = jsonhead_read,
    .split = split_json,
    .find_end = find_end,
    .starts = starts,
    .plain = plain_json,
    .bound = bound,
    .release = release};

const struct text_fmt json_journald = {.name = "journald",
    .takes = TAKES_PATHS,
    .mark = -1,
    .pairs = true,
    .header = jsonhead_journald,
    .split = split_json,
    .find_end = find_end,
    .starts = starts,
    .plain = plain_journald,
    .bound = bound,
    .release = release};
