/* SPDX-License-Identifier: ISC */
/* Exact sums of finite doubles and of products of two. */
#include "agg/exact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define LIMB (INT64_C(1) << 32)

void
exact_release(struct exact *e)
{
	free(e->far);
}

size_t
exact_owned(const struct exact *e)
{
	return e->far == NULL ? 0 : EXACT_LIMBS * sizeof(*e->far);
}

/* Every limb but the last into -2^32+1..2^32-1; the last takes what is left. */
static void
normalise(int64_t *limb, unsigned n)
{
	int64_t carry = 0;

	for (unsigned i = 0; i + 1 < n; i++) {
		int64_t v = limb[i] + carry;

		limb[i] = v % LIMB;
		carry = v / LIMB;
	}
	limb[n - 1] += carry;
}

static void
add_far(struct exact *e, unsigned at, const int64_t *limb, unsigned n)
{
	if (e->far == NULL)
		e->far = mem_zero(EXACT_LIMBS, sizeof(*e->far));
	if (++e->n_far >= EXACT_MAX_ADDS) {
		normalise(e->far, EXACT_LIMBS);
		e->n_far = 1;
	}
	for (unsigned i = 0; i < n; i++)
		e->far[at + i] += limb[i];
}

/* The limbs of one number in near; the highest has the sign. */
static void
number_limbs(int64_t out[8], const uint64_t n[4])
{
	for (int i = 0; i < 4; i++) {
		out[2 * i] = (int64_t)(n[i] & UINT32_MAX);
		out[2 * i + 1] = (int64_t)(n[i] >> 32);
	}
	if (n[3] >> 63 != 0)
		out[7] -= LIMB;
}

/* Move near[k] to far. */
static void
flush(struct exact *e, uint32_t k)
{
	int64_t limb[8];

	number_limbs(limb, e->near[k]);
	add_far(e, 2 * (e->base + k), limb, 8);
	memset(e->near[k], 0, sizeof(e->near[k]));
}

static bool
is_zero(const uint64_t n[4])
{
	return (n[0] | n[1] | n[2] | n[3]) == 0;
}

void
exact_move(struct exact *e, uint32_t word)
{
	for (uint32_t k = 0; k < EXACT_NEAR; k++) {
		if (!is_zero(e->near[k]))
			flush(e, k);
	}
	/* Smaller values are as likely to follow as larger ones. */
	e->base = word > 1 ? word - 1 : 0;
	if (e->base > EXACT_MAX_BASE)
		e->base = EXACT_MAX_BASE;
}

/* Add a number that counts a word to what near has for it, or to far. */
static void
add_number(struct exact *e, uint32_t word, const uint64_t n[4])
{
	exact_u128 low, high, x;
	int64_t limb[8];
	uint64_t *to;

	if (is_zero(e->near[0]) && is_zero(e->near[1]) && is_zero(e->near[2]))
		exact_move(e, word);
	if (word - e->base >= EXACT_NEAR) {
		number_limbs(limb, n);
		add_far(e, 2 * word, limb, 8);
		return;
	}
	to = e->near[word - e->base];
	memcpy(&low, to, sizeof(low));
	memcpy(&high, to + 2, sizeof(high));
	memcpy(&x, n, sizeof(x));
	low += x;
	high += low < x;
	memcpy(&x, n + 2, sizeof(x));
	high += x;
	memcpy(to, &low, sizeof(low));
	memcpy(to + 2, &high, sizeof(high));
}

void
exact_merge(struct exact *e, const struct exact *from)
{
	int64_t limb[EXACT_LIMBS];

	for (uint32_t k = 0; k < EXACT_NEAR; k++) {
		if (!is_zero(from->near[k]))
			add_number(e, from->base + k, from->near[k]);
	}
	if (from->far == NULL)
		return;
	memcpy(limb, from->far, sizeof(limb));
	normalise(limb, EXACT_LIMBS);
	add_far(e, 0, limb, EXACT_LIMBS);
}

/* Every limb into 0..2^32-1, the value not being negative. */
static void
settle(int64_t *limb, unsigned n)
{
	for (unsigned i = 0; i + 1 < n; i++) {
		if (limb[i] < 0) {
			limb[i] += LIMB;
			limb[i + 1]--;
		}
	}
}

void
exact_value(struct big *out, const struct exact *e)
{
	int64_t limb[EXACT_LIMBS] = {0}, near[8];
	unsigned n = EXACT_LIMBS;

	if (e->far != NULL)
		memcpy(limb, e->far, sizeof(limb));
	for (uint32_t k = 0; k < EXACT_NEAR; k++) {
		number_limbs(near, e->near[k]);
		for (uint32_t i = 0; i < 8; i++)
			limb[2 * (e->base + k) + i] += near[i];
	}
	normalise(limb, n);
	while (n > 0 && limb[n - 1] == 0)
		n--;
	/* The highest limb decides the sign: those below are less than one. */
	out->negative = n > 0 && limb[n - 1] < 0;
	for (unsigned i = 0; out->negative && i < n; i++)
		limb[i] = -limb[i];
	settle(limb, n);
	while (n > 0 && limb[n - 1] == 0)
		n--;
	out->n = n;
	for (unsigned i = 0; i < n; i++)
		out->d[i] = (uint32_t)limb[i];
}

double
exact_round(const struct exact *e)
{
	struct big b;
	double m;
	int exp;

	exact_value(&b, e);
	m = big_round(&b, &exp);
	return ldexp(m, exp - 32 * EXACT_POINT);
}

void
exact_save(struct buf *out, const struct exact *e)
{
	struct big b;
	unsigned first = 0;

	exact_value(&b, e);
	if (b.n == 0) {
		buf_put_int(out, 0, 1);
		return;
	}
	while (b.d[first] == 0)
		first++;
	buf_put_int(out, b.negative ? 2 : 1, 1);
	buf_put_int(out, first, 1);
	buf_put_int(out, b.n - first, 1);
	for (unsigned i = first; i < b.n; i++)
		buf_put_int(out, b.d[i], 4);
}

/* Add n limbs, below 2^32, of the same sign, the first of number at. */
static void
add_limbs(
    struct exact *e, unsigned at, int64_t *limb, unsigned n, bool negative)
{
	uint64_t number[4] = {0}, carry = 1;
	unsigned odd = at % 2;

	if (n + odd < 8 && at / 2 < EXACT_MAX_BASE + EXACT_NEAR) {
		for (unsigned i = 0; i < n; i++)
			number[(i + odd) / 2] |= (uint64_t)limb[i]
						 << (i + odd) % 2 * 32;
		for (unsigned i = 0; i < 4 && negative; i++) {
			number[i] = ~number[i] + carry;
			carry &= number[i] == 0;
		}
		add_number(e, at / 2, number);
		return;
	}
	for (unsigned i = 0; i < n && negative; i++)
		limb[i] = -limb[i];
	add_far(e, at, limb, n);
}

int
exact_load(struct exact *e, struct cur *in)
{
	uint64_t sign = cur_get_int(in, 1), first, n;
	int64_t limb[EXACT_LIMBS];

	if (sign == 0)
		return in->failed ? -1 : 0;
	first = cur_get_int(in, 1);
	n = cur_get_int(in, 1);
	if (in->failed || sign > 2 || n == 0 || first + n > EXACT_LIMBS - 3)
		return -1;
	for (uint64_t i = 0; i < n; i++)
		limb[i] = (int64_t)cur_get_int(in, 4);
	if (in->failed || limb[0] == 0 || limb[n - 1] == 0)
		return -1;
	add_limbs(e, (unsigned)first, limb, (unsigned)n, sign == 2);
	return 0;
}
