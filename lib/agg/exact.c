/* SPDX-License-Identifier: ISC */
/* The exact sum of finite doubles. */
#include "agg/exact.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MAX_ADDS (1u << 30)

/* Every limb but the last into 0..2^32-1; the last has the sign. */
static void
normalise(struct exact *e)
{
	int64_t carry = 0;

	for (size_t i = 0; i + 1 < EXACT_LIMBS; i++) {
		int64_t v = e->limbs[i] + carry;

		e->limbs[i] = v & 0xffffffff;
		carry = (v - e->limbs[i]) / (INT64_C(1) << 32);
	}
	e->limbs[EXACT_LIMBS - 1] += carry;
	e->n_adds = 0;
}

void
exact_add(struct exact *e, double x)
{
	uint64_t bits, m, low;
	unsigned exp, shift;
	int64_t *limb;
	int64_t sign;

	memcpy(&bits, &x, sizeof(bits));
	exp = (unsigned)(bits >> 52) & 0x7ff;
	m = bits & ((UINT64_C(1) << 52) - 1);
	if (exp > 0) {
		m |= UINT64_C(1) << 52;
		exp--;
	}
	if (++e->n_adds >= MAX_ADDS)
		normalise(e);
	sign = bits >> 63 ? -1 : 1;
	shift = exp % 32;
	limb = &e->limbs[exp / 32];
	low = m << shift;
	limb[0] += sign * (int64_t)(low & 0xffffffff);
	limb[1] += sign * (int64_t)(low >> 32);
	if (shift > 0)
		limb[2] += sign * (int64_t)(m >> (64 - shift));
}

void
exact_merge(struct exact *e, const struct exact *from)
{
	struct exact f = *from;

	normalise(&f);
	if (++e->n_adds >= MAX_ADDS)
		normalise(e);
	for (size_t i = 0; i < EXACT_LIMBS; i++)
		e->limbs[i] += f.limbs[i];
}

/* Into *m the limbs of the absolute value; returns whether it is negative. */
static bool
magnitude(struct exact *m, const struct exact *e)
{
	*m = *e;
	normalise(m);
	if (m->limbs[EXACT_LIMBS - 1] >= 0)
		return false;
	for (size_t i = 0; i < EXACT_LIMBS; i++)
		m->limbs[i] = -m->limbs[i];
	normalise(m);
	return true;
}

static bool
bit(const struct exact *m, int at)
{
	return at >= 0 && (m->limbs[at / 32] >> (at % 32) & 1);
}

/* Whether a bit below at is set. */
static bool
any_below(const struct exact *m, int at)
{
	for (int i = 0; i < at / 32; i++) {
		if (m->limbs[i] != 0)
			return true;
	}
	return at > 0
	       && (m->limbs[at / 32] & ((INT64_C(1) << (at % 32)) - 1)) != 0;
}

double
exact_limb(const struct exact *e, unsigned i)
{
	return ldexp((double)e->limbs[i], (int)i * 32 - 1074);
}

double
exact_round(const struct exact *e)
{
	struct exact m;
	bool negative = magnitude(&m, e);
	uint64_t top = 0;
	int high = EXACT_LIMBS * 32 - 1, low;
	double v;

	while (high >= 0 && !bit(&m, high))
		high--;
	low = high > 52 ? high - 52 : 0;
	for (int at = high; at >= low; at--)
		top = top << 1 | bit(&m, at);
	/* At a tie the even one. */
	if (bit(&m, low - 1) && (any_below(&m, low - 1) || (top & 1) != 0))
		top++;
	v = ldexp((double)top, low - 1074);
	return negative ? -v : v;
}

void
exact_save(struct buf *out, const struct exact *e)
{
	struct exact m;
	bool negative = magnitude(&m, e);
	unsigned first = 0, end = EXACT_LIMBS;

	while (end > 0 && m.limbs[end - 1] == 0)
		end--;
	if (end == 0) {
		buf_put_int(out, 0, 1);
		return;
	}
	while (m.limbs[first] == 0)
		first++;
	buf_put_int(out, negative ? 2 : 1, 1);
	buf_put_int(out, first, 1);
	buf_put_int(out, end - first, 1);
	for (unsigned i = first; i < end; i++)
		buf_put_int(out, (uint64_t)m.limbs[i], 4);
}

int
exact_load(struct exact *e, struct cur *in)
{
	uint64_t sign = cur_get_int(in, 1), first, n;

	if (sign == 0)
		return in->failed ? -1 : 0;
	first = cur_get_int(in, 1);
	n = cur_get_int(in, 1);
	if (in->failed || sign > 2 || n == 0 || first + n > EXACT_LIMBS)
		return -1;
	if (++e->n_adds >= MAX_ADDS)
		normalise(e);
	for (uint64_t i = first; i < first + n; i++) {
		int64_t v = (int64_t)cur_get_int(in, 4);

		e->limbs[i] += sign == 2 ? -v : v;
	}
	return in->failed ? -1 : 0;
}
