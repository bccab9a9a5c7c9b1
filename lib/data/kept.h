/* SPDX-License-Identifier: ISC */
/* A value of an earlier row, kept. */
#ifndef MILLRACE_DATA_KEPT_H
#define MILLRACE_DATA_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/col.h"

/* All zero bytes is the cell of no row. */
struct kept {
	int64_t v; /* of 8-byte types, as their bits; a bool */
	int64_t time_us; /* for the owner */
	char *p; /* owned; text */
	uint32_t len;
	uint32_t cap;
	bool seen; /* there was a row */
	bool valid; /* it had a value */
};

/*
 * kept_set: keep row of c.  kept_push: append it to out, null when
 * there was no row.  kept_same: whether it is the value of row of c, as
 * "is not distinct from" has it.
 * kept_copy: keep what from keeps.
 * kept_save: the bytes of a value; kept_load: back, of a str or not, into an
 * empty one; 0, or -1 when they are malformed.
 * kept_put, kept_get: all of it as bytes, and back; 0, or -1 when malformed.
 */
void kept_set(struct kept *k, const struct col *c, uint32_t row);
void kept_push(struct colbuf *out, const struct kept *k);
void kept_put(const struct kept *k, struct buf *out);
int kept_get(struct kept *k, struct cur *in);
bool kept_same(const struct kept *k, const struct col *c, uint32_t row);
void kept_copy(struct kept *k, const struct kept *from);
void kept_save(struct buf *out, const struct kept *k);
int kept_load(struct kept *k, struct cur *in, bool is_str);

#endif
