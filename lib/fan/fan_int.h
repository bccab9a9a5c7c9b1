/* SPDX-License-Identifier: ISC */
/* What the files of sfan know of each other. */
#ifndef MILLRACE_FAN_FAN_INT_H
#define MILLRACE_FAN_FAN_INT_H

#include "data/batch.h"
#include "fan/aside.h"
#include "fan/fan.h"
#include "fan/job.h"
#include "fan/worker.h"
#include "tool/stage.h"

#define FAN_TRIES 3 /* of a frame, or of starting a worker */
#define FAN_SAMPLES 31 /* recent answers whose times make the median */

/*
 * Frames that are held, for each worker.  A worker ten times as slow as the
 * others may work on one while they go through the rest.
 */
#define FAN_AHEAD 8

struct pollfd;

struct fan {
	const struct fan_opts *o;
	struct stage *st;
	struct rooms rooms;
	struct worker *workers;
	struct job_list jobs; /* not yet out, in the order of reading */
	size_t n_jobs;
	struct buf head; /* payload of HEAD to the workers */
	struct buf answer; /* of theirs, once the first has come */
	struct head inner; /* the same, read */
	struct account *sums; /* of the stages inside, once they have ended */
	size_t n_inner;
	struct ledger before; /* of processes that are no more */
	struct aside aside;
	struct batch batch; /* for checks */
	uint64_t filtered, invalid; /* of frames whose headers cannot say so */
	uint64_t n_retries, n_races, n_wins, n_replaced;
	struct pollfd *polls; /* of the next wait */
	int64_t start_us;
	/* Time spent where no worker is listened to does not count. */
	int64_t away_us, left_us;
	int64_t samples[FAN_SAMPLES];
	size_t n_samples; /* all, of which the last are there */
};

/*
 * The clock by which answers are timed, in microseconds.
 * fan_left: until fan_back nobody listens.
 */
int64_t fan_clock(const struct fan *f);
void fan_left(struct fan *f);
void fan_back(struct fan *f);

/*
 * A frame has come from w.  0, or -1 when w is of no use any more, with
 * w->why, or st has failed.
 */
int answer_take(struct fan *f, struct worker *w);

/*
 * hand_jobs: to workers that are free; and slow ones once more.
 * hand_limits: end who takes too long.  0, or -1 after stage_fail.
 * hand_wait_us: when to do so again; INT64_MAX = when something comes.
 * hand_lost: w has ended, or must: what it had goes to others, it is started
 * anew.  0, or -1 after stage_fail.
 * hand_start: 0, or -1 after stage_fail: no worker is left.
 */
void hand_jobs(struct fan *f);
int hand_limits(struct fan *f);
int64_t hand_wait_us(const struct fan *f);
int hand_lost(struct fan *f, struct worker *w);
int hand_start(struct fan *f, struct worker *w);

/* Send what is next, as far as it is done.  0, or -1 after stage_fail. */
int out_jobs(struct fan *f);

#endif
