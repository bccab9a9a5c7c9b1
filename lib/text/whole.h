/* SPDX-License-Identifier: ISC */
/* Text in blocks of whole records, to be parsed apart. */
#ifndef MILLRACE_TEXT_WHOLE_H
#define MILLRACE_TEXT_WHOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "text/text.h"

#define WHOLE_PAD 64 /* bytes behind a block that can be read */

/*
 * whole_can: whether the records of a source can be parsed in blocks, each by
 * a parser of its own that enters the place where they began.  In some formats
 * a record depends on those before it.
 * whole_end: the bytes of p[0..len), where a record begins, up to the last end
 * of one as it is seen without a parse; 0 when none is.  WHOLE_PAD bytes
 * behind len can be read.
 * whole_is_sure: whether it is one, so that the block can be parsed as if the
 * source ended there.  In JSON, whose records may stand on several lines, it
 * is a guess: what a parse uses tells.
 */
bool whole_can(const struct text *t);
bool whole_is_sure(const struct text *t);
size_t whole_end(struct text *t, const char *p, size_t len);

#endif
