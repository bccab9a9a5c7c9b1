/* SPDX-License-Identifier: ISC */
/* Kernels of round, bround, floor and ceil to places, and width_bucket. */
#include <math.h>

#include "expr/kernels.h"
#include "expr/kwide.h"

__extension__ typedef __int128 wide;

enum way {
	NEAREST, /* halves away from zero */
	NEAREST_EVEN, /* halves to the even digit */
	DOWN,
	UP
};

#define MAX_POWER 22 /* 10^22 is the last that a double holds exactly */
#define EXACT 4503599627370496.0 /* 2^52: above it there is no fraction */

static double
power_of_ten(int64_t n)
{
	static const double exact[MAX_POWER + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5,
	    1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
	    1e18, 1e19, 1e20, 1e21, 1e22};

	return n <= MAX_POWER ? exact[n] : pow(10, (double)n);
}

/* k in units of 10^-places. */
static double
in_units(double k, double by, int64_t places)
{
	return places < 0 ? k * by : k / by;
}

/*
 * |x| rounded as its decimal digits say: x * by may be off by one bit, so
 * that the candidates, each the double next to a decimal number, are compared
 * with x itself.
 */
static double
round_size(double x, int64_t places, double by, enum way way)
{
	double k = floor(places < 0 ? x / by : x * by), half;

	if (!(k < EXACT))
		return x;
	if (way == NEAREST || way == NEAREST_EVEN) {
		half = in_units(k + 0.5, by, places);
		if (x > half
		    || (x == half && (way == NEAREST || fmod(k, 2) == 1)))
			k++;
	} else {
		if (in_units(k + 1, by, places) <= x)
			k++;
		else if (in_units(k, by, places) > x)
			k--;
		if (way == UP && in_units(k, by, places) < x)
			k++;
	}
	return in_units(k, by, places);
}

/* x to 10^-places; the result is never -0. */
static double
round_float(double x, int64_t places, enum way way)
{
	double by, v;

	if (places > 308 || !isfinite(x))
		return x;
	if (places < -308)
		places = -308;
	if (x < 0 && way != NEAREST && way != NEAREST_EVEN)
		way = way == UP ? DOWN : UP;
	by = power_of_ten(places < 0 ? -places : places);
	v = round_size(fabs(x), places, by, way);
	return (x < 0 ? -v : v) + 0.0;
}

/* x to 10^-places; false when it leaves int64. */
static bool
round_int(int64_t *v, int64_t x, int64_t places, enum way way)
{
	wide by = 1, q, rest, size;

	*v = x;
	if (places >= 0)
		return true;
	for (int64_t i = 0; i > places && i > -30; i--)
		by *= 10;
	q = x / by;
	rest = x % by;
	size = rest < 0 ? -rest : rest;
	if (way == DOWN)
		q -= rest < 0;
	else if (way == UP)
		q += rest > 0;
	else if (size > by - size
		 || (size == by - size && (way == NEAREST || q % 2 != 0)))
		q += x < 0 ? -1 : 1;
	q *= by;
	*v = 0;
	if (q < INT64_MIN || q > INT64_MAX)
		return false;
	*v = (int64_t)q;
	return true;
}

static int
round_floats(
    struct run *r, struct col *out, const struct col *arg, enum way way)
{
	double *o = eval_floats(r, out);

	for (size_t row = 0; row < r->n; row++)
		o[row] = round_float(arg[0].f[eval_at(&arg[0], row)],
		    arg[1].i[eval_at(&arg[1], row)], way);
	return 0;
}

static int
round_ints(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, enum way way)
{
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++) {
		if (!round_int(&o[row], arg[0].i[eval_at(&arg[0], row)],
			arg[1].i[eval_at(&arg[1], row)], way)
		    && eval_bad(r, n, out, row, "int overflow") == -1)
			return -1;
	}
	return 0;
}

#define ROUND(NAME, WAY)                                                       \
	int NAME##_f(struct run *r, const struct node *n, struct col *out,     \
	    const struct col *arg)                                             \
	{                                                                      \
		(void)n;                                                       \
		return round_floats(r, out, arg, WAY);                         \
	}                                                                      \
                                                                               \
	int NAME##_i(struct run *r, const struct node *n, struct col *out,     \
	    const struct col *arg)                                             \
	{                                                                      \
		return round_ints(r, n, out, arg, WAY);                        \
	}

ROUND(kround_near, NEAREST)
ROUND(kround_even, NEAREST_EVEN)
ROUND(kround_down, DOWN)
ROUND(kround_up, UP)

/* The bucket of x among n of equal width; false when there are none. */
static bool
bucket(int64_t *v, double x, double lo, double hi, int64_t n)
{
	double at;

	*v = 0;
	if (n <= 0 || n == INT64_MAX || isnan(x) || !isfinite(lo)
	    || !isfinite(hi) || lo == hi)
		return false;
	at = (x - lo) / (hi - lo);
	if (at >= 1)
		*v = n + 1;
	else if (at >= 0)
		*v = (int64_t)(at * (double)n) + 1;
	if (*v > n && at < 1)
		*v = n;
	return true;
}

int
kround_bucket(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	(void)n;
	for (uint32_t row = 0; row < r->n; row++) {
		if (!bucket(&o[row], arg[0].f[eval_at(&arg[0], row)],
			arg[1].f[eval_at(&arg[1], row)],
			arg[2].f[eval_at(&arg[2], row)],
			arg[3].i[eval_at(&arg[3], row)]))
			eval_null(r, out, row);
	}
	return 0;
}
