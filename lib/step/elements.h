/* SPDX-License-Identifier: ISC */
/* The elements of JSON arrays as pieces.  smap(1), PIECES. */
#ifndef MILLRACE_STEP_ELEMENTS_H
#define MILLRACE_STEP_ELEMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "step/pieces.h"
#include "text/jsonwalk.h"

/* One text at a time; its elements may be taken in several chunks. */
struct elements {
	struct jsonwalk walk; /* checks the text */
	struct buf text; /* the text at hand */
	size_t at; /* of the next element */
	uint32_t row;
};

void elements_init(struct elements *e);
void elements_release(struct elements *e);

/*
 * elements_begin: the text of a row.  0, or -1 when it is no JSON array.
 * elements_take: add elements until the array ends (true) or the chunk is
 * full (false).
 */
int elements_begin(struct elements *e, uint32_t row, const char *p, size_t len);
bool elements_take(struct elements *e, struct pieces *s);

#endif
