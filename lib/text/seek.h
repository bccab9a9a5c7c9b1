/* SPDX-License-Identifier: ISC */
/*
 * The next byte of a kind, where fields are short: a call of memchr() costs
 * more than such a field has bytes.
 */
#ifndef MILLRACE_TEXT_SEEK_H
#define MILLRACE_TEXT_SEEK_H

#include <stdint.h>

#include "text/cellfast.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/*
 * The first c in p[at..end), or end.  CELL_PAD bytes behind end may be read;
 * they need not be set.
 */
static inline uint32_t
seek_byte(const char *p, uint32_t at, uint32_t end, char c)
{
#if defined(__SSE2__)
	const __m128i want = _mm_set1_epi8(c);

	for (; at < end; at += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(p + at));
		unsigned hit =
		    (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, want));

		if (hit != 0) {
			at += (unsigned)__builtin_ctz(hit);
			break;
		}
	}
#else
	for (; at < end; at += 8) {
		unsigned n = cell_find(cell_load(p + at), c);

		if (n < 8) {
			at += n;
			break;
		}
	}
#endif
	return at < end ? at : end;
}

#endif
