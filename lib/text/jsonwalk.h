/* SPDX-License-Identifier: ISC */
/*
 * One JSON text, checked in every part and taken apart where it is wanted.
 * RFC 8259.
 */
#ifndef MILLRACE_TEXT_JSONWALK_H
#define MILLRACE_TEXT_JSONWALK_H

#include <stdbool.h>
#include <stdint.h>

#include "text/jsontree.h"

#define JSONWALK_DEPTH 64 /* levels of nesting */

struct jsonwalk {
	struct jsontree tree; /* of wanted paths */
	bool utf8; /* strings must be UTF-8, without lone surrogates */
	bool arrays; /* tell of wanted arrays by marked */
	bool portable; /* no instructions for vectors, for tests */
	uint64_t n; /* records so far */
	/* Of the last record: */
	bool marked; /* a wanted string has escapes, or an array is wanted */
	uint32_t lines; /* line ends inside it */
	bool more; /* it goes on behind the limit */
	uint32_t at; /* where it is wrong */
	const char *what; /* static */
};

void jsonwalk_init(struct jsonwalk *w);
void jsonwalk_release(struct jsonwalk *w);

/*
 * Walk the text that begins at p[at], which is no blank, and ends with its
 * line.  p[limit - 1] is a line end, and CELL_PAD bytes behind may be read.
 * Column c's edges are put into row[2 * c] and row[2 * c + 1] as struct grid
 * has them: the inside of a string, the whole of any other value, two equal
 * ones for null and for what is not there.
 * Returns the offset behind the line end, or 0: w->more, or w->at and
 * w->what, say why.
 */
uint32_t jsonwalk_record(struct jsonwalk *w, uint32_t *row, uint32_t n_cols,
    const char *p, uint32_t at, uint32_t limit);

#endif
