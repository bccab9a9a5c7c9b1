/* SPDX-License-Identifier: ISC */
/* A stage's state at a barrier, in a file.  millrace-checkpoint(5). */
#ifndef MILLRACE_CKPT_SNAPSHOT_H
#define MILLRACE_CKPT_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "ckpt/checkpoint.h"

#define SNAPSHOT_CHANGED 78 /* exit status: the pipeline is another one */

/*
 * Snapshots of the stage that c was opened for, one for each (epoch,
 * generation).  All int give 0, or the exit status with the reason in *why.
 * snapshot_has: whether there is that of c->last.
 * snapshot_save: durable on return.  Epoch 0, from which epoch 1 goes out, is
 * of no start: its generation is 0.
 * snapshot_load: append that of c->last to out; 65 when it is not there, or
 * damaged, SNAPSHOT_CHANGED when another stage has one in its place.
 * snapshot_malformed: what it loaded makes no sense, 65.
 * snapshot_other: *stage is the name of that other one, to be freed, or NULL.
 * snapshot_prune: remove those that no restart can want: all but those of the
 * last two committed epochs and of our own epochs after them; and what a kill
 * has left of one that was being written.
 */
bool snapshot_has(const struct checkpoint *c);
int snapshot_save(
    struct checkpoint *c, char **why, uint64_t epoch, const struct buf *body);
int snapshot_load(struct checkpoint *c, char **why, struct buf *out);
int snapshot_malformed(const struct checkpoint *c, char **why);
int snapshot_other(const struct checkpoint *c, char **why, char **stage);
int snapshot_prune(struct checkpoint *c, char **why);

/*
 * The parts of a snapshot's name: E.G.STAGE.  0, or -1 when it is none;
 * *stage points into name.
 */
int snapshot_parse_name(uint64_t *epoch, uint64_t *generation,
    const char **stage, const char *name);

#endif
