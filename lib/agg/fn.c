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
#define SAME(n, type, k, f) FN(n, type, type, k, f)
#define COUNT(type) FN("count", type, TYPE_INT, &count_kind, count_final)
#define DISTINCT(type, k)                                                      \
	FN("approx_count_distinct", type, TYPE_INT, &hll_##k, hll_final),      \
	{                                                                      \
		.name = "count", .arg = type, .result = TYPE_INT,              \
		.kind = &dist_##k, .final = dist_final, .n_cols = 1,           \
		.distinct = true                                               \
	}
#define AVG(n)                                                                 \
	FN(n, TYPE_INT, TYPE_FLOAT, &sum_int_kind, sum_int_avg),               \
	    SAME(n, TYPE_DUR, &sum_int_kind, sum_dur_avg),                     \
	    SAME(n, TYPE_FLOAT, &sum_float_kind, sum_float_avg)
#define EXTREME(type, kind, final)                                             \
	SAME("min", type, &extreme_min_##kind, final),                         \
	    SAME("max", type, &extreme_max_##kind, final)
#define PICK(type, kind)                                                       \
	SAME("first", type, &pick_first_##kind, pick_final),                   \
	    SAME("any", type, &pick_first_##kind, pick_final),                 \
	    SAME("any_value", type, &pick_first_##kind, pick_final),           \
	    SAME("last", type, &pick_last_##kind, pick_final),                 \
	    BY("min_by", type), BY("max_by", type)
/* bind puts the kind. */
#define BY(n, type)                                                            \
	{                                                                      \
		.name = n, .arg = type, .result = type, .final = by_final,     \
		.n_cols = 2, .form = &bind_by_form                             \
	}
#define WITH(n, from, to, k, f, how)                                           \
	{                                                                      \
		.name = n, .arg = from, .result = to, .kind = k, .final = f,   \
		.n_cols = 1, .form = &how                                      \
	}
#define TALLY(type, k)                                                         \
	SAME("mode", type, &tally_##k, tally_mode),                            \
	    WITH("top", type, TYPE_STR, &tally_##k, tally_top, bind_top_form)
#define HISTOGRAM(type, k)                                                     \
	WITH("histogram", type, TYPE_STR, &tally_##k, tally_histogram,         \
	    bind_histogram_form)
#define NTH(from, to, k)                                                       \
	{.name = "median",                                                     \
	    .arg = from,                                                       \
	    .result = to,                                                      \
	    .kind = &nth_##k,                                                  \
	    .final = nth_final,                                                \
	    .n_cols = 1,                                                       \
	    .p = 0.5},                                                         \
	    WITH("percentile", from, to, &nth_##k, nth_final,                  \
		bind_percentile_form)
#define QUANT(n, type, k, part)                                                \
	{                                                                      \
		.name = n, .arg = type, .result = type, .kind = k,             \
		.final = quant_final, .n_cols = 1, .share = part               \
	}
#define PERCENTILE(n, share)                                                   \
	QUANT(n, TYPE_INT, &quant_int, share),                                 \
	    QUANT(n, TYPE_DUR, &quant_int, share),                             \
	    QUANT(n, TYPE_FLOAT, &quant_float, share)
#define APPROX(type, k)                                                        \
	WITH("approx_percentile", type, type, k, quant_final, bind_approx_form)
#define MOMENT(n, type, k, f, off)                                             \
	{                                                                      \
		.name = n, .arg = type, .result = type, .kind = k, .final = f, \
		.n_cols = 1, .less = off                                       \
	}
#define VARIANCE(n, off) MOMENT(n, TYPE_FLOAT, &moment_float, moment_var, off)
#define STDDEV(n, off)                                                         \
	MOMENT(n, TYPE_FLOAT, &moment_float, moment_stddev, off),              \
	    MOMENT(n, TYPE_DUR, &moment_dur, moment_stddev, off)
#define PAIR(n, f, off)                                                        \
	{                                                                      \
		.name = n, .arg = TYPE_FLOAT, .result = TYPE_FLOAT,            \
		.kind = &moment_pairs, .final = f, .n_cols = 2,                \
		.form = &bind_pair_form, .less = off                           \
	}

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
    SAME("sum", TYPE_INT, &sum_int_kind, sum_int_final),
    SAME("sum", TYPE_DUR, &sum_int_kind, sum_int_final),
    SAME("sum", TYPE_FLOAT, &sum_float_kind, sum_float_final),
    AVG("avg"),
    AVG("mean"),
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
    DISTINCT(TYPE_BOOL, bool),
    DISTINCT(TYPE_INT, wide),
    DISTINCT(TYPE_FLOAT, float),
    DISTINCT(TYPE_TIME, wide),
    DISTINCT(TYPE_DUR, wide),
    DISTINCT(TYPE_STR, str),
    VARIANCE("variance", 1),
    VARIANCE("var_samp", 1),
    VARIANCE("var_pop", 0),
    STDDEV("stddev", 1),
    STDDEV("std", 1),
    STDDEV("stddev_samp", 1),
    STDDEV("stddev_pop", 0),
    PAIR("covar", moment_covar, 1),
    PAIR("covar_samp", moment_covar, 1),
    PAIR("covar_pop", moment_covar, 0),
    PAIR("corr", moment_corr, 0),
    NTH(TYPE_INT, TYPE_FLOAT, int),
    NTH(TYPE_DUR, TYPE_DUR, int),
    NTH(TYPE_FLOAT, TYPE_FLOAT, float),
    PERCENTILE("p50", 500000000),
    PERCENTILE("p90", 900000000),
    PERCENTILE("p95", 950000000),
    PERCENTILE("p99", 990000000),
    APPROX(TYPE_INT, &quant_int),
    APPROX(TYPE_DUR, &quant_int),
    APPROX(TYPE_FLOAT, &quant_float),
    TALLY(TYPE_BOOL, bool),
    TALLY(TYPE_INT, wide),
    TALLY(TYPE_FLOAT, float),
    TALLY(TYPE_TIME, wide),
    TALLY(TYPE_DUR, wide),
    TALLY(TYPE_STR, str),
    HISTOGRAM(TYPE_INT, int_bins),
    HISTOGRAM(TYPE_FLOAT, float_bins),
    HISTOGRAM(TYPE_TIME, int_bins),
    HISTOGRAM(TYPE_DUR, int_bins),
    SAME("bool_and", TYPE_BOOL, &bools_kind, bools_and),
    SAME("bool_or", TYPE_BOOL, &bools_kind, bools_or),
    WITH("string_agg", TYPE_STR, TYPE_STR, &join_kind, join_final,
	bind_join_form),
    WITH("funnel", TYPE_BOOL, TYPE_INT, &funnel_kind, funnel_final,
	bind_funnel_form),
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
	return a->kind == b->kind && a->text_len == b->text_len
	       && (a->form != &bind_histogram_form
		   || (a->step == b->step && a->width == b->width));
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
agg_limit(const struct agg_fn *f)
{
	if (type_is_bytes(f->result))
		return "longer than 64 MiB";
	return f->result == TYPE_DUR
		   ? "beyond the range of durations"
		   : "beyond the range of int; floats, as of x::float, are not";
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
