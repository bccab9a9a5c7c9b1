/* SPDX-License-Identifier: ISC */
/* The text of JSON strings.  RFC 8259, section 7. */
#include "text/jsonstr.h"

#include <string.h>

#include "base/utf8.h"

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
			to += utf8_encode(to, cp);
		s += n;
	}
	return (size_t)(to - start);
}

size_t
jsonstr_byte(char *to, unsigned char c)
{
	static const char letters[] = "btn\0fr"; /* of 0x08..0x0d */
	char letter = c >= 0x08 && c <= 0x0d ? letters[c - 0x08] : '\0';

	if (c == '"' || c == '\\')
		letter = (char)c;
	to[0] = '\\';
	if (letter != '\0') {
		to[1] = letter;
		return 2;
	}
	memcpy(to + 1, "u00", 3);
	to[4] = "0123456789abcdef"[c >> 4];
	to[5] = "0123456789abcdef"[c & 15];
	return 6;
}

size_t
jsonstr_write(char *to, const char *s, size_t len)
{
	char *start = to;

	*to++ = '"';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == '"' || c == '\\')
			to += jsonstr_byte(to, c);
		else
			*to++ = (char)c;
	}
	*to++ = '"';
	return (size_t)(to - start);
}

void
jsonstr_quote(struct buf *b, const char *s, size_t len)
{
	uint8_t *to = buf_reserve(b, JSONSTR_QUOTED(len));

	if (to != NULL)
		b->len += jsonstr_write((char *)to, s, len);
}
