/* SPDX-License-Identifier: ISC */
/* The text of JSON strings.  RFC 8259, section 7. */
#include "text/jsonstr.h"

#include <string.h>

/* The number of 4 hexadecimal digits, or -1. */
static int32_t
hex4(const char *s)
{
	int32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		int32_t c = (unsigned char)s[i], d = c | 0x20;

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (d >= 'a' && d <= 'f')
			v = v << 4 | (d - 'a' + 10);
		else
			return -1;
	}
	return v;
}

size_t
jsonstr_escape(uint32_t *cp, const char *s, size_t len)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *known;
	int32_t v, low;

	if (len < 2)
		return 0;
	known = s[1] == '\0' ? NULL : strchr(from, s[1]);
	if (known != NULL) {
		*cp = (unsigned char)into[known - from];
		return 2;
	}
	if (s[1] != 'u' || len < 6 || (v = hex4(s + 2)) == -1)
		return 0;
	*cp = (uint32_t)v;
	if (v < 0xd800 || v > 0xdbff || len < 12 || s[6] != '\\' || s[7] != 'u')
		return 6;
	low = hex4(s + 8);
	if (low < 0xdc00 || low > 0xdfff)
		return 6;
	*cp = 0x10000 + (uint32_t)((v & 0x3ff) << 10 | (low & 0x3ff));
	return 12;
}

static size_t
put_utf8(char *to, uint32_t cp)
{
	size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

	if (n == 1) {
		*to = (char)cp;
		return 1;
	}
	for (size_t i = n - 1; i > 0; i--, cp >>= 6)
		to[i] = (char)(0x80 | (cp & 0x3f));
	to[0] = (char)(0xf00 >> n | cp);
	return n;
}

size_t
jsonstr_plain(char *to, const char *s, size_t len)
{
	const char *end = s + len, *start = to;

	while (s < end) {
		const char *esc = memchr(s, '\\', (size_t)(end - s));
		size_t n = (size_t)((esc == NULL ? end : esc) - s);
		uint32_t cp;

		memcpy(to, s, n);
		to += n;
		s += n;
		if (esc == NULL)
			break;
		n = jsonstr_escape(&cp, s, (size_t)(end - s));
		if (n == 0)
			*to++ = *s++;
		else
			to += put_utf8(to, cp);
		s += n;
	}
	return (size_t)(to - start);
}

void
jsonstr_quote(struct buf *b, const char *s, size_t len)
{
	buf_putc(b, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20)
			buf_printf(b, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else
			buf_putc(b, (char)c);
	}
	buf_putc(b, '"');
}
