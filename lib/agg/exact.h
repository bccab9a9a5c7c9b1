/* SPDX-License-Identifier: ISC */
/*
 * Exact sums of finite doubles and of products of two: fixed-point numbers
 * wide enough, of which the part in use is kept at hand.
 */
#ifndef MILLRACE_AGG_EXACT_H
#define MILLRACE_AGG_EXACT_H

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
#define EXACT_NEAR 10 /* limbs at hand */
#define EXACT_REACH 5 /* that one product takes */
#define EXACT_MAX_ADDS (UINT32_C(1) << 29)

/*
 * All zero bytes is 0.  The value is that of near, which are the limbs from
 * base on, plus far.  Limbs have signs of their own and may hold carries:
 * |near[i]| <= 2^33 n_near and |far[i]| <= 2^32 (n_far + 1), n_near and n_far
 * below EXACT_MAX_ADDS; base <= EXACT_LIMBS - EXACT_NEAR - 1.
 */
struct exact {
	int64_t near[EXACT_NEAR];
	uint32_t base;
	uint32_t n_near;
	uint32_t n_far;
	int64_t *far; /* owned: all limbs; NULL = 0 */
};

void exact_release(struct exact *e);

/*
 * exact_add: add x.  exact_add_product: add x * y.  Both are finite.
 * exact_merge: add another sum.
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

/* Make near begin a little below a limb.  For the functions below. */
void exact_move(struct exact *e, uint32_t limb);

__extension__ typedef unsigned __int128 exact_u128;

/* A finite double is m * 2^(exp - 1074) with the sign of s, 0 or -1. */
struct exact_parts {
	uint64_t m;
	uint32_t exp;
	int64_t s;
};

static inline struct exact_parts
exact_split(double x)
{
	struct exact_parts p;
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	p.exp = (uint32_t)(bits >> 52) & 0x7ff;
	p.m = bits & ((UINT64_C(1) << 52) - 1);
	p.m |= (uint64_t)(p.exp > 0) << 52;
	p.exp -= p.exp > 0;
	p.s = -(int64_t)(bits >> 63);
	return p;
}

/* Add m * 2^shift to three limbs, shift below 32. */
static inline void
exact_put(int64_t *limb, uint64_t m, unsigned shift, int64_t s)
{
	exact_u128 v = (exact_u128)m << shift;

	limb[0] += ((int64_t)(uint32_t)v ^ s) - s;
	limb[1] += ((int64_t)(uint32_t)(v >> 32) ^ s) - s;
	limb[2] += ((int64_t)(v >> 64) ^ s) - s;
}

/* The place in near of a limb, after a move if need be. */
static inline int64_t *
exact_at(struct exact *e, uint32_t limb)
{
	if (__builtin_expect(limb - e->base > EXACT_NEAR - EXACT_REACH
				 || e->n_near >= EXACT_MAX_ADDS,
		0))
		exact_move(e, limb);
	e->n_near++;
	return e->near + (limb - e->base);
}

static inline void
exact_add(struct exact *e, double x)
{
	struct exact_parts p = exact_split(x);
	uint32_t at = p.exp + 32 * EXACT_POINT - 1074;

	if (p.m != 0)
		exact_put(exact_at(e, at / 32), p.m, at % 32, p.s);
}

static inline void
exact_add_product(struct exact *e, double x, double y)
{
	struct exact_parts p = exact_split(x), q = exact_split(y);
	exact_u128 m = (exact_u128)p.m * q.m;
	uint32_t at = p.exp + q.exp + 32 * EXACT_POINT - 2 * 1074;
	int64_t *limb;

	if (m == 0)
		return;
	limb = exact_at(e, at / 32);
	exact_put(limb, (uint64_t)m, at % 32, p.s ^ q.s);
	exact_put(limb + 2, (uint64_t)(m >> 64), at % 32, p.s ^ q.s);
}

#endif
