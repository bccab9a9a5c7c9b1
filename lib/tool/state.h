/* SPDX-License-Identifier: ISC */
/* What every stage keeps in its snapshot.  millrace-checkpoint(5), FILES. */
#ifndef MILLRACE_TOOL_STATE_H
#define MILLRACE_TOOL_STATE_H

#include <stdint.h>

#include "base/buf.h"
#include "wire/head.h"
#include "wire/note.h"

/*
 * The stage's own bytes, of version own, stand behind it.  They fit a stage
 * that keeps the same, whatever else it is told.
 */
struct state {
	struct head in; /* without what differs from start to start */
	struct head out;
	struct account acct; /* of all starts; without the name */
	int64_t watermark;
	uint64_t batch;
	uint64_t n_unparsed; /* cells that were made null */
	uint32_t own;
	char *keeps; /* owned; what they depend on, "" = nothing; NULL: a state
			of before this was said, or one to be read */
};

void state_init(struct state *s);
void state_release(struct state *s);

/*
 * state_write: append it; the caller checks b->failed.
 * state_read: from the front of c, into an s that is released in any case.  0,
 * or -1 with the reason in *why, to be freed.
 */
void state_write(struct buf *b, const struct state *s);
int state_read(struct state *s, char **why, struct cur *c);

#endif
