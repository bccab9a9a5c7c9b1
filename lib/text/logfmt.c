/* SPDX-License-Identifier: ISC */
/* logfmt: key=value by blanks.  millrace-formats(7). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/jsonscan.h"
#include "text/jsonstr.h"
#include "text/keyguess.h"
#include "text/logfmt.h"

#define MORE_KEYS 1024 /* kept of those that nobody wants */

struct logfmt {
	struct keyguess keys; /* with their equals sign; value: of the field */
	size_t n_fields;
	uint32_t *edge;
};

static void
bound(struct text *t)
{
	struct logfmt *l = t->state;

	if (l == NULL)
		l = t->state = mem_zero(1, sizeof(*l));
	else
		keyguess_release(&l->keys);
	keyguess_init(&l->keys);
	for (size_t i = 0; i < t->cols.n; i++)
		if (t->cols.cols[i].field >= l->n_fields)
			l->n_fields = t->cols.cols[i].field + 1;
	free(l->edge);
	l->edge = mem_zero(2 * l->n_fields + 2, sizeof(*l->edge));
}

static void
release(void *state)
{
	struct logfmt *l = state;

	keyguess_release(&l->keys);
	free(l->edge);
	free(l);
}

static bool
is_blank(char c)
{
	return (unsigned char)c <= ' ';
}

/* The first blank at or behind byte at, or the record's end. */
static uint32_t
find_blank(const struct walk *w, uint32_t at)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	for (; at < w->end; at += 8) {
		uint64_t word = cell_load(w->p + at);

		word = (word - ones * 0x21) & ~word & ones * 0x80;
		if (word != 0) {
			at += (uint32_t)__builtin_ctzll(word) / 8;
			break;
		}
	}
	return at < w->end ? at : w->end;
}

/* The value in quotes that begins at w->at. */
static bool
take_quoted(struct walk *w, struct logfmt_pair *pair)
{
	const char *s = w->p + w->at + 1, *end = w->p + w->end;
	uint32_t at;

	for (;; s++) {
		s = jsonscan_best(s);
		if (s >= end)
			return walk_fail(w, NULL, "a quote is not closed");
		if (*s == '"')
			break;
		s += *s == '\\' && s + 1 < end;
	}
	at = (uint32_t)(s - w->p);
	pair->from = w->at + 1;
	pair->end = at;
	w->at = at + 1;
	if (w->at < w->end && !is_blank(w->p[w->at]))
		return walk_fail(w, NULL, "text behind a closing quote");
	return true;
}

/* The value at w->at, behind its equals sign. */
static bool
take_value(struct walk *w, struct logfmt_pair *pair)
{
	if (w->at < w->end && w->p[w->at] == '"')
		return take_quoted(w, pair);
	pair->from = w->at;
	w->at = find_blank(w, w->at);
	pair->end = w->at;
	return true;
}

/* The key at w->at, and the equals sign, if it has one. */
static bool
take_key(struct walk *w, struct logfmt_pair *pair)
{
	pair->key = w->at;
	while (w->at < w->end && !is_blank(w->p[w->at]) && w->p[w->at] != '='
	       && w->p[w->at] != '"')
		w->at++;
	pair->key_end = w->at;
	if (w->at < w->end && w->p[w->at] == '"')
		return walk_fail(w, NULL, "a quote in a key");
	if (w->at == pair->key)
		return walk_fail(w, NULL, "no key before the equals sign");
	pair->bare = w->at == w->end || w->p[w->at] != '=';
	w->at += !pair->bare;
	return true;
}

int
logfmt_next(struct walk *w, struct logfmt_pair *pair)
{
	while (w->at < w->end && is_blank(w->p[w->at]))
		w->at++;
	if (w->at == w->end)
		return 0;
	if (!take_key(w, pair))
		return -1;
	return pair->bare || take_value(w, pair) ? 1 : -1;
}

/* The field of a key that is not the one guessed. */
static uint32_t
field_of(const struct text *t, const char *key, size_t len)
{
	for (size_t i = 0; i < t->cols.n; i++) {
		const struct cols_col *c = &t->cols.cols[i];

		if (strlen(c->from) == len && memcmp(c->from, key, len) == 0)
			return (uint32_t)c->field;
	}
	return KEYGUESS_NONE;
}

/*
 * The next key, which follows key number *prev: its field, or KEYGUESS_NONE.
 * False when it is none.
 */
static bool
find_key(struct text *t, struct walk *w, struct logfmt_pair *pair,
    uint32_t *prev, uint32_t *field)
{
	struct logfmt *l = t->state;
	const struct keyguess_key *keys = l->keys.keys;
	const char *s = w->p + w->at;
	uint32_t guess = keys[*prev].next, i;
	size_t len;

	pair->bare = false;
	if (keyguess_is(&keys[guess], s)) {
		*prev = guess;
		*field = keys[guess].value;
		w->at += keys[guess].len;
		return true;
	}
	if (!take_key(w, pair))
		return false;
	len = pair->key_end - pair->key;
	if (pair->bare) {
		*field = field_of(t, s, len);
		return true;
	}
	i = keyguess_find(&l->keys, *prev, s, len + 1);
	if (i == 0) {
		*field = field_of(t, s, len);
		*prev = keyguess_add(
		    &l->keys, MORE_KEYS + 2 * l->n_fields, s, len + 1, *field);
		return true;
	}
	*prev = i;
	*field = l->keys.keys[i].value;
	return true;
}

/*
 * The byte before a value tells what it is: a quote, an equals sign, or, of a
 * key alone, its last byte, behind which the value is empty.
 */
static bool
walk_pairs(struct text *t, struct walk *w)
{
	struct logfmt *l = t->state;
	uint32_t prev = 0, field;
	struct logfmt_pair pair;
	bool some = false;

	memset(w->edge, 0, 2 * l->n_fields * sizeof(*w->edge));
	for (;; some = true) {
		while (w->at < w->end && is_blank(w->p[w->at]))
			w->at++;
		if (w->at == w->end)
			break;
		if (!find_key(t, w, &pair, &prev, &field))
			return false;
		if (pair.bare)
			pair.from = pair.end = pair.key_end;
		else if (!take_value(w, &pair))
			return false;
		if (field == KEYGUESS_NONE)
			continue;
		walk_set(w, field, pair.from, pair.end);
		/* Without plain() all that is empty would be null. */
		t->grid.marked |= pair.from == pair.end;
	}
	/* A line of blanks is as good as an empty one. */
	if (!some)
		w->end = w->from;
	return some;
}

static void
split_logfmt(struct text *t, const struct block *b, uint32_t max_rows)
{
	struct logfmt *l = t->state;
	struct walk w = {.edge = l->edge};

	walk_split(t, &w, b, max_rows, walk_pairs);
	t->grid.marked |=
	    t->null.str != NULL || memchr(b->p, '\\', t->grid.used) != NULL;
}

/* A value in quotes loses its escapes; a key alone is "true". */
static void
plain_cell(uint32_t out[2], struct side *side, const struct text_null *null,
    const uint32_t cell[2])
{
	const char *s = side->base + (uint32_t)(cell[0] + 1);
	uint32_t len = cell[1] - cell[0] - 1;
	char *to;

	out[0] = cell[0];
	out[1] = cell[1];
	if (cell[0] == cell[1] || s[-1] == '=') {
		if (text_is_null(null, s, len))
			out[1] = out[0];
		return;
	}
	if (s[-1] == '"' && memchr(s, '\\', len) == NULL)
		return;
	to = side_begin(out, side);
	side_end(out, side, to + jsonstr_plain(to, s, len));
}

static void
plain(uint32_t *out, struct side *side, const struct text_null *null,
    const struct cells *in)
{
	static const char yes[] = "true";
	uint32_t at = side->at;

	/* All keys alone share one, so that the room suffices. */
	memcpy(side->base + at + 1, yes, strlen(yes));
	side->at += 1 + (uint32_t)strlen(yes);
	for (uint32_t i = 0; i < in->n; i++, out += 2) {
		const uint32_t *cell = in->edge + i * in->stride;
		char before = side->base[cell[0]];

		if (cell[0] != cell[1] && before != '=' && before != '"') {
			out[0] = at;
			out[1] = at + 1 + (uint32_t)strlen(yes);
		} else {
			plain_cell(out, side, null, cell);
		}
	}
}

const struct text_fmt logfmt_logfmt = {.name = "logfmt",
    .ext = ".logfmt",
    .takes = TAKES_NULL | TAKES_AUTO,
    .mark = -1,
    .null = {NULL, 0, true},
    .pairs = true,
    .header = logfmthead_read,
    .split = split_logfmt,
    .find_end = record_find_end,
    .plain = plain,
    .bound = bound,
    .release = release};
