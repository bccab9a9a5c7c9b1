/* SPDX-License-Identifier: ISC */
/* The rows of one frame: columns of equal length and memory for more. */
#ifndef MILLRACE_DATA_BATCH_H
#define MILLRACE_DATA_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "data/col.h"
#include "data/schema.h"

/*
 * Invariants: cols[0..n_cols) have n_rows rows each and the types of the
 * schema they go with; n_cols may be 0 with n_rows above 0.  The columns are
 * borrowed; what is derived from them may live in arena, which batch_reset
 * empties.
 */
struct batch {
	struct col *cols; /* owned array of views */
	size_t n_cols;
	size_t cap;
	uint32_t n_rows;
	struct arena arena;
};

void batch_init(struct batch *b);
void batch_release(struct batch *b);
void batch_check(const struct batch *b, const struct schema *s);

/* No rows, n_cols columns to be filled in, arena empty. */
void batch_reset(struct batch *b, size_t n_cols);

/* Replace the rows by rows sel[0..n) of in.  b and in are different. */
void batch_gather(
    struct batch *b, const struct batch *in, const uint32_t *sel, uint32_t n);

/*
 * Rows under construction: one colbuf a column of a schema.
 */
struct build {
	struct colbuf *cols;
	size_t n_cols;
	uint32_t n_rows;
};

void build_init(struct build *b, const struct schema *s);
void build_release(struct build *b);
void build_reset(struct build *b); /* no rows, memory kept */

/* As colbuf_truncate, colbuf_keep and colbuf_append, for all columns. */
void build_truncate(struct build *b, uint32_t n);
void build_keep(
    struct build *b, uint32_t from, const uint32_t *sel, uint32_t n);
void build_append(
    struct build *b, const struct build *other, uint32_t at, uint32_t n);

/* View them as a batch (which is reset first). */
void build_view(struct batch *out, const struct build *b);

/*
 * About the bytes of rows in a frame: of values and text, without what tells
 * nulls, a bool as one.  So they are the same however the rows came.
 * build_bytes: of all rows.  build_row_bytes: of one, without its text.
 * build_reach: how many rows from at on it takes, beside have bytes, to reach
 * max; 0 when all of them do not.
 */
size_t build_bytes(const struct build *b);
size_t build_row_bytes(const struct build *b);
uint32_t build_reach(
    const struct build *b, uint32_t at, size_t have, size_t max);

#endif
