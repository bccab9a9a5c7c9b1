/* SPDX-License-Identifier: ISC */
/* UTF-8, one code point at a time.  RFC 3629. */
#ifndef MILLRACE_BASE_UTF8_H
#define MILLRACE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The code point at the front of s[0..len), len > 0, into *cp.  Returns its
 * bytes, 1..4, or 0 when the front is not well-formed: cut short, overlong,
 * a surrogate, above U+10FFFF, or a stray continuation byte.
 */
static inline size_t
utf8_decode(uint32_t *cp, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n;
	uint32_t c = p[0];

	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || n > len)
		return 0;
	c &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return n;
}

/* Whether the whole of s[0..len) is well-formed. */
static inline bool
utf8_valid(const char *s, size_t len)
{
	uint32_t cp;
	size_t used;

	for (; len > 0; s += used, len -= used) {
		used = utf8_decode(&cp, s, len);
		if (used == 0)
			return false;
	}
	return true;
}

/* The bytes of a code point, at most U+10FFFF, into out; their number. */
static inline size_t
utf8_encode(char out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/*
 * Whether a code point must not reach a terminal as it is: C0, DEL, C1, bidi
 * marks, embeddings, overrides and isolates, other invisible format
 * characters, and line and paragraph separators.
 */
static inline bool
utf8_is_hostile(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c
	       || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e)
	       || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff
	       || (c >= 0xfff9 && c <= 0xfffb)
	       || (c >= 0xe0000 && c <= 0xe007f);
}

#endif
