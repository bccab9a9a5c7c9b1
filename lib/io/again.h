/* SPDX-License-Identifier: ISC */
/* What an earlier start has read, and this one does not.  sbatch(1), RESUMING.
 */
#ifndef MILLRACE_IO_AGAIN_H
#define MILLRACE_IO_AGAIN_H

struct intake;
struct source;

/*
 * again_check: all sources are lanes, and those that the state knows have
 * their places; whatever is left of it is of a source that is none any more.
 * Places of what comes from a source by itself wait for it.  78, unless that
 * may be passed over.  0, or -1 with in->why.
 */
int again_check(struct intake *in);

/* A source is open: forget the places of what came from it and is gone. */
void again_prune(struct intake *in, const struct source *parent);

#endif
