/* SPDX-License-Identifier: ISC */
/* One separator after the other, byte by byte, quotes minded. */
#include "text/scan.h"

#include <string.h>

/* Behind a closing quote: a doubled one, a CR before a line end, or text. */
static void
after_quote(struct scan *s, char c, char next, int quote)
{
	bool doubled = (unsigned char)c == quote;

	s->state = doubled ? SCAN_QUOTED : SCAN_PLAIN;
	if (!doubled && !(c == '\r' && next == '\n'))
		s->astray = true;
}

bool
scan_next(struct scan *s, const char *p, size_t len, char delim, int quote)
{
	const char *q;

	for (; s->at < len; s->at++) {
		char c = p[s->at];

		if (s->state == SCAN_START && (unsigned char)c == quote) {
			s->state = SCAN_QUOTED;
			s->open = s->at;
		} else if (s->state == SCAN_QUOTED) {
			q = memchr(p + s->at, quote, len - s->at);
			s->at = q == NULL ? len - 1 : (size_t)(q - p);
			if (q != NULL)
				s->state = SCAN_CLOSED;
		} else if (c == delim || c == '\n') {
			return true;
		} else if (s->state == SCAN_CLOSED) {
			if (c == '\r' && s->at + 1 == len)
				return false;
			after_quote(s, c, c == '\r' ? p[s->at + 1] : c, quote);
		} else {
			s->state = SCAN_PLAIN;
		}
	}
	return false;
}

void
scan_field(struct scan *s)
{
	s->at++;
	s->state = SCAN_START;
	s->astray = false;
}
