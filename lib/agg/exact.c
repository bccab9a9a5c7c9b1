/* SPDX-License-Identifier: ISC */
/* Exact sums of finite doubles and of products of two. */
#include "agg/exact.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

#define LIMB (INT64_C(1) << 32)

void
exact_release(struct exact *e)
{
	free(e->far);
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

/* near normalised, with a limb for what leaves it. */
static void
near_limbs(int64_t out[EXACT_NEAR + 1], const struct exact *e)
{
	memcpy(out, e->near, sizeof(e->near));
	out[EXACT_NEAR] = 0;
	normalise(out, EXACT_NEAR + 1);
}

void
exact_move(struct exact *e, uint32_t limb)
{
	int64_t out[EXACT_NEAR + 1];

	if (e->n_near > 0) {
		near_limbs(out, e);
		add_far(e, e->base, out, EXACT_NEAR + 1);
		memset(e->near, 0, sizeof(e->near));
		e->n_near = 0;
	}
	/* Smaller values are as likely to follow as larger ones. */
	e->base = limb > 3 ? limb - 3 : 0;
	if (e->base > EXACT_LIMBS - EXACT_NEAR - 1)
		e->base = EXACT_LIMBS - EXACT_NEAR - 1;
}

/* Add n limbs below 2^32 from number at on, beside the others if they fit. */
static void
add_limbs(struct exact *e, unsigned at, const int64_t *limb, unsigned n)
{
	while (n > 0 && limb[n - 1] == 0)
		n--;
	for (; n > 0 && *limb == 0; n--, limb++)
		at++;
	if (n == 0)
		return;
	if (e->n_near == 0 || e->n_near >= EXACT_MAX_ADDS)
		exact_move(e, at + n / 2);
	if (at < e->base || at + n > e->base + EXACT_NEAR) {
		add_far(e, at, limb, n);
		return;
	}
	e->n_near++;
	for (unsigned i = 0; i < n; i++)
		e->near[at - e->base + i] += limb[i];
}

void
exact_merge(struct exact *e, const struct exact *from)
{
	int64_t limb[EXACT_LIMBS];

	if (from->n_near > 0) {
		near_limbs(limb, from);
		add_limbs(e, from->base, limb, EXACT_NEAR + 1);
	}
	if (from->far == NULL)
		return;
	memcpy(limb, from->far, sizeof(limb));
	normalise(limb, EXACT_LIMBS);
	add_limbs(e, 0, limb, EXACT_LIMBS);
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
	int64_t limb[EXACT_LIMBS] = {0}, near[EXACT_NEAR + 1];
	unsigned n = EXACT_LIMBS;

	near_limbs(near, e);
	if (e->far != NULL)
		memcpy(limb, e->far, sizeof(limb));
	for (unsigned i = 0; i < EXACT_NEAR + 1; i++)
		limb[e->base + i] += near[i];
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
exact_limb(const struct exact *e, unsigned i)
{
	return ldexp((double)e->limbs[i], (int)i * 32 - 1074);
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
	for (uint64_t i = 0; i < n; i++) {
		limb[i] = (int64_t)cur_get_int(in, 4);
		if (sign == 2)
			limb[i] = -limb[i];
	}
	if (in->failed || limb[0] == 0 || limb[n - 1] == 0)
		return -1;
	add_limbs(e, (unsigned)first, limb, (unsigned)n);
	return 0;
}
