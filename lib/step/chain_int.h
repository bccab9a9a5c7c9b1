/* SPDX-License-Identifier: ISC */
/* What the files of the chain know of each other. */
#ifndef MILLRACE_STEP_CHAIN_INT_H
#define MILLRACE_STEP_CHAIN_INT_H

#include "step/chain.h"

/* A mark that came while rows were held. */
struct chain_note {
	struct frame_header h;
	enum mark_what what;
	char *name; /* owned */
	size_t name_len;
};

void chain_keep_note(
    struct chain *c, const struct frame_header *h, const struct mark *m);

#endif
