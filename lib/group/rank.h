/* SPDX-License-Identifier: ISC */
/* Which results are left, and their order: --having, --sort, --top. */
#ifndef MILLRACE_GROUP_RANK_H
#define MILLRACE_GROUP_RANK_H

#include "data/batch.h"
#include "expr/expr.h"
#include "group/group.h"

struct stage;

/*
 * held: rows that wait until all that are to be ordered are there: columns of
 * the output, then the end of the window and what --sort and --top compute.
 */
struct rank {
	const struct group_opts *opts;
	struct expr *having; /* or NULL */
	struct expr *sorts[GROUP_MAX_SORTS];
	struct build held;
	size_t n_out; /* columns of the output, once there is a row */
	uint32_t n_best; /* rows that the last look left of them */
};

/*
 * rank_plan: compile the expressions of o against the schema that st->out has.
 * rank_having: where --having, which is given, holds for the rows of b.
 * rank_is_plain: rows stay in their order; then nothing below is called.
 * rank_hold: keep the rows of b; ends, a column of as many, tells windows
 * apart.
 * rank_order: the numbers of the rows that are left, in their order, to be
 * freed, and *n.
 * rank_rows: *out is those of sel[0..n).
 * rank_reset: forget them all.
 * rank_plan, rank_having and rank_hold: 0, or -1 after stage_fail.
 */
int rank_plan(struct rank *r, struct stage *st, const struct group_opts *o);
int rank_having(
    const struct rank *r, struct stage *st, struct col *holds, struct batch *b);
bool rank_is_plain(const struct rank *r);
int rank_hold(
    struct rank *r, struct stage *st, struct batch *b, const struct col *ends);
uint32_t *rank_order(const struct rank *r, uint32_t *n);
void rank_rows(
    const struct rank *r, struct batch *out, const uint32_t *sel, uint32_t n);
void rank_reset(struct rank *r);
void rank_release(struct rank *r);

#endif
