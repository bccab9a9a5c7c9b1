/* SPDX-License-Identifier: ISC */
/* Doubles as integers that sort, compare and count as SQL wants them. */
#ifndef MILLRACE_AGG_WIDE_H
#define MILLRACE_AGG_WIDE_H

#include <stdint.h>
#include <string.h>

/*
 * An int64 with the order of the doubles: -inf .. inf, then NaN, of which
 * there is one; -0 sorts below 0.  wide_double is the inverse.
 */
static inline int64_t
wide_order(double x)
{
	int64_t v;

	if (x != x)
		return INT64_C(0x7ff8000000000000);
	memcpy(&v, &x, sizeof(v));
	return v < 0 ? v ^ INT64_MAX : v;
}

static inline double
wide_double(int64_t v)
{
	double x;

	if (v < 0)
		v ^= INT64_MAX;
	memcpy(&x, &v, sizeof(x));
	return x;
}

/* Bits that are equal iff the values are: one NaN, one zero. */
static inline int64_t
wide_same(double x)
{
	int64_t v;

	if (x != x)
		return INT64_C(0x7ff8000000000000);
	x += 0.0; /* -0 + 0 is 0 */
	memcpy(&v, &x, sizeof(v));
	return v;
}

#endif
