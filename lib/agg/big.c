/* SPDX-License-Identifier: ISC */
/* Whole numbers of many digits. */
#include "agg/big.h"

#include <assert.h>
#include <string.h>

static void
trim(struct big *b)
{
	while (b->n > 0 && b->d[b->n - 1] == 0)
		b->n--;
	if (b->n == 0)
		b->negative = false;
}

void
big_mul(struct big *out, const struct big *a, const struct big *b)
{
	assert(a->n + b->n <= BIG_DIGITS);
	out->n = a->n + b->n;
	out->negative = a->negative != b->negative;
	memset(out->d, 0, out->n * sizeof(*out->d));
	for (unsigned i = 0; i < a->n; i++) {
		uint64_t carry = 0;

		/* Most low digits are 0. */
		for (unsigned j = 0; j < b->n && a->d[i] != 0; j++) {
			carry += (uint64_t)a->d[i] * b->d[j] + out->d[i + j];
			out->d[i + j] = (uint32_t)carry;
			carry >>= 32;
		}
		out->d[i + b->n] = (uint32_t)carry;
	}
	trim(out);
}

void
big_scale(struct big *b, uint64_t k)
{
	struct big factor = {.n = 2, .d = {(uint32_t)k, (uint32_t)(k >> 32)}};
	struct big product;

	trim(&factor);
	big_mul(&product, b, &factor);
	*b = product;
}

void
big_shift(struct big *b, unsigned digits)
{
	if (b->n == 0)
		return;
	assert(b->n + digits <= BIG_DIGITS);
	memmove(b->d + digits, b->d, b->n * sizeof(*b->d));
	memset(b->d, 0, digits * sizeof(*b->d));
	b->n += digits;
}

static uint32_t
digit(const struct big *b, unsigned i)
{
	return i < b->n ? b->d[i] : 0;
}

/* Whether the magnitude of a is below that of b. */
static bool
is_less(const struct big *a, const struct big *b)
{
	if (a->n != b->n)
		return a->n < b->n;
	for (unsigned i = a->n; i-- > 0;) {
		if (a->d[i] != b->d[i])
			return a->d[i] < b->d[i];
	}
	return false;
}

void
big_sub(struct big *out, const struct big *a, const struct big *b)
{
	bool swap = is_less(a, b), add = a->negative != b->negative;
	const struct big *x = swap ? b : a, *y = swap ? a : b;
	int64_t carry = 0;

	assert(x->n < BIG_DIGITS);
	out->n = x->n + 1;
	out->negative = add ? a->negative : a->negative != swap;
	for (unsigned i = 0; i < out->n; i++) {
		int64_t v = digit(y, i);

		v = carry + digit(x, i) + (add ? v : -v);
		out->d[i] = (uint32_t)v;
		carry = v >> 32;
	}
	trim(out);
}

static unsigned
bit(const struct big *b, int at)
{
	return at < 0 ? 0 : digit(b, (unsigned)at / 32) >> (at % 32) & 1;
}

static bool
any_below(const struct big *b, int at)
{
	for (int i = 0; i < at / 32; i++) {
		if (b->d[i] != 0)
			return true;
	}
	return at > 0 && (b->d[at / 32] & ((UINT32_C(1) << at % 32) - 1)) != 0;
}

double
big_round(const struct big *b, int *exp)
{
	uint64_t top = 0;
	int high, low;

	*exp = 0;
	if (b->n == 0)
		return 0;
	high = (int)b->n * 32 - 1 - __builtin_clz(b->d[b->n - 1]);
	low = high - 52;
	for (int at = high; at >= low; at--)
		top = top << 1 | bit(b, at);
	/* At a tie the even one. */
	if (bit(b, low - 1) != 0 && (any_below(b, low - 1) || (top & 1) != 0))
		top++;
	*exp = low;
	return b->negative ? -(double)top : (double)top;
}
