/* SPDX-License-Identifier: ISC */
/* The pairs of logfmt, one after the other.  millrace-formats(7). */
#ifndef MILLRACE_TEXT_LOGFMT_H
#define MILLRACE_TEXT_LOGFMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/walk.h"

/* One key and its value. */
struct logfmt_pair {
	uint32_t key, key_end;
	uint32_t from, end; /* the value without its quotes */
	bool bare; /* a key alone */
};

/*
 * The pair at w->at, which moves behind it: 1, 0 at the end of the record, -1
 * with w->what when there is none.  CELL_PAD bytes behind the record may be
 * read, and a control character, its line end, is among them.
 */
int logfmt_next(struct walk *w, struct logfmt_pair *pair);

/* As text_header; no bytes are taken. */
int logfmthead_read(
    struct text *t, size_t *used, const char *p, size_t len, bool eof);

#endif
