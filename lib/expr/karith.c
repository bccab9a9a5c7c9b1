/* SPDX-License-Identifier: ISC */
/* Kernels of + - * / % div and the unary minus.  millrace-expr(7). */
#include <math.h>

#include "base/num.h"
#include "expr/kernels.h"
#include "expr/kwide.h"

typedef bool (*fits_fn)(int64_t *v, int64_t a, int64_t b);

/* Some row left int64: find which. */
static int
overflow(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, fits_fn fits)
{
	int64_t v;

	for (uint32_t row = 0; row < r->n; row++) {
		int64_t a = arg[0].i[eval_at(&arg[0], row)];
		int64_t b = n->n_kids > 1 ? arg[1].i[eval_at(&arg[1], row)] : 0;

		if (!fits(&v, a, b)
		    && eval_bad(r, n, out, row,
			   out->type == TYPE_INT ? "int overflow"
						 : "time overflow")
			   == -1)
			return -1;
	}
	return 0;
}

int
karith_add_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out), bad = 0;

	KWIDE_2(r, int64_t, arg[0].i, arg[1].i, {
		int64_t v = (int64_t)((uint64_t)x + (uint64_t)y);

		bad |= (x ^ v) & (y ^ v);
		o[row] = v;
	});
	return bad < 0 ? overflow(r, n, out, arg, num_add) : 0;
}

int
karith_sub_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out), bad = 0;

	KWIDE_2(r, int64_t, arg[0].i, arg[1].i, {
		int64_t v = (int64_t)((uint64_t)x - (uint64_t)y);

		bad |= (x ^ y) & (x ^ v);
		o[row] = v;
	});
	return bad < 0 ? overflow(r, n, out, arg, num_sub) : 0;
}

int
karith_mul_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);
	bool bad = false;

	KWIDE_2(r, int64_t, arg[0].i, arg[1].i,
	    { bad |= __builtin_mul_overflow(x, y, &o[row]); });
	return bad ? overflow(r, n, out, arg, num_mul) : 0;
}

static bool
fits_neg(int64_t *v, int64_t a, int64_t b)
{
	return num_sub(v, b, a);
}

int
karith_neg_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);
	bool bad = false;

	for (size_t row = 0; row < r->n; row++) {
		bad |= arg[0].i[row] == INT64_MIN;
		o[row] = (int64_t)(0 - (uint64_t)arg[0].i[row]);
	}
	return bad ? overflow(r, n, out, arg, fits_neg) : 0;
}

/* Division by zero is null. */
static void
null_zeros_i(struct run *r, struct col *out, const struct col *by)
{
	for (uint32_t row = 0; row < r->n; row++) {
		if (by->i[eval_at(by, row)] == 0)
			eval_null(r, out, row);
	}
}

static bool
fits_div(int64_t *v, int64_t a, int64_t b)
{
	*v = 0;
	return !(a == INT64_MIN && b == -1);
}

int
karith_div_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);
	bool zero = false, bad = false;

	KWIDE_2(r, int64_t, arg[0].i, arg[1].i, {
		if (y == 0 || y == -1) {
			zero |= y == 0;
			bad |= x == INT64_MIN && y == -1;
			o[row] = (int64_t)(0 - (uint64_t)x);
		} else {
			o[row] = x / y;
		}
	});
	if (zero)
		null_zeros_i(r, out, &arg[1]);
	return bad ? overflow(r, n, out, arg, fits_div) : 0;
}

int
karith_mod_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);
	bool zero = false;

	(void)n;
	KWIDE_2(r, int64_t, arg[0].i, arg[1].i, {
		zero |= y == 0;
		o[row] = y == 0 || y == -1 ? 0 : x % y;
	});
	if (zero)
		null_zeros_i(r, out, &arg[1]);
	return 0;
}

/* The rest that has the sign of the divisor, or none. */
int
karith_pmod_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);
	bool zero = false;

	(void)n;
	KWIDE_2(r, int64_t, arg[0].i, arg[1].i, {
		int64_t rest = y == 0 || y == -1 ? 0 : x % y;

		zero |= y == 0;
		o[row] = rest != 0 && (rest ^ y) < 0 ? rest + y : rest;
	});
	if (zero)
		null_zeros_i(r, out, &arg[1]);
	return 0;
}

int
karith_add_f(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);

	(void)n;
	KWIDE_2(r, double, arg[0].f, arg[1].f, { o[row] = x + y; });
	return 0;
}

int
karith_sub_f(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);

	(void)n;
	KWIDE_2(r, double, arg[0].f, arg[1].f, { o[row] = x - y; });
	return 0;
}

int
karith_mul_f(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);

	(void)n;
	KWIDE_2(r, double, arg[0].f, arg[1].f, { o[row] = x * y; });
	return 0;
}

int
karith_neg_f(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);

	(void)n;
	for (size_t row = 0; row < r->n; row++)
		o[row] = -arg[0].f[row];
	return 0;
}

static void
null_zeros_f(struct run *r, struct col *out, const struct col *by)
{
	for (uint32_t row = 0; row < r->n; row++) {
		if (by->f[eval_at(by, row)] == 0)
			eval_null(r, out, row);
	}
}

int
karith_div_f(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);
	bool zero = false;

	(void)n;
	KWIDE_2(r, double, arg[0].f, arg[1].f, {
		zero |= y == 0;
		o[row] = y == 0 ? 0 : x / y;
	});
	if (zero)
		null_zeros_f(r, out, &arg[1]);
	return 0;
}

int
karith_mod_f(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);
	bool zero = false;

	(void)n;
	KWIDE_2(r, double, arg[0].f, arg[1].f, {
		zero |= y == 0;
		o[row] = y == 0 ? 0 : fmod(x, y);
	});
	if (zero)
		null_zeros_f(r, out, &arg[1]);
	return 0;
}

int
karith_pmod_f(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);
	bool zero = false;

	(void)n;
	KWIDE_2(r, double, arg[0].f, arg[1].f, {
		double rest = y == 0 ? 0 : fmod(x, y);

		zero |= y == 0;
		o[row] = rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
	});
	if (zero)
		null_zeros_f(r, out, &arg[1]);
	return 0;
}

/* Quotient of two durations. */
int
karith_div_d(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);
	bool zero = false;

	(void)n;
	KWIDE_2(r, int64_t, arg[0].i, arg[1].i, {
		zero |= y == 0;
		o[row] = y == 0 ? 0 : (double)x / (double)y;
	});
	if (zero)
		null_zeros_i(r, out, &arg[1]);
	return 0;
}

enum scaling { TIMES, THROUGH };

/* A duration times or through a float, to the nearest microsecond. */
static int
scale(struct run *r, const struct node *n, struct col *out,
    const struct col *dur, const struct col *by, enum scaling how)
{
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++) {
		double d = (double)dur->i[eval_at(dur, row)];
		double f = by->f[eval_at(by, row)];

		o[row] = 0;
		if (how == THROUGH && f == 0) {
			eval_null(r, out, row);
			continue;
		}
		if (kwide_round(&o[row], how == THROUGH ? d / f : d * f) == -1
		    && eval_bad(r, n, out, row, "time overflow") == -1)
			return -1;
	}
	return 0;
}

int
karith_mul_df(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return scale(r, n, out, &arg[0], &arg[1], TIMES);
}

int
karith_mul_fd(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return scale(r, n, out, &arg[1], &arg[0], TIMES);
}

int
karith_div_df(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return scale(r, n, out, &arg[0], &arg[1], THROUGH);
}
