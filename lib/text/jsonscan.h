/* SPDX-License-Identifier: ISC */
/* Steps over the bytes of a JSON text that mean nothing by themselves. */
#ifndef MILLRACE_TEXT_JSONSCAN_H
#define MILLRACE_TEXT_JSONSCAN_H

#include <stdint.h>

#include "text/cellfast.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/*
 * The first byte from s on that may not stand inside a string as it is, or
 * must be looked at: a quote, a backslash, below 0x20, above 0x7f.  There is
 * one, and CELL_PAD bytes behind it may be read.
 */
typedef const char *(*jsonscan_fn)(const char *s);

static inline const char *
jsonscan_portable(const char *s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t w, quote, slash, found;

	for (;; s += 8) {
		w = cell_load(s);
		quote = w ^ (ones * '"');
		slash = w ^ (ones * '\\');
		/* Borrows only spoil bytes above one that is found. */
		found = (((quote - ones) & ~quote) | ((slash - ones) & ~slash)
			    | ((w - ones * 0x20) & ~w) | w)
			& (ones * 0x80);
		if (found != 0)
			return s + __builtin_ctzll(found) / 8;
	}
}

static inline const char *
jsonscan_best(const char *s)
{
#if defined(__SSE2__)
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i slash = _mm_set1_epi8('\\');
	const __m128i space = _mm_set1_epi8(' ');

	for (;; s += 16) {
		__m128i w = _mm_loadu_si128((const __m128i_u *)s);
		__m128i eq = _mm_or_si128(
		    _mm_cmpeq_epi8(w, quote), _mm_cmpeq_epi8(w, slash));
		/* Signed, so that bytes above 0x7f are below the space. */
		__m128i low = _mm_cmplt_epi8(w, space);
		int bits = _mm_movemask_epi8(_mm_or_si128(eq, low));

		if (bits != 0)
			return s + __builtin_ctz((unsigned)bits);
	}
#else
	return jsonscan_portable(s);
#endif
}

/* The first byte from s on that is no digit. */
static inline const char *
jsonscan_digits(const char *s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t w, other;

	for (;; s += 8) {
		w = cell_load(s) ^ (ones * '0');
		other = ((w & (ones * 0x7f)) + ones * (0x80 - 10)) | w;
		other &= ones * 0x80;
		if (other != 0)
			return s + __builtin_ctzll(other) / 8;
	}
}

#endif
