/* SPDX-License-Identifier: ISC */
/* Columns of text with few different values, as codes.  sjoin(1), TABLES. */
#ifndef MILLRACE_JOIN_TABLEPACK_H
#define MILLRACE_JOIN_TABLEPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "data/col.h"
#include "window/keys.h"

#define TABLEPACK_MAX 256 /* values: a code is a byte */
#define TABLEPACK_TEXT (16u << 10) /* bytes of them: each frame has them */

/* One column: all zero bytes when it is not packed. */
struct tablepack {
	struct keys values;
	uint8_t *codes; /* owned; NULL when it is not packed */
	uint8_t *valid; /* owned; which rows have a value, or NULL */
};

/*
 * Make *c, a plain column of text, one of codes, whose memory is p's.  False,
 * with *c as it was, when it has too many values.
 */
bool tablepack_take(struct tablepack *p, struct col *c);
void tablepack_release(struct tablepack *p);

#endif
