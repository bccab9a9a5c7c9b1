/* SPDX-License-Identifier: ISC */
/* What the aggregates' files share: kinds of state and the loop over rows. */
#ifndef MILLRACE_AGG_AGG_INT_H
#define MILLRACE_AGG_AGG_INT_H

#include "agg/agg.h"

enum {
	AGG_LARGE = 1, /* a state grows with what is added */
	AGG_NULL_FIRST = 2, /* the first column may be null where rows are */
	AGG_NULL_ANY = 4, /* any column may */
	AGG_TIMED = 8 /* of no use without event times */
};

/*
 * A kind of state.  size: bytes of one, a multiple of 8.  All zero bytes is
 * an empty state.  update: c has the columns, plain for 8-byte types, without
 * nulls among the selected rows but for flags, and is NULL for no column.
 * merge: from is unchanged.  update, merge and load return 0 or -1 (update and
 * merge with *why).  release: free what the state owns; NULL when it owns
 * nothing.  no_partial: as agg_no_partial.  owned: the bytes that release would
 * free, about; NULL where that is.  load_at: as load, of a state whose rows are
 * numbered from base on; NULL where rows have no numbers.
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
	unsigned flags;
	const char *no_partial;
	size_t (*owned)(const void *state);
	int (*load_at)(void *state, struct cur *in, uint64_t base);
};

/*
 * How calls are written, as "(k, x)".  Arguments [first, first + n_cols) are
 * columns, with n_cols 0 all from first on; the others are constants. bind:
 * check and convert columns but the first, and take the constants. f->result
 * may change.  0, or -1 with why.
 */
struct agg_form {
	const char *text;
	size_t least; /* arguments */
	size_t most;
	size_t first;
	size_t n_cols;
	int (*bind)(struct agg_fn *f, struct expr_call *call, char *why,
	    size_t why_cap);
};

/* One row of the registry, and what belongs to a call. */
struct agg_fn {
	const char *name;
	enum type arg; /* 0 = none */
	enum type result;
	const struct agg_kind *kind;
	int (*final)(
	    struct colbuf *out, const struct agg_fn *f, const void *state);
	size_t n_cols; /* 1 also for none: that of a filter */
	bool distinct;
	const struct agg_form *form; /* NULL: no argument but the column */
	uint32_t share; /* percentiles by sketch: of AGG_SHARE_ONE */
	double p; /* percentile: the rank, 0 to 1 */
	uint32_t less; /* variance and its like: divide by n - less */
	int64_t step; /* top: k; histogram: width; funnel: microseconds */
	double width; /* histogram of floats */
	double inverse; /* 1 / width if that is whole, or 0 */
	const char *text; /* string_agg: what stands between */
	size_t text_len;
};

#define AGG_SHARE_ONE 1000000000

/* The next row of that name, the first one for NULL; NULL behind the last. */
const struct agg_fn *agg_fn_next(const struct agg_fn *after, const char *name);

extern const struct agg_kind bools_kind;
extern const struct agg_kind count_kind, count_if_kind;
extern const struct agg_kind dist_wide, dist_float, dist_bool, dist_str;
extern const struct agg_kind extreme_min_int, extreme_max_int;
extern const struct agg_kind extreme_min_float, extreme_max_float;
extern const struct agg_kind extreme_min_str, extreme_max_str;
extern const struct agg_kind funnel_kind;
extern const struct agg_kind hll_wide, hll_float, hll_bool, hll_str;
extern const struct agg_kind join_kind;
extern const struct agg_kind moment_float, moment_dur, moment_pairs;
extern const struct agg_kind nth_int, nth_float;
extern const struct agg_kind pick_first_wide, pick_last_wide;
extern const struct agg_kind pick_first_str, pick_last_str;
extern const struct agg_kind quant_int, quant_float;
extern const struct agg_kind sum_int_kind, sum_float_kind;
extern const struct agg_kind tally_wide, tally_float, tally_bool, tally_str;
extern const struct agg_kind tally_int_bins, tally_float_bins;

/* The kind of min_by or max_by for a value and a key that are str or not. */
const struct agg_kind *by_kind(bool max, bool str_value, bool str_key);

extern const struct agg_form bind_percentile_form, bind_approx_form;
extern const struct agg_form bind_top_form, bind_histogram_form;
extern const struct agg_form bind_join_form, bind_pair_form, bind_by_form;
extern const struct agg_form bind_funnel_form;

typedef int agg_final_fn(
    struct colbuf *out, const struct agg_fn *f, const void *state);
agg_final_fn bools_and, bools_or, by_final, count_final, dist_final;
agg_final_fn extreme_int_final, extreme_float_final, extreme_str_final;
agg_final_fn funnel_final, hll_final, join_final;
agg_final_fn moment_var, moment_stddev, moment_covar, moment_corr;
agg_final_fn nth_final, pick_final, quant_final;
agg_final_fn sum_int_final, sum_int_avg, sum_dur_avg;
agg_final_fn sum_float_final, sum_float_avg;
agg_final_fn tally_top, tally_mode, tally_histogram;

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
