/* SPDX-License-Identifier: ISC */
/* What the aggregates' files share: kinds of state and the loop over rows. */
#ifndef MILLRACE_AGG_AGG_INT_H
#define MILLRACE_AGG_AGG_INT_H

#include "agg/agg.h"

/*
 * A kind of state.  size: bytes of one, a multiple of 8.  All zero bytes is
 * an empty state.  update: c is plain for 8-byte types, never has a null
 * among the selected rows, and is NULL for no argument.  merge: from is
 * unchanged.  update, merge and load return 0 or -1 (update and merge with
 * *why).  release: free what the state owns; NULL when it owns nothing.
 */
struct agg_kind {
	size_t size;
	uint32_t version;
	int (*update)(void *states, const char **why, const struct agg_rows *r,
	    const struct col *c);
	int (*merge)(void *state, const char **why, const void *from);
	void (*save)(struct buf *out, const void *state);
	int (*load)(void *state, struct cur *in);
	void (*release)(void *state);
};

/* One row of the registry. */
struct agg_fn {
	const char *name;
	enum type arg; /* 0 = none */
	enum type result;
	const struct agg_kind *kind;
	int (*final)(
	    struct colbuf *out, const struct agg_fn *f, const void *state);
	uint32_t share; /* percentiles: of 1e9 */
	bool distinct;
};

extern const struct agg_kind count_kind, count_if_kind;
extern const struct agg_kind sum_int_kind, sum_float_kind;
extern const struct agg_kind extreme_min_int, extreme_max_int;
extern const struct agg_kind extreme_min_float, extreme_max_float;
extern const struct agg_kind extreme_min_str, extreme_max_str;
extern const struct agg_kind pick_first_wide, pick_last_wide;
extern const struct agg_kind pick_first_bool, pick_last_bool;
extern const struct agg_kind pick_first_str, pick_last_str;
extern const struct agg_kind dist_wide, dist_float, dist_bool, dist_str;
extern const struct agg_kind quant_int, quant_float;

typedef int agg_final_fn(
    struct colbuf *out, const struct agg_fn *f, const void *state);
agg_final_fn count_final;
agg_final_fn sum_int_final, sum_int_avg, sum_dur_avg;
agg_final_fn sum_float_final, sum_float_avg;
agg_final_fn extreme_int_final, extreme_float_final, extreme_str_final;
agg_final_fn pick_final;
agg_final_fn dist_final;
agg_final_fn quant_final;

/*
 * Instances of an inline kernel for the shapes that matter: the compiler
 * drops the tests for a constant NULL.
 * kernel(states, r, sel, group, c), each row being AGG_ROW and its state
 * AGG_STATE.
 */
#define AGG_SHAPES(kernel, states, r, c)                                       \
	((r)->sel != NULL        ? kernel(states, r, (r)->sel, (r)->group, c)  \
	    : (r)->group != NULL ? kernel(states, r, NULL, (r)->group, c)      \
				 : kernel(states, r, NULL, NULL, c))
#define AGG_INLINE static inline __attribute__((always_inline))
#define AGG_ROW(sel, i) ((sel) == NULL ? (i) : (sel)[i])
#define AGG_GROUP(r, group, row) ((group) == NULL ? (r)->one : (group)[row])

#endif
