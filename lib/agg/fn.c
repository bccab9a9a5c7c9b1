/* SPDX-License-Identifier: ISC */
/* The registry of aggregates.  sreduce(1), AGGREGATES. */
#include "agg/fn.h"

#include <string.h>

#include "agg/agg_int.h"

#define FN(n, from, to, k, f)                                                  \
	{                                                                      \
		.name = n, .arg = from, .result = to, .kind = k, .final = f,   \
		.n_cols = 1                                                    \
	}
#define COUNT(type) FN("count", type, TYPE_INT, &count_kind, count_final)
#define DISTINCT(type, k)                                                      \
	{                                                                      \
		.name = "count", .arg = type, .result = TYPE_INT, .kind = k,   \
		.final = dist_final, .n_cols = 1, .distinct = true             \
	}
#define EXTREME(type, kind, final)                                             \
	FN("min", type, type, &extreme_min_##kind, final),                     \
	    FN("max", type, type, &extreme_max_##kind, final)
#define PICK(type, kind)                                                       \
	FN("first", type, type, &pick_first_##kind, pick_final),               \
	    FN("last", type, type, &pick_last_##kind, pick_final)
#define QUANT(n, type, k, ninths)                                              \
	{                                                                      \
		.name = n, .arg = type, .result = type, .kind = k,             \
		.final = quant_final, .n_cols = 1, .share = ninths             \
	}
#define PERCENTILE(n, share)                                                   \
	QUANT(n, TYPE_INT, &quant_int, share),                                 \
	    QUANT(n, TYPE_DUR, &quant_int, share),                             \
	    QUANT(n, TYPE_FLOAT, &quant_float, share)

static const struct agg_fn fns[] = {
    FN("count", 0, TYPE_INT, &count_kind, count_final),
    COUNT(TYPE_BOOL),
    COUNT(TYPE_INT),
    COUNT(TYPE_FLOAT),
    COUNT(TYPE_STR),
    COUNT(TYPE_TIME),
    COUNT(TYPE_DUR),
    COUNT(TYPE_BIN),
    FN("count_if", TYPE_BOOL, TYPE_INT, &count_if_kind, count_final),
    FN("sum", TYPE_INT, TYPE_INT, &sum_int_kind, sum_int_final),
    FN("sum", TYPE_DUR, TYPE_DUR, &sum_int_kind, sum_int_final),
    FN("sum", TYPE_FLOAT, TYPE_FLOAT, &sum_float_kind, sum_float_final),
    FN("avg", TYPE_INT, TYPE_FLOAT, &sum_int_kind, sum_int_avg),
    FN("avg", TYPE_DUR, TYPE_DUR, &sum_int_kind, sum_dur_avg),
    FN("avg", TYPE_FLOAT, TYPE_FLOAT, &sum_float_kind, sum_float_avg),
    EXTREME(TYPE_INT, int, extreme_int_final),
    EXTREME(TYPE_TIME, int, extreme_int_final),
    EXTREME(TYPE_DUR, int, extreme_int_final),
    EXTREME(TYPE_FLOAT, float, extreme_float_final),
    EXTREME(TYPE_STR, str, extreme_str_final),
    PICK(TYPE_BOOL, wide),
    PICK(TYPE_INT, wide),
    PICK(TYPE_FLOAT, wide),
    PICK(TYPE_TIME, wide),
    PICK(TYPE_DUR, wide),
    PICK(TYPE_STR, str),
    DISTINCT(TYPE_BOOL, &dist_bool),
    DISTINCT(TYPE_INT, &dist_wide),
    DISTINCT(TYPE_FLOAT, &dist_float),
    DISTINCT(TYPE_TIME, &dist_wide),
    DISTINCT(TYPE_DUR, &dist_wide),
    DISTINCT(TYPE_STR, &dist_str),
    PERCENTILE("p50", 500000000),
    PERCENTILE("p90", 900000000),
    PERCENTILE("p95", 950000000),
    PERCENTILE("p99", 990000000),
};

#define N_FNS (sizeof(fns) / sizeof(fns[0]))

const struct agg_fn *
agg_fn_next(const struct agg_fn *after, const char *name)
{
	const struct agg_fn *f = after == NULL ? fns : after + 1;

	for (; f < fns + N_FNS; f++) {
		if (strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

bool
agg_is_name(const char *name)
{
	return agg_fn_next(NULL, name) != NULL;
}

const struct agg_fn *
agg_find(const char *name, bool distinct, enum type arg)
{
	const struct agg_fn *f = NULL;

	while ((f = agg_fn_next(f, name)) != NULL) {
		if (f->arg == arg && f->distinct == distinct)
			break;
	}
	return f;
}

const struct agg_fn *
agg_of_call(const struct expr_call *call)
{
	return call->made;
}

struct expr *const *
agg_args(const struct expr_call *call, size_t *n)
{
	const struct agg_form *form = agg_of_call(call)->form;

	if (form == NULL) {
		*n = call->n_args;
		return call->args;
	}
	*n = form->n_cols == 0 ? call->n_args - form->first : form->n_cols;
	return call->args + form->first;
}

enum type
agg_result(const struct agg_fn *f)
{
	return f->result;
}

bool
agg_same_state(const struct agg_fn *a, const struct agg_fn *b)
{
	return a->kind == b->kind;
}

bool
agg_is_small(const struct agg_fn *f)
{
	return (f->kind->flags & AGG_LARGE) == 0;
}

bool
agg_needs_time(const struct agg_fn *f)
{
	return (f->kind->flags & AGG_TIMED) != 0;
}

const char *
agg_no_partial(const struct agg_fn *f)
{
	return f->kind->no_partial;
}

uint32_t
agg_version(const struct agg_fn *f)
{
	return f->kind->version;
}
