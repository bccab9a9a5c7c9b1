/* SPDX-License-Identifier: ISC */
/*
 * Epochs of a stream that resumes: when one ends, where the intake then is
 * becomes durable, and a barrier says so.  millrace-checkpoint(5).
 */
#ifndef MILLRACE_IO_EPOCHS_H
#define MILLRACE_IO_EPOCHS_H

#include <stdbool.h>
#include <stdint.h>

#include "ckpt/await.h"
#include "ckpt/checkpoint.h"
#include "ckpt/tape.h"

#define EPOCHS_EVERY_US INT64_C(10000000) /* default of every_us */
#define EPOCHS_LEAST_US INT64_C(200000) /* and its least value */
#define EPOCHS_MAX_OPEN 4 /* not committed at a time */

struct intake;

/*
 * path, every_us, once, any_fs and the max of tape are the owner's; path NULL:
 * nothing resumes.
 */
struct epochs {
	const char *path;
	int64_t every_us;
	bool once; /* up to what is there now, and no part ends */
	bool any_fs;
	const char **accepted; /* owned array: stages that may differ */
	size_t n_accepted;
	size_t cap_accepted;
	struct tape tape; /* what was spooled */
	/* Private. */
	struct checkpoint dir;
	bool placed; /* a restart knows where this start has begun */
	uint64_t epoch; /* of the last barrier */
	uint64_t count; /* what had come by then */
	bool changed; /* a loss was accepted since: its commit needs no row */
	int64_t due_us; /* monotonic: of the next one */
	int64_t full_us; /* when to try again though the spool has much */
	struct await behind; /* what is to commit after END */
	int64_t slow_us; /* when to say that nothing is committed; 0 = said */
};

/*
 * epochs_start: count this start; take up the places of the last commit.
 * epochs_accept: the stage of that name, 02-sreduce, may have changed.
 * epochs_head: what HEAD says of it.
 * epochs_place: no row was sent yet, nor HEAD perhaps: the first start, and one
 * after it while nothing has told the columns, makes durable
 * what it begins with, which may be rotated away before an epoch is committed.
 * epochs_step: that, and end the epoch, if it is time and something has come,
 * or a loss was accepted, which a later start must not refuse again.
 * epochs_end: end it.
 * epochs_idle: whether nothing has come in this start, and all that came
 * before is committed, up to an end of the data if eof; whether a loss was
 * accepted does not count.
 * epochs_last: after END: whether there is nothing to wait for any more: its
 * epoch is committed, or will not be by this start.
 * epochs_over: END or FAIL was sent, and waited for; stages that come later
 * than that may go on all the same. 0, or -1 with in->why.
 */
void epochs_init(struct epochs *e);
void epochs_release(struct epochs *e);
void epochs_accept(struct epochs *e, const char *stage);
int epochs_start(struct intake *in);
void epochs_head(const struct epochs *e, struct head *h);
int epochs_place(struct intake *in);
int epochs_step(struct intake *in);
int epochs_end(struct intake *in);
bool epochs_idle(const struct intake *in, bool eof);
bool epochs_last(struct intake *in);
int epochs_over(struct intake *in);

static inline bool
epochs_are_on(const struct epochs *e)
{
	return e->path != NULL;
}

#endif
