/* SPDX-License-Identifier: ISC */
/*
 * The outlet of a pipeline that resumes: its output shows when the epoch that
 * it belongs to has been decided, once.  ssink(1), RELIABILITY.
 */
#ifndef MILLRACE_IO_OUTRESUME_H
#define MILLRACE_IO_OUTRESUME_H

#include <stdbool.h>

#include "base/buf.h"
#include "ckpt/checkpoint.h"

struct outlet;

/*
 * outresume_set: the pipeline resumes; before outlet_head.
 * outresume_check: whether the destination can be written once; what is
 * written at least once is said.  whole: each batch replaces the file.
 * outresume_load: take up what outresume_save appended.
 * outresume_publish: give the output of the last state saved or loaded its
 * names.
 * outresume_begin: remove what is not committed; c stays open.
 * outresume_save: the epoch's output is durable, but does not show.
 * All that return int: 0, or -1 as those of outlet.h.
 */
void outresume_set(struct outlet *t);
int outresume_check(struct outlet *t, bool whole);
int outresume_load(struct outlet *t, struct cur *in);
int outresume_publish(struct outlet *t);
int outresume_begin(struct outlet *t, const struct checkpoint *c);
int outresume_save(struct outlet *t, struct buf *out);

#endif
