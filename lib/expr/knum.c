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

/* cbrt(3) of a cube may be one bit off. */
static double
cube_root(double x)
{
	double root = cbrt(x), whole = round(root);

	return whole * whole * whole == x ? whole : root;
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
/* Never -0. */
FLOAT_1(knum_round_f, round(x) + 0.0)
FLOAT_1(knum_bround_f, rint(x) + 0.0)
FLOAT_1(knum_exp, exp(x))
FLOAT_1(knum_cbrt, cube_root(x))
FLOAT_1(knum_sin, sin(x))
FLOAT_1(knum_cos, cos(x))
FLOAT_1(knum_tan, tan(x))
FLOAT_1(knum_atan, atan(x))
FLOAT_1(knum_radians, x / 180 * M_PI)
FLOAT_1(knum_degrees, x / M_PI * 180)

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
FLOAT_1_DOMAIN(knum_asin, asin(x), x<-1 || x> 1)
FLOAT_1_DOMAIN(knum_acos, acos(x), x<-1 || x> 1)

int
knum_pi(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);

	(void)n;
	(void)arg;
	for (size_t row = 0; row < r->n; row++)
		o[row] = M_PI;
	return 0;
}

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

/* A function of two floats. */
#define FLOAT_2(NAME, EXPR)                                                    \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		double *o = eval_floats(r, out);                               \
                                                                               \
		(void)n;                                                       \
		KWIDE_2(r, double, arg[0].f, arg[1].f, { o[row] = EXPR; });    \
		return 0;                                                      \
	}

FLOAT_2(knum_pow, pow(x, y))
FLOAT_2(knum_atan2, atan2(x, y))
FLOAT_2(knum_hypot, hypot(x, y))

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
