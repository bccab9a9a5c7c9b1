/* SPDX-License-Identifier: ISC */
/* Types, conversions and the choice of functions. */
#ifndef MILLRACE_EXPR_CHECK_H
#define MILLRACE_EXPR_CHECK_H

#include "expr/func.h"

/* What the checker works with.  keys, aggs and calls only for aggregates. */
struct check {
	struct unit *u;
	struct expr_error *err;
	const struct schema *s; /* what a plain name means */
	const struct schema *input; /* what it means inside an aggregate */
	const struct expr_aggs *aggs;
	struct expr_agg_list *calls;
};

/* Give n and all below it types and functions.  0 or -1. */
int check_node(struct check *c, struct node *n);

/* Make *n of that type by a conversion.  0 or -1. */
int check_convert(struct check *c, struct node **n, enum type to);

/* Replace a call of an aggregate by a column.  0 or -1. */
int call_check(struct check *c, struct node *n);

/*
 * Find the row of n->name that takes the kids of n with the least conversion;
 * NULL with *err set when there is none.  resolve_cost: what it costs to give
 * k to a letter, -1 when it cannot be.
 */
const struct func *resolve_call(struct check *c, struct node *n);
int resolve_cost(char want, const struct node *k);
/* The letter of argument i. */
char resolve_letter(const struct func *f, size_t i, size_t n_args);

/* Check n items as written and name them.  0, or -1 with l to be released. */
int item_list(struct check *c, struct expr_list *l,
    const struct parse_item *items, size_t n);

#endif
