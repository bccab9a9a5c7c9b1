/* SPDX-License-Identifier: ISC */
/* Stages that are to be waited for.  millrace-checkpoint(5), WHAT HAPPENS. */
#ifndef MILLRACE_CKPT_AWAIT_H
#define MILLRACE_CKPT_AWAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "ckpt/checkpoint.h"

/*
 * await_earlier: a stage of an earlier start may yet commit: give those that
 * work on a little time, then fail with 75.  0, or the exit status with the
 * reason in *why, to be freed.
 */
int await_earlier(struct checkpoint *c, char **why);

/* What is behind a source that has sent END.  All zero bytes to begin with. */
struct await {
	int64_t
	    seen_us; /* monotonic: when a stage was seen, or the first look */
};

/*
 * await_commit: take a look.  *over: nothing is to be waited for: epoch is
 * committed and its output in place, or the sink, or whatever may have been the
 * pipeline, has gone without that.  c->last is what is committed.  0, or the
 * exit status with the reason in *why, to be freed.
 */
int await_commit(struct await *a, char **why, bool *over, struct checkpoint *c,
    uint64_t epoch);

#endif
