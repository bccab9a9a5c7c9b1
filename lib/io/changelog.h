/* SPDX-License-Identifier: ISC */
/*
 * A stream whose rows replace earlier ones as one whose rows are changes, each
 * of which says first what it does.  ssink(1), --changelog.
 */
#ifndef MILLRACE_IO_CHANGELOG_H
#define MILLRACE_IO_CHANGELOG_H

#include "data/batch.h"
#include "wire/head.h"
#include "wire/stream.h"

/* All zero bytes is a valid object to release. */
struct changelog {
	struct head head; /* of the changes: append */
	int op; /* the column op of what comes, or -1: whole batches */
	struct batch out;
};

/*
 * changelog_init: the stream is that of h.  0, or -1 with the reason in *why,
 * to be freed: its rows replace nothing, or a column is in the way.  To be
 * released in either case.
 * changelog_rows: the changes that the rows of a frame are, borrowed from b
 * and valid until the next call.
 */
int changelog_init(struct changelog *c, char **why, const struct head *h);
void changelog_release(struct changelog *c);
const struct batch *changelog_rows(
    struct changelog *c, const struct frame *f, const struct batch *b);

#endif
