/* SPDX-License-Identifier: ISC */
/* Texts cut into pieces, a chunk of them at a time. */
#ifndef MILLRACE_STEP_PIECES_H
#define MILLRACE_STEP_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/col.h"

#define PIECES_MAX (32u << 10) /* pieces of a chunk */
#define PIECES_BYTES (1u << 20) /* bytes of a chunk, about */

/*
 * The pieces of one chunk and the row that each of them comes from.
 * Invariants: text.n == n; row ascends.
 */
struct pieces {
	struct colbuf text;
	uint32_t *row; /* room for PIECES_MAX + 16 */
	uint32_t n;
};

/* A text being cut: at is where to go on, from where the next piece begins. */
struct pieces_cut {
	const char *p;
	size_t len;
	size_t from;
	size_t at;
	uint32_t row;
};

void pieces_init(struct pieces *s);
void pieces_release(struct pieces *s);
void pieces_reset(struct pieces *s);

/* Whether the chunk is large enough. */
static inline bool
pieces_full(const struct pieces *s)
{
	return s->n >= PIECES_MAX || s->text.bytes_len >= PIECES_BYTES;
}

/* Add one. */
void pieces_add(
    struct pieces *s, uint32_t row, const char *p, size_t len, bool null);

/*
 * Cut c->p[0..c->len) at each sep and add the pieces between, empty ones
 * only when they are kept, until the text ends (true) or the chunk is full
 * (false: go on with the same c).
 * pieces_at_byte: at one byte.  pieces_at_text: at sep_len > 0 bytes.
 */
bool pieces_at_byte(
    struct pieces *s, struct pieces_cut *c, char sep, bool keep_empty);
bool pieces_at_text(struct pieces *s, struct pieces_cut *c, const char *sep,
    size_t sep_len, bool keep_empty);

#endif
