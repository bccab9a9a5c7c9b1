/* SPDX-License-Identifier: ISC */
/* Kernels of numeric functions.  millrace-expr(7). */
#include <math.h>

#include "expr/kernels.h"
#include "expr/kwide.h"

int
knum_abs_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++) {
		int64_t v = arg[0].i[row];

		o[row] = v < 0 ? (int64_t)(0 - (uint64_t)v) : v;
		if (v == INT64_MIN
		    && eval_bad(r, n, out, row, "int overflow") == -1)
			return -1;
	}
	return 0;
}

int
knum_sign_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	(void)n;
	for (size_t row = 0; row < r->n; row++)
		o[row] = (arg[0].i[row] > 0) - (arg[0].i[row] < 0);
	return 0;
}

int
knum_same_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)r;
	(void)n;
	*out = arg[0];
	return 0;
}

/* A function of one float, for each row. */
#define FLOAT_1(NAME, EXPR)                                                    \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		double *o = eval_floats(r, out);                               \
                                                                               \
		(void)n;                                                       \
		for (size_t row = 0; row < r->n; row++) {                      \
			const double x = arg[0].f[row];                        \
			o[row] = EXPR;                                         \
		}                                                              \
		return 0;                                                      \
	}

FLOAT_1(knum_abs_f, fabs(x))
FLOAT_1(knum_sign_f, isnan(x) ? x : (double)((x > 0) - (x < 0)))
FLOAT_1(knum_round_f, round(x))
FLOAT_1(knum_exp, exp(x))

/* The same with nulls where the function has no value. */
#define FLOAT_1_DOMAIN(NAME, EXPR, OUTSIDE)                                    \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		double *o = eval_floats(r, out);                               \
                                                                               \
		(void)n;                                                       \
		for (uint32_t row = 0; row < r->n; row++) {                    \
			const double x = arg[0].f[row];                        \
			o[row] = (OUTSIDE) ? 0 : EXPR;                         \
			if (OUTSIDE)                                           \
				eval_null(r, out, row);                        \
		}                                                              \
		return 0;                                                      \
	}

FLOAT_1_DOMAIN(knum_sqrt, sqrt(x), x < 0)
FLOAT_1_DOMAIN(knum_ln, log(x), x <= 0)
FLOAT_1_DOMAIN(knum_log2, log2(x), x <= 0)
FLOAT_1_DOMAIN(knum_log10, log10(x), x <= 0)

int
knum_isnan(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *bits = eval_bits(r, out);

	(void)n;
	bits_fill(bits, false, r->n);
	for (size_t row = 0; row < r->n; row++) {
		if (isnan(arg[0].f[row]))
			bit_set(bits, row);
	}
	return 0;
}

int
knum_pow(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);

	(void)n;
	KWIDE_2(r, double, arg[0].f, arg[1].f, { o[row] = pow(x, y); });
	return 0;
}

int
knum_log_base(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);

	(void)n;
	KWIDE_2(r, double, arg[0].f, arg[1].f, {
		bool outside = x <= 0 || x == 1 || y <= 0;

		o[row] = outside ? 0 : log(y) / log(x);
		if (outside)
			eval_null(r, out, (uint32_t)row);
	});
	return 0;
}

/* x to n decimal places, or to tens, hundreds for a negative n. */
static double
round_places(double x, int64_t places)
{
	double by, v;

	if (places > 308 || !isfinite(x))
		return x;
	if (places < -308)
		return 0;
	by = pow(10, fabs((double)places));
	v = places < 0 ? round(x / by) * by : round(x * by) / by;
	return isfinite(v) ? v : x;
}

int
knum_round_places(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);

	(void)n;
	for (size_t row = 0; row < r->n; row++)
		o[row] = round_places(arg[0].f[eval_at(&arg[0], row)],
		    arg[1].i[eval_at(&arg[1], row)]);
	return 0;
}

/* A rounded float as an int; NaN is null. */
static int
to_int(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, double (*f)(double))
{
	int64_t *o = eval_ints(r, out);
	double d;

	for (uint32_t row = 0; row < r->n; row++) {
		d = f(arg[0].f[row]);
		o[row] = 0;
		if (kwide_fits(d))
			o[row] = (int64_t)d;
		else if (isnan(d))
			eval_null(r, out, row);
		else if (eval_bad(r, n, out, row, "int overflow") == -1)
			return -1;
	}
	return 0;
}

int
knum_floor(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return to_int(r, n, out, arg, floor);
}

int
knum_ceil(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return to_int(r, n, out, arg, ceil);
}
