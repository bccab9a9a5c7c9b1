/* SPDX-License-Identifier: ISC */
/* Texts cut into pieces. */
#include "step/pieces.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 8 /* bytes looked at together: so many pieces may end there */

void
pieces_init(struct pieces *s)
{
	*s = (struct pieces){.n = 0};
	colbuf_init(&s->text, TYPE_STR);
	s->row = mem_resize(NULL, PIECES_MAX + 2 * BLOCK, sizeof(*s->row));
}

void
pieces_release(struct pieces *s)
{
	colbuf_release(&s->text);
	free(s->row);
}

void
pieces_reset(struct pieces *s)
{
	colbuf_reset(&s->text);
	s->n = 0;
}

void
pieces_add(struct pieces *s, uint32_t row, const char *p, size_t len, bool null)
{
	if (null)
		colbuf_push_null(&s->text);
	else
		colbuf_push_str(&s->text, p, len);
	s->row[s->n++] = row;
}

/* Where the next piece goes, held in registers while a text is cut. */
struct writer {
	char *to;
	uint32_t *off;
	uint32_t *row;
	const char *end; /* of the text: nothing behind it may be read */
	uint32_t base; /* bytes before to */
	uint32_t n;
};

static inline void
put(struct writer *w, const char *p, size_t len, uint32_t row, bool keep)
{
	if (w->end - p >= 16) {
		memcpy(w->to, p, 16);
		if (len > 16)
			memcpy(w->to + 16, p + 16, len - 16);
	} else {
		memcpy(w->to, p, len);
	}
	w->to += len;
	w->base += (uint32_t)len;
	w->off[w->n + 1] = w->base;
	w->row[w->n] = row;
	w->n += keep || len > 0;
}

/* The bytes of w that are c, as their high bits. */
static inline uint64_t
equal_bytes(uint64_t w, char c)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t low = ones * 0x7f;
	uint64_t x = w ^ (ones * (unsigned char)c);

	return ~(((x & low) + low) | x | low);
}

bool
pieces_at_byte(
    struct pieces *s, struct pieces_cut *c, char sep, bool keep_empty)
{
	struct writer w;
	size_t at = c->at, from = c->from;
	uint64_t word, hit;

	colbuf_reserve(
	    &s->text, PIECES_MAX + 2 * BLOCK - s->n, c->len - from + 1);
	w = (struct writer){.to = s->text.bytes + s->text.bytes_len,
	    .off = s->text.off,
	    .row = s->row,
	    .end = c->p + c->len,
	    .base = (uint32_t)s->text.bytes_len,
	    .n = s->n};
	for (; at < c->len && w.n < PIECES_MAX; at += BLOCK) {
		word = 0;
		if (c->len - at >= BLOCK) {
			memcpy(&word, c->p + at, BLOCK);
			hit = equal_bytes(word, sep);
		} else {
			memcpy(&word, c->p + at, c->len - at);
			hit = equal_bytes(word, sep)
			      & ((UINT64_C(1) << 8 * (c->len - at)) - 1);
		}
		for (; hit != 0; hit &= hit - 1) {
			size_t to = at + (size_t)__builtin_ctzll(hit) / 8;

			put(&w, c->p + from, to - from, c->row, keep_empty);
			from = to + 1;
		}
	}
	if (at >= c->len && w.n < PIECES_MAX) {
		put(&w, c->p + from, c->len - from, c->row, keep_empty);
		from = SIZE_MAX;
	}
	colbuf_added(&s->text, w.n - s->n);
	s->text.bytes_len = w.base;
	s->n = w.n;
	c->at = at;
	c->from = from;
	return from == SIZE_MAX;
}

bool
pieces_at_text(struct pieces *s, struct pieces_cut *c, const char *sep,
    size_t sep_len, bool keep_empty)
{
	const char *hit;
	size_t to;

	while (!pieces_full(s)) {
		hit = memmem(c->p + c->from, c->len - c->from, sep, sep_len);
		to = hit == NULL ? c->len : (size_t)(hit - c->p);
		if (keep_empty || to > c->from)
			pieces_add(
			    s, c->row, c->p + c->from, to - c->from, false);
		if (hit == NULL)
			return true;
		c->from = to + sep_len;
	}
	return false;
}
