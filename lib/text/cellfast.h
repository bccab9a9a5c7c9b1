/* SPDX-License-Identifier: ISC */
/*
 * The common shapes of a value, for loops over a column to inline.  Each
 * gives what cell_convert gives, or false for cells that are not so simple.
 */
#ifndef MILLRACE_TEXT_CELLFAST_H
#define MILLRACE_TEXT_CELLFAST_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "text/cell.h"

/* The functions here may read this many bytes from a cell's start. */
#define CELL_PAD 64

static inline uint64_t
cell_load(const char *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof(w));
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		w = __builtin_bswap64(w);
	return w;
}

/* The number that 8 digits stand for; false when they are not all digits. */
static inline bool
cell_digits8(uint64_t *v, uint64_t w)
{
	uint64_t low = w - UINT64_C(0x3030303030303030);

	if (((w & UINT64_C(0xf0f0f0f0f0f0f0f0))
		| ((w + UINT64_C(0x0606060606060606))
		      & UINT64_C(0xf0f0f0f0f0f0f0f0))
		      >> 4)
	    != UINT64_C(0x3333333333333333))
		return false;
	low = low * 10 + (low >> 8);
	*v =
	    ((low & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064)
		+ (low >> 16 & UINT64_C(0x000000ff000000ff))
		      * UINT64_C(0x0000271000000001))
	    >> 32;
	return true;
}

/* n of 1..8 digits at the low end of w. */
static inline bool
cell_digits(uint64_t *v, uint64_t w, unsigned n)
{
	unsigned shift = 64 - 8 * n;

	w <<= shift;
	if (shift > 0)
		w |= UINT64_C(0x3030303030303030) >> (64 - shift);
	return cell_digits8(v, w);
}

/* n of 1..19 digits, below 10^19. */
static inline bool
cell_digits_long(uint64_t *v, const char *s, uint32_t n)
{
	uint64_t a, b, c;

	if (n <= 8)
		return cell_digits(v, cell_load(s), n);
	if (n <= 16) {
		if (!cell_digits(&a, cell_load(s), n - 8)
		    || !cell_digits8(&b, cell_load(s + n - 8)))
			return false;
		*v = a * 100000000 + b;
		return true;
	}
	if (!cell_digits(&a, cell_load(s), n - 16)
	    || !cell_digits8(&b, cell_load(s + n - 16))
	    || !cell_digits8(&c, cell_load(s + n - 8)))
		return false;
	*v = (a * 100000000 + b) * 100000000 + c;
	return true;
}

static inline bool
cell_int_fast(int64_t *v, const char *s, uint32_t len)
{
	uint64_t u;
	bool minus = *s == '-';

	s += minus;
	len -= minus;
	if (len - 1 >= 19 || !cell_digits_long(&u, s, len) || u > INT64_MAX)
		return false;
	*v = minus ? -(int64_t)u : (int64_t)u;
	return true;
}

/* The number of the first byte of w that is c, 8 for none. */
static inline unsigned
cell_find(uint64_t w, char c)
{
	uint64_t x = w ^ (UINT64_C(0x0101010101010101) * (uint8_t)c);

	x = (x - UINT64_C(0x0101010101010101)) & ~x
	    & UINT64_C(0x8080808080808080);
	return x == 0 ? 8 : (unsigned)__builtin_ctzll(x) / 8;
}

/*
 * Decimals without an exponent.  At most 15 digits beside a point are below
 * 2^53, so that they as one integer, and a power of ten below 10^23, are exact
 * doubles, and their quotient is correctly rounded (Clinger, How to read
 * floating point numbers accurately).  Without a point only the conversion of
 * the integer rounds.
 */
static inline bool
cell_float_fast(int64_t *bits, const char *s, uint32_t len)
{
	static const double pow10[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
	    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};
	bool minus = *s == '-';
	uint64_t w, m;
	unsigned dot, frac;
	double d;

	s += minus;
	len -= minus;
	if (len - 1 >= 16 || (len == 1 && *s == '.'))
		return false;
	w = cell_load(s);
	dot = cell_find(w, '.');
	if (len <= 8 && dot < len) {
		uint64_t low = (UINT64_C(1) << (8 * dot)) - 1;

		w = (w & low) | (w >> 8 & ~low);
		frac = len - 1 - dot;
		if (!cell_digits(&m, w, len - 1))
			return false;
	} else {
		uint64_t f = 0;

		if (dot == 8)
			dot += cell_find(cell_load(s + 8), '.');
		if (dot > len)
			dot = len;
		if (dot == 0 || !cell_digits_long(&m, s, dot))
			return false;
		frac = dot < len ? len - 1 - dot : 0;
		if (frac > 0 && !cell_digits_long(&f, s + dot + 1, frac))
			return false;
		m = m * (uint64_t)pow10[frac] + f;
	}
	d = (double)m / pow10[frac];
	d = minus ? -d : d;
	memcpy(bits, &d, sizeof(d));
	return true;
}

#endif
