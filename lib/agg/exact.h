/* SPDX-License-Identifier: ISC */
/*
 * Exact sums of finite doubles and of products of two: fixed-point numbers
 * wide enough, of which the part in use is kept at hand.
 */
#ifndef MILLRACE_AGG_EXACT_H
#define MILLRACE_AGG_EXACT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "agg/big.h"
#include "base/buf.h"

/*
 * Limb i counts 2^(32 (i - EXACT_POINT)).  The smallest product has its last
 * bit at 2^-2148, the largest is below 2^2048; what is above leaves 2^192 for
 * as many of them.
 */
#define EXACT_POINT 68
#define EXACT_LIMBS (EXACT_POINT + 70)
#define EXACT_FINITE (EXACT_POINT + 32) /* limbs below are finite doubles */
#define EXACT_NEAR 3 /* words at hand */

/*
 * All zero bytes is 0.  The value is that of near plus that of far.  near[k]
 * is a number of 256 bits, two's complement, lowest word first, that counts
 * limb 2 (base + k): what a product adds to it has 170 bits, so it never
 * overflows.  The limbs of far have signs of their own and may hold carries:
 * |far[i]| <= 2^32 (n_far + 1), n_far below EXACT_MAX_ADDS.
 * base <= EXACT_MAX_BASE, so that far has room for all of near.
 */
#define EXACT_MAX_BASE ((EXACT_LIMBS - 4 * 2 - 2 * EXACT_NEAR) / 2)
#define EXACT_MAX_ADDS (UINT32_C(1) << 29)
struct exact {
	uint64_t near[EXACT_NEAR][4];
	uint32_t base;
	uint32_t n_far;
	int64_t *far; /* owned: all limbs; NULL = 0 */
};

void exact_release(struct exact *e);
size_t exact_owned(const struct exact *e); /* bytes beside it */

/*
 * exact_add: add x.  exact_add_product: add x * y.  Both are finite.
 * exact_add_parts, exact_add_both: the same of what exact_split gives, which
 * a kernel needs more than once.  exact_merge: add another sum.
 */
static inline void exact_add(struct exact *e, double x);
static inline void exact_add_product(struct exact *e, double x, double y);
void exact_merge(struct exact *e, const struct exact *from);

/* The value times 2^(32 EXACT_POINT). */
void exact_value(struct big *out, const struct exact *e);

/* A sum of doubles rounded once, half to even; infinite when it is too large.
 */
double exact_round(const struct exact *e);

/*
 * The bytes of the value: a sign (0, 1 = +, 2 = -), and unless it is 0 the
 * first limb's number, how many follow, and those as u32, the first and the
 * last not 0.  exact_load adds the value; -1 when malformed.
 */
void exact_save(struct buf *out, const struct exact *e);
int exact_load(struct exact *e, struct cur *in);

/* Let near hold the word, two limbs, of that number.  For the functions below.
 */
void exact_move(struct exact *e, uint32_t word);

__extension__ typedef unsigned __int128 exact_u128;

#define EXACT_INLINE static inline __attribute__((always_inline))

/* A finite double is m * 2^(exp - 1074) with the sign of s, 0 or -1. */
struct exact_parts {
	uint64_t m;
	uint32_t exp;
	int64_t s;
};

EXACT_INLINE struct exact_parts
exact_split(double x)
{
	struct exact_parts p;
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	p.s = -(int64_t)(bits >> 63);
	p.exp = (uint32_t)(bits >> 52) & 0x7ff;
	p.m = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
	if (__builtin_expect(p.exp == 0, 0)) {
		p.m ^= UINT64_C(1) << 52;
		p.exp = 1;
	}
	p.exp--;
	return p;
}

/* Add 192 bits to n, or take them away: s is 0 or -1. */
EXACT_INLINE void
exact_put(uint64_t *n, uint64_t w0, uint64_t w1, uint64_t w2, int64_t s)
{
	exact_u128 low, high, add;
	uint64_t w3 = (uint64_t)s;

	memcpy(&low, n, sizeof(low));
	memcpy(&high, n + 2, sizeof(high));
	/* -w is ~w + 1, and ~w goes on with ones. */
	add = (exact_u128)(w1 ^ w3) << 64 | (w0 ^ w3);
	low += add;
	high += (exact_u128)w3 << 64 | (w2 ^ w3);
	high += low < add;
	low += w3 & 1;
	high += low < (w3 & 1);
	memcpy(n, &low, sizeof(low));
	memcpy(n + 2, &high, sizeof(high));
}

/* The number in near that a bit belongs to, after a move if need be. */
EXACT_INLINE uint64_t *
exact_at(struct exact *e, uint32_t at)
{
	uint32_t word = at / 64;

	if (__builtin_expect(word - e->base >= EXACT_NEAR, 0))
		exact_move(e, word);
	return e->near[word - e->base];
}

EXACT_INLINE void
exact_add_parts(struct exact *e, struct exact_parts p)
{
	uint32_t at = p.exp + 32 * EXACT_POINT - 1074;
	unsigned shift = at % 64;

	if (p.m != 0)
		exact_put(exact_at(e, at), p.m << shift,
		    p.m >> 1 >> (63 - shift), 0, p.s);
}

EXACT_INLINE void
exact_add_both(struct exact *e, struct exact_parts p, struct exact_parts q)
{
	exact_u128 m = (exact_u128)p.m * q.m;
	uint64_t low = (uint64_t)m, high = (uint64_t)(m >> 64);
	uint32_t at = p.exp + q.exp + 32 * EXACT_POINT - 2 * 1074;
	unsigned shift = at % 64, back = 63 - shift;

	if (p.m != 0 && q.m != 0)
		exact_put(exact_at(e, at), low << shift,
		    high << shift | low >> 1 >> back, high >> 1 >> back,
		    p.s ^ q.s);
}

static inline void
exact_add(struct exact *e, double x)
{
	exact_add_parts(e, exact_split(x));
}

static inline void
exact_add_product(struct exact *e, double x, double y)
{
	exact_add_both(e, exact_split(x), exact_split(y));
}

#endif
