/* SPDX-License-Identifier: ISC */
/* The one record that decides what is committed.  millrace-checkpoint(5). */
#ifndef MILLRACE_CKPT_COMMIT_H
#define MILLRACE_CKPT_COMMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "ckpt/checkpoint.h"

/*
 * All give 0, or the exit status with the reason in *why, to be freed.
 * commit_bump: count a start: c->generation is one more than the greatest so
 * far, durably; then c->last is what is committed, which can no longer change
 * but by us.
 * commit_newest: c->generation is the greatest so far; nothing is changed.
 * commit_read: after one of these: c->last is what is committed now; 65 when
 * the record is gone, or what is beside it.
 * commit_decide: epoch is committed from now on, by our generation: one
 * durable record, made only if no later start has been counted (75: fenced).
 * commit_published: note in the record that the output of c->last is in place.
 * commit_back: after commit_bump, with no stage running: the epoch before the
 * last one is the last, and a series of its own begins, all by one record.
 */
int commit_bump(struct checkpoint *c, char **why);
int commit_newest(struct checkpoint *c, char **why);
int commit_read(struct checkpoint *c, char **why);
int commit_decide(
    struct checkpoint *c, char **why, uint64_t epoch, bool finished);
int commit_published(struct checkpoint *c, char **why);
int commit_back(struct checkpoint *c, char **why);

#endif
