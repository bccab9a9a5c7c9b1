/* SPDX-License-Identifier: ISC */
/* The time that the rows of one session cover, however they are kept. */
#ifndef MILLRACE_WINDOW_STRETCH_H
#define MILLRACE_WINDOW_STRETCH_H

#include <stdint.h>

#include "base/buf.h"

/* Invariant: first_us <= last_us. */
struct stretch {
	int64_t first_us;
	int64_t last_us;
	uint64_t order; /* of its first row to come */
};

/* Make to cover what x covers, too. */
void stretch_join(struct stretch *to, const struct stretch *x);

/*
 * A list of them for a snapshot.  stretch_put: one; stretch_end: there are no
 * more.  A failure is out's.
 * stretch_get: 1 got one, 0 the list has ended, -1 it is malformed.
 */
void stretch_put(struct buf *out, const struct stretch *x);
void stretch_end(struct buf *out);
int stretch_get(struct stretch *x, struct cur *in);

#endif
