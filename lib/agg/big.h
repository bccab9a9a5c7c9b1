/* SPDX-License-Identifier: ISC */
/* Whole numbers of many digits, for what is made of exact sums. */
#ifndef MILLRACE_AGG_BIG_H
#define MILLRACE_AGG_BIG_H

#include <stdbool.h>
#include <stdint.h>

#define BIG_DIGITS 288

/* Digits of 32 bits, the lowest first; the last is not 0, and 0 has none. */
struct big {
	bool negative;
	unsigned n;
	uint32_t d[BIG_DIGITS];
};

/*
 * big_mul: a * b.  big_scale: b * k.  big_shift: b * 2^(32 digits).
 * big_sub: a - b.  out is none of the operands, and the result fits.
 */
void big_mul(struct big *out, const struct big *a, const struct big *b);
void big_scale(struct big *b, uint64_t k);
void big_shift(struct big *b, unsigned digits);
void big_sub(struct big *out, const struct big *a, const struct big *b);

/*
 * The nearest value m * 2^exp where m has 53 bits, half to even; returns m,
 * which is 0 or has a magnitude from 2^52 to 2^53.
 */
double big_round(const struct big *b, int *exp);

#endif
