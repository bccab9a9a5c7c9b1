/* SPDX-License-Identifier: ISC */
/* What formats of access logs share.  millrace-formats(7), Access logs. */
#ifndef MILLRACE_TEXT_CLF_H
#define MILLRACE_TEXT_CLF_H

#include "text/walk.h"

/*
 * The quote that closes the field which begins at byte at of p, behind its
 * opening quote; UINT32_MAX when there is none before end.  Quotes behind an
 * odd number of backslashes belong to the field.
 */
static inline uint32_t
clf_quote_end(const char *p, uint32_t at, uint32_t end)
{
	for (;;) {
		uint32_t q = seek_byte(p, at, end, '"'), s = q;

		if (q == end)
			return UINT32_MAX;
		while (p[s - 1] == '\\')
			s--;
		if ((q - s) % 2 == 0)
			return q;
		at = q + 1;
	}
}

/*
 * clf_split_request: set the fields method, method + 1 (path) and method + 2
 * (protocol) from the field request.
 * clf_plain: as plain() of a format.
 */
void clf_split_request(struct walk *w, size_t request, size_t method);
void clf_plain(uint32_t *out, struct side *side, const struct text_null *null,
    const struct cells *in);

#endif
