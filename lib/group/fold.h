/* SPDX-License-Identifier: ISC */
/* States that the user updates row by row: --fold.  sreduce(1). */
#ifndef MILLRACE_GROUP_FOLD_H
#define MILLRACE_GROUP_FOLD_H

#include "data/batch.h"
#include "data/schema.h"
#include "expr/expr.h"
#include "group/cells.h"

struct group;
struct stage;

/*
 * cells[s] has the value of state s for each group, which the list init gives
 * it and the list update changes: item u the state to[u].  Programs of update
 * read the columns of the input and, behind them, the states.
 */
struct fold {
	struct expr_list init;
	struct expr_list update;
	size_t *to;
	struct schema states;
	size_t n_in; /* columns of the input */
	bool *used; /* which of those update reads */
	struct cells *cells;
	/* Scratch. */
	uint32_t *rank, *sel, *count, *at;
	size_t cap_rank, cap_sel, cap_count, cap_at;
	struct batch round;
};

/*
 * fold_plan: compile g->opts->fold, its update and its emit; g->query, of which
 * the keys are set up, gets the items and raw.
 * fold_rows: the rows of b, whose groups are group[row] (NULL = all 0), of
 * n_groups, one after the other.
 * fold_grow: there are n_groups, of which the new ones begin.
 * fold_begin: groups sel[0..n) begin anew.
 * fold_push: append the states of groups sel[0..n) to the query's raw.
 * fold_keep: groups keep[0..n), ascending, become 0..n-1.
 * 0, or -1 after stage_fail.
 */
int fold_plan(struct fold *f, struct stage *st, struct group *g);
void fold_release(struct fold *f);
int fold_rows(struct fold *f, struct stage *st, struct group *g,
    const struct batch *b, const uint32_t *group, uint32_t n_groups);
int fold_grow(struct fold *f, struct stage *st, uint32_t n_groups);
int fold_begin(
    struct fold *f, struct stage *st, const uint32_t *sel, uint32_t n);
void fold_push(
    struct fold *f, struct group *g, const uint32_t *sel, uint32_t n);
void fold_keep(struct fold *f, const uint32_t *keep, uint32_t n);

/* The states of all groups; load: there are as many.  0 or -1. */
void fold_save(const struct fold *f, struct buf *out);
int fold_load(struct fold *f, struct cur *in);

#endif
