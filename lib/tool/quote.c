/* SPDX-License-Identifier: ISC */
/* Data inside of messages, made safe for a terminal. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "tool/tool.h"

#define QUOTE_BYTES 200

const char *
tool_quote(char out[TOOL_QUOTE_MAX], const char *p, size_t len)
{
	size_t i = 0, at = 0, n;
	uint32_t cp = 0;

	while (i < len && i < QUOTE_BYTES) {
		n = utf8_decode(&cp, p + i, len - i);
		if (n == 0 || utf8_is_hostile(cp)) {
			n = n == 0 ? 1 : n;
			for (size_t k = 0; k < n; k++)
				at += (size_t)snprintf(out + at,
				    TOOL_QUOTE_MAX - at, "\\x%02x",
				    (unsigned char)p[i + k]);
		} else {
			for (size_t k = 0; k < n; k++)
				out[at++] = p[i + k];
		}
		i += n;
	}
	snprintf(out + at, TOOL_QUOTE_MAX - at, "%s", i < len ? "..." : "");
	return out;
}

void
tool_quote_text(struct buf *out, const char *text)
{
	size_t len = strlen(text), n;
	uint32_t cp = 0;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_decode(&cp, text + i, len - i);
		if (n != 0
		    && (!utf8_is_hostile(cp) || cp == '\n' || cp == '\t')) {
			buf_put(out, text + i, n);
			continue;
		}
		n = n == 0 ? 1 : n;
		for (size_t k = 0; k < n; k++)
			buf_printf(out, "\\x%02x", (unsigned char)text[i + k]);
	}
}
