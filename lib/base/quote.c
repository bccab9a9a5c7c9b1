/* SPDX-License-Identifier: ISC */
/* Data inside of messages, made safe for a terminal. */
#include "base/quote.h"

#include "base/buf.h"
#include "base/utf8.h"

/* One character at the front of s, or one byte that is none; its bytes. */
static size_t
put(struct buf *b, const char *s, size_t len, const char *keep)
{
	uint32_t cp = 0;
	size_t n = utf8_decode(&cp, s, len);

	if (n != 0
	    && (!utf8_is_hostile(cp)
		|| (cp != 0 && cp < 0x80 && strchr(keep, (int)cp) != NULL))) {
		buf_put(b, s, n);
		return n;
	}
	n = n == 0 ? 1 : n;
	for (size_t k = 0; k < n; k++)
		buf_printf(b, "\\x%02x", (unsigned char)s[k]);
	return n;
}

void
quote_put(struct buf *b, const char *s, size_t len)
{
	for (size_t i = 0; i < len;)
		i += put(b, s + i, len - i, "");
}

void
quote_lines(struct buf *b, const char *s, size_t len)
{
	for (size_t i = 0; i < len;)
		i += put(b, s + i, len - i, "\n\t");
}

void
quote_cut(struct buf *b, const char *s, size_t len, size_t max)
{
	size_t i = 0;

	while (i < len && i < max)
		i += put(b, s + i, len - i, "");
	if (i < len)
		buf_puts(b, "...");
}
