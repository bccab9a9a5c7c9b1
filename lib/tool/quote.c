/* SPDX-License-Identifier: ISC */
/* Data as an argument of a message. */
#include "base/quote.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "tool/tool.h"

#define QUOTE_BYTES 200

const char *
tool_quote(char out[TOOL_QUOTE_MAX], const char *p, size_t len)
{
	struct buf b = {.max = TOOL_QUOTE_MAX};

	quote_cut(&b, p, len, QUOTE_BYTES);
	buf_putc(&b, '\0');
	assert(!b.failed); /* 4 bytes for each of 203, and "..." */
	memcpy(out, b.data, b.len);
	buf_release(&b);
	return out;
}
