/* SPDX-License-Identifier: ISC */
/*
 * Where records end that are lines, or several lines with --record-start.
 * millrace-formats(7).
 */
#ifndef MILLRACE_TEXT_RECORD_H
#define MILLRACE_TEXT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "text/text_int.h"

/*
 * The end of the record at the front of p[0..len), behind its last line end;
 * 0 when it is not there yet.  A record goes on to the next line that begins
 * one, and with last to the end.  *from: where a line begins behind which the
 * search goes on, 0 at first; it is moved.
 */
size_t record_start_end(
    struct text *t, size_t *from, const char *p, size_t len, bool last);

/*
 * The record of the block at *next: *end is its end without its line end,
 * *next is moved to the record behind it.  False when no whole one is left.
 */
static inline bool
record_next(
    struct text *t, const struct block *b, uint32_t *next, uint32_t *end)
{
	uint32_t from = *next;
	const char *nl;
	size_t line = 0, len;

	if (t->start == NULL) {
		nl = memchr(b->p + from, '\n', b->len - from);
		if (nl == NULL)
			return false;
		*end = (uint32_t)(nl - b->p);
	} else {
		len = record_start_end(
		    t, &line, b->p + from, b->len - from, b->last);
		if (len == 0)
			return false;
		*end = from + (uint32_t)len - 1;
	}
	*next = *end + 1;
	*end -= *end > from && b->p[*end - 1] == '\r';
	return true;
}

/* Whether --record-start says that a record begins with the line p[0..len). */
bool record_begins(const struct text *t, const char *p, size_t len);

/* The find_end() of formats whose records these are. */
size_t record_find_end(struct text *t, const char *p, size_t len);

/* The format lines, where a line need not be a record. */
extern const struct text_fmt record_lines;

#endif
