/* SPDX-License-Identifier: ISC */
/* Aggregates by name and by call.  sreduce(1), AGGREGATES. */
#ifndef MILLRACE_AGG_FN_H
#define MILLRACE_AGG_FN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/type.h"
#include "expr/expr.h"

#define AGG_MAX_VALUES (1u << 24) /* that one state keeps */

/*
 * An aggregate over columns of certain types, with the constants of a call:
 * constant.
 */
struct agg_fn;

/*
 * How the checker of expressions asks.  agg_is_name: whether a function is an
 * aggregate.  agg_check: the result's type of a call, whose arguments are
 * converted where needed, and call->made; 0, or -1 with the mend in why.
 * Text without a type becomes float where a number is needed.
 */
bool agg_is_name(const char *name);
int agg_check(struct expr_call *call, char *why, size_t why_cap);

/*
 * agg_find: the aggregate of that name over a first column of that type (0 =
 * none), distinct or not, or NULL; as it is without a call's constants.
 * agg_of_call: that of a call that agg_check has passed; owned by the call.
 * agg_args: the arguments of it that are columns, one behind the other, *n of
 * them; the others are constants.
 */
const struct agg_fn *agg_find(const char *name, bool distinct, enum type arg);
const struct agg_fn *agg_of_call(const struct expr_call *call);
struct expr *const *agg_args(const struct expr_call *call, size_t *n);

/*
 * agg_same_state: whether two of them keep the same state of the same
 * columns, so that one serves both, as for sum and avg.
 * agg_is_small: whether a state stays about as small as a value, whatever is
 * added.
 * agg_needs_time: whether it means nothing without event times.
 * agg_limit: what a result is when agg_final fails: "beyond the range of int"
 * (static).
 * agg_no_partial: NULL, or why its states are not for the wire, such as
 * "it keeps every value; write approx_percentile(x, p)" (static).
 */
enum type agg_result(const struct agg_fn *f);
bool agg_same_state(const struct agg_fn *a, const struct agg_fn *b);
bool agg_is_small(const struct agg_fn *f);
bool agg_needs_time(const struct agg_fn *f);
const char *agg_limit(const struct agg_fn *f);
const char *agg_no_partial(const struct agg_fn *f);
uint32_t agg_version(const struct agg_fn *f);

#endif
