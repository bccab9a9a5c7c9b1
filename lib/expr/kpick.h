/* SPDX-License-Identifier: ISC */
/* A column whose rows come from several others, as case and coalesce need. */
#ifndef MILLRACE_EXPR_KPICK_H
#define MILLRACE_EXPR_KPICK_H

#include "expr/eval.h"

#define KPICK_NONE UINT32_MAX

/* Invariant: from[row] is KPICK_NONE (null) or below n_cols. */
struct kpick {
	struct run *r;
	const struct node *n;
	struct col *cols;
	size_t n_cols;
	uint32_t *from;
};

/*
 * kpick_begin: at most max columns will come; every row is null so far.
 * kpick_column: rows of take come from c.
 * kpick_add: the same from a program, which is not run when take is empty.
 * kpick_at: the column that row comes from so far, or NULL.
 * kpick_done: the result.  0, or -1 when the text grows too large.
 */
void kpick_begin(
    struct kpick *p, struct run *r, const struct node *n, size_t max);
void kpick_column(struct kpick *p, const struct col *c, const uint8_t *take);
int kpick_add(struct kpick *p, const struct node *value, const uint8_t *take);
int kpick_done(struct kpick *p, struct col *out);

static inline const struct col *
kpick_at(const struct kpick *p, uint32_t row)
{
	return p->from[row] == KPICK_NONE ? NULL : &p->cols[p->from[row]];
}

#endif
