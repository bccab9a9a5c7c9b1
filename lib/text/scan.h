/* SPDX-License-Identifier: ISC */
/* One separator after the other, byte by byte, quotes minded. */
#ifndef MILLRACE_TEXT_SCAN_H
#define MILLRACE_TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum scan_state { SCAN_START, SCAN_PLAIN, SCAN_QUOTED, SCAN_CLOSED };

/* A place in a record, kept while more bytes come.  Zero is its beginning. */
struct scan {
	enum scan_state state;
	size_t at;
	size_t open; /* the last opening quote */
	bool astray; /* text follows a closing quote in this field */
};

/*
 * Move to the next delim or line end outside of quotes (quote -1: there are
 * none).  True with s->at there, false when there is none up to len.
 * scan_field steps over it.
 */
bool scan_next(
    struct scan *s, const char *p, size_t len, char delim, int quote);
void scan_field(struct scan *s);

#endif
