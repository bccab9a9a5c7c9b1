/* SPDX-License-Identifier: ISC */
/* Bitmaps by whole words. */
#include "expr/bits.h"

void
bits_and(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t w = 0; w < bits_words(n); w++)
		bits_put(out, w, bits_get(a, w, n) & bits_get(b, w, n));
}

void
bits_andnot(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t w = 0; w < bits_words(n); w++)
		bits_put(out, w, bits_get(a, w, n) & ~bits_get(b, w, n));
}

void
bits_not(uint8_t *out, const uint8_t *a, size_t n)
{
	for (size_t w = 0; w < bits_words(n); w++)
		bits_put(out, w, ~bits_get(a, w, n));
	if (n % 64 != 0)
		bits_put(out, n / 64, bits_get(out, n / 64, n));
}

void
bits_copy(uint8_t *out, const uint8_t *a, size_t n)
{
	for (size_t w = 0; w < bits_words(n); w++)
		bits_put(out, w, bits_get(a, w, n));
}

void
bits_fill(uint8_t *out, bool v, size_t n)
{
	memset(out, v ? 0xff : 0, bits_words(n) * 8);
	if (n % 64 != 0)
		bits_put(out, n / 64, bits_get(out, n / 64, n));
}

size_t
bits_count(const uint8_t *a, size_t n)
{
	size_t count = 0;

	for (size_t w = 0; w < bits_words(n); w++)
		count += (size_t)__builtin_popcountll(bits_get(a, w, n));
	return count;
}
