/* SPDX-License-Identifier: ISC */
/* The order of the results: --sort, --top. */
#ifndef MILLRACE_GROUP_RANK_H
#define MILLRACE_GROUP_RANK_H

#include "data/batch.h"
#include "expr/expr.h"
#include "group/group.h"

struct stage;

struct rank {
	const struct group_opts *opts;
	struct expr *sorts[GROUP_MAX_SORTS];
};

/*
 * rank_plan: compile the expressions of o against the schema that st->out has.
 * rank_rows: the rows of b that are left, in their order, into sel, which has
 * room for all, and *n; ends is a plain column of b's rows that tells windows
 * apart.  Both: 0, or -1 after stage_fail.
 * rank_is_plain: all rows stay as they are.
 */
int rank_plan(struct rank *r, struct stage *st, const struct group_opts *o);
int rank_rows(const struct rank *r, struct stage *st, uint32_t *sel,
    uint32_t *n, struct batch *b, const struct col *ends);
bool rank_is_plain(const struct rank *r);
void rank_release(struct rank *r);

#endif
