/* SPDX-License-Identifier: ISC */
/* The bytes of a text that an output format writes as they are. */
#ifndef MILLRACE_TEXT_RENDER_PLAIN_H
#define MILLRACE_TEXT_RENDER_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * How many bytes at the front of s[0..len) are at least lim, not a, not b,
 * and, when ascii, below 0x80: those that need no escape.
 */
struct render_plain {
	unsigned char lim, a, b;
	bool ascii;
};

/* The top bits of those bytes of w that are not plain. */
static inline uint64_t
render_odd(const struct render_plain *k, uint64_t w)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t a = w ^ ones * k->a;
	uint64_t b = w ^ ones * k->b;
	uint64_t hit = ((a - ones) & ~a) | ((b - ones) & ~b)
		       | ((w - ones * k->lim) & ~w) | (k->ascii ? w : 0);

	return hit & ones << 7;
}

/* The last 8 bytes of s[0..len), or all of 4 to 7, some of them twice. */
static inline uint64_t
render_tail(const char *s, size_t len)
{
	uint64_t w;
	uint32_t lo, hi;

	if (len >= 8) {
		memcpy(&w, s + len - 8, 8);
		return w;
	}
	memcpy(&lo, s, 4);
	memcpy(&hi, s + len - 4, 4);
	return (uint64_t)hi << 32 | lo;
}

static inline size_t
render_plain(const struct render_plain *k, const char *s, size_t len)
{
	size_t i;
	uint64_t w;

	for (i = 0; len - i >= 8; i += 8) {
		memcpy(&w, s + i, 8);
		if (render_odd(k, w) != 0)
			break;
	}
	if (len - i < 8 && len >= 4 && render_odd(k, render_tail(s, len)) == 0)
		return len;
	for (; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < k->lim || c == k->a || c == k->b
		    || (k->ascii && c >= 0x80))
			break;
	}
	return i;
}

#endif
