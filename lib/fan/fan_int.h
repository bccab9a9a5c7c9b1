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
#define FAN_ENDS 3 /* descriptors of a worker */
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
	struct guard guard;
	struct job_list jobs; /* not yet out, in the order of reading */
	size_t n_jobs;
	struct buf head; /* payload of HEAD to the workers */
	struct buf answer; /* of theirs, once the first has come */
	unsigned answer_n; /* the worker it came from */
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
	int64_t looked_us; /* at the processes of the workers */
	bool told; /* that a worker does not begin */
	/* Time spent where no worker is listened to does not count. */
	int64_t away_us, left_us;
	int64_t samples[FAN_SAMPLES];
	size_t n_samples; /* all, of which the last are there */
	int64_t median_us; /* of these; -1 when none has come */
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
 * hand_note: an answer took so long.
 * hand_race_us: when the next one is slow; INT64_MAX = none, as things are.
 * hand_some_sound: whether a worker is left that has not failed since it has
 * last answered.
 */
void hand_jobs(struct fan *f);
void hand_note(struct fan *f, int64_t took_us);
int64_t hand_race_us(const struct fan *f);
bool hand_some_sound(const struct fan *f);

/*
 * recover_lost: w has ended, or must: what it had goes to others, it is
 * started anew.
 * recover_part: the output of w, which was told to end, has ended: its own
 * end says whether it has failed after all.
 * recover_stop: end w, keep what it has counted.
 * recover_start: -1 when no worker is left.
 * All int: 0, or -1 after stage_fail.
 */
int recover_lost(struct fan *f, struct worker *w);
int recover_part(struct fan *f, struct worker *w);
void recover_stop(struct fan *f, struct worker *w);
int recover_start(struct fan *f, struct worker *w);

/*
 * watch_limits: end who takes too long.
 * watch_look: now and then, at the processes of workers that have something to
 * do: one may end, or be stopped, while what it has started keeps its output
 * open.
 * Both 0, or -1 after stage_fail.
 * watch_wait_us: when to call them and hand_jobs again, though nothing comes;
 * INT64_MAX = never.
 */
int watch_limits(struct fan *f);
int watch_look(struct fan *f);
int64_t watch_wait_us(const struct fan *f);

/*
 * Wait until something can be done, or in_fd can be read, and do it.  0, or
 * -1 after stage_fail.
 */
int turn_once(struct fan *f, int in_fd, int timeout_ms);

/* Send what is next, as far as it is done.  0, or -1 after stage_fail. */
int out_jobs(struct fan *f);

#endif
