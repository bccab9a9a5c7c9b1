/* SPDX-License-Identifier: ISC */
/* Composite keys to dense group numbers. */
#ifndef MILLRACE_WINDOW_KEYS_H
#define MILLRACE_WINDOW_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "data/col.h"

/*
 * The keys seen, by group number, in order of arrival.  Nulls are equal to
 * each other.  Invariants: map.n keys; cols[c] has a row for each;
 * first[g] is the order of the first row of group g.
 */
struct keys {
	struct colbuf *cols;
	size_t n_cols;
	struct map map;
	uint64_t *hashes;
	size_t cap_hashes;
	uint64_t *first;
	size_t cap_first;
};

void keys_init(struct keys *k, const enum type *types, size_t n_cols);
void keys_release(struct keys *k);
void keys_reset(struct keys *k);

/* Key columns of some rows, made ready once for all tables. */
struct keys_rows {
	const struct col *cols; /* floats in one form of 0 and NaN */
	size_t n_cols;
	uint32_t n;
	uint64_t *hashes; /* by row; by combination when by_entry */
	bool by_entry; /* const and dict columns, that combine to few */
	uint32_t *combo; /* by row: the number of its entries' combination */
	uint32_t n_combos;
	uint32_t *combo_group; /* scratch, by combination */
	uint64_t order; /* of row 0 */
};

/* Prepare cols[0..n_cols) of n rows; memory from a. */
void keys_prepare(struct keys_rows *r, const struct col *cols, size_t n_cols,
    uint32_t n, struct arena *a);

/*
 * The groups of the rows sel[0..n) (NULL = rows 0..n-1) into group, by row
 * number; unknown keys are added.
 */
void keys_find(struct keys *k, uint32_t *group, const struct keys_rows *r,
    const uint32_t *sel, uint32_t n);

/*
 * The groups of rows 0..r->n-1 into group; MAP_NONE where the key is unknown.
 */
void keys_look(
    const struct keys *k, uint32_t *group, const struct keys_rows *r);

/*
 * The groups in k of all keys of from, into group, by from's group number;
 * unknown keys are added, and first is the least of both.
 */
void keys_merge(struct keys *k, uint32_t *group, const struct keys *from);

/*
 * Key g as bytes, which are the same for the same key.  keys_load takes what
 * keys_save wrote from the front of in and adds it; no such key may be there.
 * 0, or -1 when it is cut (k is then of no use).
 */
void keys_save(struct buf *out, const struct keys *k, uint32_t g);
int keys_load(struct keys *k, uint64_t hash, uint64_t first, struct cur *in);

/* Keys keep[0..n), ascending, become 0..n-1; the others are forgotten. */
void keys_keep(struct keys *k, const uint32_t *keep, uint32_t n);

#endif
