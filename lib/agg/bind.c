/* SPDX-License-Identifier: ISC */
/* The constants of calls, and columns behind the first.  sreduce(1). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "agg/agg_int.h"

#define MAX_TOP 10000

/* A constant number that is finite: 0, or -1. */
static int
number(double *v, struct expr *e)
{
	struct col c;

	if (!expr_is_constant(e, &c))
		return -1;
	if (c.type == TYPE_INT)
		*v = (double)c.i[0];
	else if (c.type == TYPE_FLOAT)
		*v = c.f[0];
	else
		return -1;
	return isfinite(*v) ? 0 : -1;
}

static int
take_rank(struct agg_fn *f, struct expr_call *call, char *why, size_t cap)
{
	if (number(&f->p, call->args[1]) == 0 && f->p >= 0 && f->p <= 1)
		return 0;
	snprintf(why, cap,
	    "%s wants a rank from 0 to 1, such as %s(%s, 0.95), this is %s",
	    call->name, call->name, call->arg_text[0], call->arg_text[1]);
	return -1;
}

static int
bind_percentile(struct agg_fn *f, struct expr_call *call, char *why, size_t cap)
{
	return take_rank(f, call, why, cap);
}

static int
bind_approx(struct agg_fn *f, struct expr_call *call, char *why, size_t cap)
{
	if (take_rank(f, call, why, cap) == -1)
		return -1;
	f->share = (uint32_t)lrint(f->p * AGG_SHARE_ONE);
	return 0;
}

static int
bind_top(struct agg_fn *f, struct expr_call *call, char *why, size_t cap)
{
	double k;

	if (expr_type(call->args[0]) == TYPE_INT
	    && number(&k, call->args[0]) == 0 && k >= 1 && k <= MAX_TOP) {
		f->step = (int64_t)k;
		return 0;
	}
	snprintf(why, cap,
	    "top wants how many, from 1 to %d, such as top(10, %s), this is %s",
	    MAX_TOP, call->arg_text[1], call->arg_text[0]);
	return -1;
}

/* A width of the type that x's go with; ints with a float become floats. */
static int
bind_histogram(struct agg_fn *f, struct expr_call *call, char *why, size_t cap)
{
	bool is_time = f->arg == TYPE_DUR || f->arg == TYPE_TIME;
	enum type type = expr_type(call->args[1]);
	struct expr_error err;
	struct col c;

	if (is_time || (f->arg == TYPE_INT && type == TYPE_INT)) {
		if (expr_is_constant(call->args[1], &c)
		    && type == (is_time ? TYPE_DUR : TYPE_INT) && c.i[0] > 0) {
			f->step = c.i[0];
			return 0;
		}
	} else if (number(&f->width, call->args[1]) == 0 && f->width > 0) {
		if (f->arg == TYPE_INT
		    && expr_convert(call->args[0], &err, TYPE_FLOAT) == 0) {
			f->arg = TYPE_FLOAT;
			f->kind = &tally_float_bins;
		}
		f->inverse = rint(1 / f->width);
		if (!(f->inverse > 1) || 1 / f->inverse != f->width)
			f->inverse = 0;
		return 0;
	}
	snprintf(why, cap,
	    "histogram wants the width of a bin, a constant above 0 such as "
	    "histogram(%s, %s), this is %s",
	    call->arg_text[0], is_time ? "1m" : "100", call->arg_text[1]);
	return -1;
}

static int
bind_join(struct agg_fn *f, struct expr_call *call, char *why, size_t cap)
{
	struct col c;

	if (expr_is_constant(call->args[1], &c) && c.type == TYPE_STR) {
		f->text = col_str(&c, 0, &f->text_len);
		return 0;
	}
	snprintf(why, cap,
	    "string_agg wants a constant text between, such as "
	    "string_agg(%s, ', '), this is %s",
	    call->arg_text[0], call->arg_text[1]);
	return -1;
}

static int
bind_pair(struct agg_fn *f, struct expr_call *call, char *why, size_t cap)
{
	enum type t = expr_type(call->args[1]);
	struct expr_error err;

	(void)f;
	if (t == TYPE_FLOAT)
		return 0;
	if ((t == TYPE_INT || t == TYPE_STR)
	    && expr_convert(call->args[1], &err, TYPE_FLOAT) == 0)
		return 0;
	snprintf(why, cap, "%s takes two numbers, %s is %s", call->name,
	    call->arg_text[1], type_name(t));
	return -1;
}

static int
bind_by(struct agg_fn *f, struct expr_call *call, char *why, size_t cap)
{
	enum type t = expr_type(call->args[1]);

	if (expr_is_untyped(call->args[1])) {
		snprintf(why, cap,
		    "%s is text: write %s(%s, %s::float) or sbatch -c "
		    "\"*,%s:float\"",
		    call->arg_text[1], call->name, call->arg_text[0],
		    call->arg_text[1], call->arg_text[1]);
		return -1;
	}
	if (t == TYPE_BIN) {
		snprintf(why, cap, "%s goes by what has an order, %s is bin",
		    call->name, call->arg_text[1]);
		return -1;
	}
	f->kind = by_kind(
	    strcmp(f->name, "max_by") == 0, f->arg == TYPE_STR, t == TYPE_STR);
	return 0;
}

static int
bind_funnel(struct agg_fn *f, struct expr_call *call, char *why, size_t cap)
{
	struct col c;

	if (!expr_is_constant(call->args[0], &c) || c.type != TYPE_DUR
	    || c.i[0] < 0) {
		snprintf(why, cap,
		    "funnel wants the time from the first step to the last, "
		    "such as 10m, this is %s",
		    call->arg_text[0]);
		return -1;
	}
	f->step = c.i[0];
	for (size_t i = 2; i < call->n_args; i++) {
		if (expr_type(call->args[i]) == TYPE_BOOL)
			continue;
		snprintf(why, cap, "funnel takes conditions, %s is %s",
		    call->arg_text[i], type_name(expr_type(call->args[i])));
		return -1;
	}
	return 0;
}

const struct agg_form bind_percentile_form = {
    "(x, p)", 2, 2, 0, 1, bind_percentile};
const struct agg_form bind_approx_form = {"(x, p)", 2, 2, 0, 1, bind_approx};
const struct agg_form bind_top_form = {"(k, x)", 2, 2, 1, 1, bind_top};
const struct agg_form bind_histogram_form = {
    "(x, width)", 2, 2, 0, 1, bind_histogram};
const struct agg_form bind_join_form = {"(x, between)", 2, 2, 0, 1, bind_join};
const struct agg_form bind_pair_form = {"(x, y)", 2, 2, 0, 2, bind_pair};
const struct agg_form bind_by_form = {"(x, y)", 2, 2, 0, 2, bind_by};
const struct agg_form bind_funnel_form = {
    "(time, step1, step2, ...)", 2, EXPR_MAX_ARGS, 1, 0, bind_funnel};
