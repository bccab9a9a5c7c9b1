/* SPDX-License-Identifier: ISC */
/* Numbers: exact parsing, shortest printing, sizes and durations. */
#ifndef MILLRACE_BASE_NUM_H
#define MILLRACE_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest text of any num_format call, its NUL included. */
#define NUM_TEXT_MAX 40

/*
 * Parse the whole of s[0..len) in the C locale, no blanks around it.
 * Return 0, or -1 when it is no such number or out of range; *v is then
 * unchanged.
 * num_parse_int: [+-]digits, int64.
 * num_parse_float: decimal with optional fraction and exponent, and nan,
 * inf, infinity in any case; correctly rounded (half to even); no hex; what
 * overflows is infinity.
 */
int num_parse_int(int64_t *v, const char *s, size_t len);
int num_parse_float(double *v, const char *s, size_t len);

/*
 * Parse a duration into microseconds: one or more of 10d 2h 1m 5s 500ms
 * 250us joined (1h30m), each with an optional fraction (1.5s), an optional
 * leading minus.  A unit is needed, except for 0.  A day is 24 h, a week (w)
 * 7 days.  0 or -1.
 */
int num_parse_dur(int64_t *us, const char *s, size_t len);

/* Parse a size: digits, then K M G T (powers of 1024) or nothing.  0 or -1. */
int num_parse_size(uint64_t *v, const char *s, size_t len);

/*
 * Print into out, which has NUM_TEXT_MAX bytes; no NUL is written.  Return
 * the length.
 * num_format_float: the shortest digits that read back as v, in the form of
 * C's %g but with at least 1e21 before an exponent: 12, 0.1, 1e+22, 1e-7;
 * nan, inf, -inf; -0 is -0.
 * num_format_dur: seconds with up to six digits of fraction: 1.5, 0.000001.
 */
size_t num_format_int(char *out, int64_t v);
size_t num_format_float(char *out, double v);
size_t num_format_dur(char *out, int64_t us);

/* a + b, a - b, a * b into *v; false when it would leave int64, *v then 0. */
static inline bool
num_add(int64_t *v, int64_t a, int64_t b)
{
	return !__builtin_add_overflow(a, b, v) || (*v = 0, false);
}

static inline bool
num_sub(int64_t *v, int64_t a, int64_t b)
{
	return !__builtin_sub_overflow(a, b, v) || (*v = 0, false);
}

static inline bool
num_mul(int64_t *v, int64_t a, int64_t b)
{
	return !__builtin_mul_overflow(a, b, v) || (*v = 0, false);
}

/* a div b rounded down, b > 0; and what is left, 0 <= rest < b. */
static inline int64_t
num_floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return q - (a % b < 0);
}

static inline int64_t
num_floor_mod(int64_t a, int64_t b)
{
	int64_t r = a % b;

	return r < 0 ? r + b : r;
}

#endif
