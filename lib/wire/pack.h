/* SPDX-License-Identifier: ISC */
/* Columns of any number of rows as bytes, for states that are kept. */
#ifndef MILLRACE_WIRE_PACK_H
#define MILLRACE_WIRE_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/batch.h"

/*
 * pack_cols: append the n_rows rows of cols[0..n_cols), in pieces that are
 * each laid out as the payload of ROWS.  A failure is out's.
 * unpack_cols: append what pack_cols wrote to columns of the same types, and
 * their number to *n_rows.  0, or -1 when it is malformed.
 * pack_build, unpack_build: the same for all columns of b.
 */
void pack_cols(
    struct buf *out, const struct colbuf *cols, size_t n_cols, uint32_t n_rows);
int unpack_cols(
    struct colbuf *cols, size_t n_cols, uint32_t *n_rows, struct cur *in);
void pack_build(struct buf *out, const struct build *b);
int unpack_build(struct build *b, struct cur *in);

#endif
