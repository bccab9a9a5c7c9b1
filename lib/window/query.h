/* SPDX-License-Identifier: ISC */
/* Keys and aggregates as text: compiled, fed with rows, read out. */
#ifndef MILLRACE_WINDOW_QUERY_H
#define MILLRACE_WINDOW_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include "data/batch.h"
#include "expr/expr.h"
#include "window/pane.h"

/* A state that is kept: the values it is made of. */
struct query_state {
	struct expr *const *args; /* columns, borrowed from a call */
	size_t n_args;
	struct expr *filter; /* borrowed from a call; NULL = none */
	size_t same; /* the first state made of the same values, or its own */
};

/*
 * plan is what the tables of a reduce borrow.  raw collects results: the
 * keys, the calls, then start and end of the window.
 */
struct query {
	struct expr_list keys;
	struct expr_agg_list aggs;
	struct schema key_schema;
	struct pane_plan plan;
	enum type *key_types;
	const struct agg_fn **state_fns;
	struct query_state *states;
	const struct agg_fn **call_fns; /* by call */
	size_t *call_states; /* by call: the number of its state */
	const size_t *loads; /* by state: its column of saved states; NULL */
	struct build raw;
};

/*
 * query_init: compile keys ("" = none) and aggs against s; bounds is the type
 * of the start and the end of a window: TIME, or INT for windows of rows.  0,
 * or -1 with *err about *source, one of the two texts, or NULL when err->text
 * is all. Released by the caller in either case. query_init_keys: the keys
 * alone, for an owner that fills in aggs.items (over the keys and columns of
 * its own behind them) and raw itself, or for query_init_aggs behind it, whose
 * s may be another: with loads, borrowed, set, rows are not those that the
 * aggregates are of, but states of them.
 */
int query_init_keys(struct query *q, struct expr_error *err,
    const char **source, const struct schema *s, const char *keys);
int query_init(struct query *q, struct expr_error *err, const char **source,
    const struct schema *s, enum type bounds, const char *keys,
    const char *aggs);
int query_init_aggs(struct query *q, struct expr_error *err,
    const char **source, const struct schema *s, enum type bounds,
    const char *aggs);
void query_release(struct query *q);

/*
 * Evaluate keys and arguments of the rows of b.  *out is borrowed from rows,
 * its arena and b.  0, or -1 with *err.
 */
int query_rows(struct query *q, struct pane_rows *out, struct expr_error *err,
    struct expr_env *env, const struct agg_rows *rows, const struct batch *b);

/*
 * query_add_groups: append groups sel[0..n) of a window's table (NULL = 0..n-1)
 * to raw.  0, or -1 with err->text.
 * query_add_keys: their keys and no values.
 */
int query_add_groups(struct query *q, struct expr_error *err,
    const struct pane *table, const uint32_t *sel, uint32_t n, int64_t start,
    int64_t end);
void query_add_keys(struct query *q, const struct pane *table,
    const uint32_t *sel, uint32_t n, int64_t start, int64_t end);

/*
 * The results collected since the last query_reset: window_start, window_end,
 * keys and items, so many columns from cols[0] on; borrowed from raw and a.
 * 0, or -1 with *err.
 */
int query_columns(struct query *q, struct col *cols, struct expr_error *err,
    struct arena *a, struct expr_env *env);
void query_reset(struct query *q);

#endif
