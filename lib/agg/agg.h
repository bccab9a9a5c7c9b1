/* SPDX-License-Identifier: ISC */
/*
 * States of aggregates: one for each group, dense, updated column by column.
 * sreduce(1), AGGREGATES.
 */
#ifndef MILLRACE_AGG_AGG_H
#define MILLRACE_AGG_AGG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agg/fn.h"
#include "base/buf.h"
#include "base/mem.h"
#include "data/col.h"

/* The rows that a kernel adds. */
struct agg_rows {
	uint32_t n; /* of sel, or of the column */
	const uint32_t *sel; /* their numbers, ascending; NULL = 0..n-1 */
	const uint32_t *group; /* by row number; NULL = all in group one */
	uint32_t one;
	const int64_t *time_us; /* event time by row, or NULL; first, last */
	const int64_t *parts; /* part by row, or NULL = all of part */
	int64_t part;
	uint64_t order; /* of row 0 among all rows; first, last */
	uint64_t base; /* rows that are states: the order of row 0 in them */
	struct arena *arena; /* scratch */
	const struct agg_fn *fn; /* set by agg_update and agg_one */
};

/* The states of groups 0..n-1.  Memory beside them is owned. */
struct agg_set {
	const struct agg_fn *fn; /* of those that share it, any */
	uint8_t *states;
	uint32_t n;
	size_t cap;
};

void agg_set_init(struct agg_set *s, const struct agg_fn *fn);
void agg_set_release(struct agg_set *s);
void agg_set_reset(struct agg_set *s); /* no groups, the array kept */
void agg_set_grow(struct agg_set *s, uint32_t n); /* new states are empty */

/*
 * agg_size: the bytes of a state in the array.  agg_owns: whether states have
 * memory beside it.  agg_owned: then, how much state g has, about.
 */
size_t agg_size(const struct agg_fn *f);
bool agg_owns(const struct agg_fn *f);
size_t agg_owned(const struct agg_set *s, uint32_t g);

/*
 * agg_update: add the rows' cells of c, the columns that agg_args gives, one
 * behind the other and of the types found there; c is NULL for an aggregate
 * without columns.  A row with a null adds nothing (sreduce(1) has the
 * exceptions).
 * agg_merge: add state g of from to state to_group[g], for all g.
 * Both: 0, or -1 with the reason in *why (static).
 * agg_final: append the value of state g under fn, which shares s's states.
 * 0, or -1 when it leaves the range of the result's type.
 */
int agg_update(struct agg_set *s, const char **why, const struct agg_rows *r,
    const struct col *c);
int agg_merge(struct agg_set *s, const char **why, const struct agg_set *from,
    const uint32_t *to_group);
int agg_final(struct colbuf *out, const struct agg_fn *fn,
    const struct agg_set *s, uint32_t g);

/*
 * Single states, for values that change with every row.
 * agg_one: add the cells of one row of c, as agg_update would, to state
 * r->one; columns are plain when their types have 8 bytes.
 * agg_merge_one: add state from_g of from to state g.
 * agg_clear: state g becomes empty.  agg_keep: states keep[0..n), ascending,
 * become 0..n-1, and the others end.
 * agg_move: state g, which is empty, becomes state from_g of from, which
 * becomes empty.
 */
int agg_one(struct agg_set *s, const char **why, const struct agg_rows *r,
    const struct col *c, uint32_t row);
int agg_merge_one(struct agg_set *s, uint32_t g, const char **why,
    const struct agg_set *from, uint32_t from_g);
void agg_clear(struct agg_set *s, uint32_t g);
void agg_move(
    struct agg_set *s, uint32_t g, struct agg_set *from, uint32_t from_g);
void agg_keep(struct agg_set *s, const uint32_t *keep, uint32_t n);

/*
 * Null in the n columns what a filter (bool) does not let through.  With n 0
 * the filter itself becomes *c, and what it lets through is not null.
 */
void agg_filter(
    struct col *c, size_t n, const struct col *filter, struct arena *a);

/*
 * The bytes of a state: the same for the same values, however they were
 * grouped and merged.  agg_save appends state g; agg_load merges one into
 * state g and returns 0, or -1 when it is malformed (state g is then of no
 * use).  agg_load_at: the same of a state of rows that were numbered from 0 on,
 * and are from base on.  agg_version, in agg/fn.h: of the bytes.
 */
void agg_save(struct buf *out, const struct agg_set *s, uint32_t g);
int agg_load(struct agg_set *s, uint32_t g, struct cur *in);
int agg_load_at(struct agg_set *s, uint32_t g, struct cur *in, uint64_t base);

#endif
