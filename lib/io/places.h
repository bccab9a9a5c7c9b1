/* SPDX-License-Identifier: ISC */
/*
 * What an intake has kept for a restart (io/journal.h), for people: read
 * without the sources and the format that made it.  millrace(1).
 */
#ifndef MILLRACE_IO_PLACES_H
#define MILLRACE_IO_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/follow.h"
#include "io/source.h"

/* Of one source. */
struct place_of {
	char *path; /* owned */
	uint32_t part;
	bool open; /* its part is not at its end */
	bool begun; /* it was opened */
	enum source_keep kind; /* then: of its place */
	uint64_t held; /* rows that wait for their turn */
	struct follow_gap gap; /* all zero unless begun, and a place in a file;
				  of an entry only off */
};

struct places {
	char *options; /* owned; those that change the answer */
	uint64_t rows, bad, filtered; /* of all starts */
	uint64_t frames;
	uint64_t batch; /* that is open */
	uint64_t batch_rows; /* of it so far */
	struct place_of *v;
	size_t n;
	size_t cap;
};

/*
 * Read it from the front of c, and measure how far each place is from the
 * present end of its source.  *p is released in any case.  0, or -1 with the
 * reason in *why, to be freed.
 */
int places_read(struct places *p, char **why, struct cur *c);
void places_release(struct places *p);

#endif
