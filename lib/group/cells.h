/* SPDX-License-Identifier: ISC */
/* A value for each group, which is replaced again and again. */
#ifndef MILLRACE_GROUP_CELLS_H
#define MILLRACE_GROUP_CELLS_H

#include "base/buf.h"
#include "data/col.h"

#define CELLS_MAX_BYTES (UINT32_C(2) << 30) /* of text */

/*
 * Invariants: cells 0..n-1; of text, cell c is heap[v[c]..v[c] + len[c]), and
 * live counts the bytes that belong to a cell; what was replaced is thrown out
 * when it is most of the heap.
 */
struct cells {
	enum type type;
	uint32_t n;
	int64_t *v; /* bits of a value of 8 bytes; a bool; where text is */
	uint32_t *len; /* of text */
	uint8_t *valid; /* a byte each */
	size_t cap_v, cap_len, cap_valid;
	char *heap;
	size_t heap_len, heap_cap, live;
};

void cells_init(struct cells *c, enum type type);
void cells_release(struct cells *c);

/*
 * cells_grow: cells up to n, the new ones null.
 * cells_put: cell at[i] becomes row i of from, a column of that type, for all
 * i below n.  0, or -1 when the text takes more than CELLS_MAX_BYTES.
 * cells_get: *out is a plain column of cells at[0..n); memory from a.
 * cells_keep: cells keep[0..n), ascending, become 0..n-1; the others end.
 */
void cells_grow(struct cells *c, uint32_t n);
int cells_put(
    struct cells *c, const uint32_t *at, const struct col *from, uint32_t n);
void cells_get(const struct cells *c, struct col *out, const uint32_t *at,
    uint32_t n, struct arena *a);
void cells_keep(struct cells *c, const uint32_t *keep, uint32_t n);

/*
 * cells_save: all of them as bytes.  cells_load: as many as there are get such
 * values; 0, or -1 when it is malformed.
 */
void cells_save(const struct cells *c, struct buf *out);
int cells_load(struct cells *c, struct cur *in);

#endif
