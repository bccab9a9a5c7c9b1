/* SPDX-License-Identifier: ISC */
/* Bitmaps by whole words. */
#ifndef MILLRACE_EXPR_BITS_H
#define MILLRACE_EXPR_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A bitmap of n bits that is read has (n + 7) / 8 bytes at any address, with
 * anything beyond bit n; one that is written has whole words of 8 bytes, and
 * zeros beyond bit n.
 */
static inline size_t
bits_words(size_t n)
{
	return (n + 63) / 64;
}

/* Word w of a bitmap of n bits, zeros beyond n. */
static inline uint64_t
bits_get(const uint8_t *bits, size_t w, size_t n)
{
	uint64_t v = 0;
	size_t left = n - w * 64;

	if (left >= 64) {
		memcpy(&v, bits + w * 8, 8);
		return v;
	}
	memcpy(&v, bits + w * 8, (left + 7) / 8);
	return v & ((UINT64_C(1) << left) - 1);
}

static inline void
bits_put(uint8_t *bits, size_t w, uint64_t v)
{
	memcpy(bits + w * 8, &v, 8);
}

/* Set a bit that is clear when v is true, without a branch. */
static inline void
bits_or(uint8_t *bits, size_t i, bool v)
{
	bits[i >> 3] |= (uint8_t)((unsigned)v << (i & 7));
}

/* out = a and b, a and not b, not a; out may be a or b. */
void bits_and(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t n);
void bits_andnot(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t n);
void bits_not(uint8_t *out, const uint8_t *a, size_t n);
void bits_copy(uint8_t *out, const uint8_t *a, size_t n);
void bits_fill(uint8_t *out, bool v, size_t n);

/* How many of n bits are set. */
size_t bits_count(const uint8_t *a, size_t n);

#endif
