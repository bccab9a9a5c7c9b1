/* SPDX-License-Identifier: ISC */
/* Data inside of messages, made safe for a terminal. */
#include <stdio.h>

#include "tool/tool.h"

#define QUOTE_BYTES 200

/*
 * The length of the UTF-8 character at p and its code point, or 0 when it is
 * none.
 */
static size_t
character(uint32_t *cp, const unsigned char *p, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = p[0] < 0x80       ? 1
		   : p[0] >> 5 == 6  ? 2
		   : p[0] >> 4 == 14 ? 3
		   : p[0] >> 3 == 30 ? 4
				     : 0;

	if (n == 0 || n > len)
		return 0;
	*cp = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		*cp = *cp << 6 | (p[i] & 0x3f);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return 0;
	return n;
}

/* Whether a terminal could take it for more than a letter. */
static bool
is_hostile(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x61c
	       || cp == 0x200e || cp == 0x200f || (cp >= 0x202a && cp <= 0x202e)
	       || (cp >= 0x2066 && cp <= 0x2069);
}

const char *
tool_quote(char out[TOOL_QUOTE_MAX], const char *p, size_t len)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t i = 0, at = 0, n;
	uint32_t cp = 0;

	while (i < len && i < QUOTE_BYTES) {
		n = character(&cp, s + i, len - i);
		if (n == 0 || is_hostile(cp)) {
			n = n == 0 ? 1 : n;
			for (size_t k = 0; k < n; k++)
				at += (size_t)snprintf(out + at,
				    TOOL_QUOTE_MAX - at, "\\x%02x", s[i + k]);
		} else {
			for (size_t k = 0; k < n; k++)
				out[at++] = p[i + k];
		}
		i += n;
	}
	snprintf(out + at, TOOL_QUOTE_MAX - at, "%s", i < len ? "..." : "");
	return out;
}
