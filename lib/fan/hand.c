/* SPDX-License-Identifier: ISC */
/* Which worker gets which frame, and what happens when it fails. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "fan/fan_int.h"

#define LAST_WAIT_MS                                                           \
	200 /* for the exit status of who has closed its output                \
	     */
#define RACE_LEAST_US INT64_C(50000)
#define AWAY_US INT64_C(10000) /* shorter times count */

int64_t
fan_clock(const struct fan *f)
{
	return time_mono_us() - f->away_us;
}

void
fan_left(struct fan *f)
{
	f->left_us = time_mono_us();
}

void
fan_back(struct fan *f)
{
	int64_t gone = time_mono_us() - f->left_us;

	if (gone > AWAY_US)
		f->away_us += gone;
}

static int
by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* What an answer takes; -1 when none has come. */
static int64_t
median_us(const struct fan *f)
{
	int64_t v[FAN_SAMPLES];
	size_t n = f->n_samples < FAN_SAMPLES ? f->n_samples : FAN_SAMPLES;

	if (n == 0)
		return -1;
	memcpy(v, f->samples, n * sizeof(v[0]));
	qsort(v, n, sizeof(v[0]), by_value);
	return v[n / 2];
}

/* After so long a frame is slow: 1.4 times what others take. */
static int64_t
race_after_us(const struct fan *f)
{
	int64_t m = median_us(f);

	if (m == -1 || f->o->once_only)
		return INT64_MAX;
	m = m / 5 * 7;
	return m > RACE_LEAST_US ? m : RACE_LEAST_US;
}

/*
 * Who is much slower than the others gets nothing to go on with.  Of two
 * frames at a worker that fails either may be the reason, so after that each
 * is tried by itself.
 */
static size_t
depth(const struct worker *w, int64_t median)
{
	if (w->n_runs > 0 && w->runs[0].job->alone)
		return 1;
	return median >= 0 && w->last_us > 2 * median ? 1 : WORKER_DEPTH;
}

/*
 * Whether a is the better one for j.  A frame that has failed goes to who has
 * done the least: what wears a worker out is then not laid at its door.
 */
static bool
suits_better(
    const struct job *j, const struct worker *a, const struct worker *b)
{
	if (a->n_runs != b->n_runs)
		return a->n_runs < b->n_runs;
	if (j->alone && a->sent_frames != b->sent_frames)
		return a->sent_frames < b->sent_frames;
	return a->n_deaths < b->n_deaths;
}

/*
 * The last try of j is for a worker that is new, if one is coming: two that
 * were worn out do not make a bad frame.
 */
static bool
waits_for_new(const struct job *j, const struct worker *best, bool coming)
{
	return coming && j->tries == FAN_TRIES - 1 && best != NULL
	       && best->sent_frames > 0;
}

/* Whether a worker is left that has not failed since it has last answered. */
static bool
some_are_sound(const struct fan *f)
{
	for (size_t i = 0; i < f->o->n; i++) {
		const struct worker *w = &f->workers[i];

		if (w->n_deaths == 0
		    && (w->state == WORKER_READY
			|| w->state == WORKER_STARTING))
			return true;
	}
	return false;
}

/* The worker that is most free for j, or NULL. */
static struct worker *
pick(const struct fan *f, const struct job *j)
{
	int64_t median = median_us(f);
	struct worker *best = NULL;
	bool coming = false;
	bool sound = j->tries >= FAN_TRIES && some_are_sound(f);

	for (size_t i = 0; i < f->o->n; i++) {
		struct worker *w = &f->workers[i];

		coming |= w->state == WORKER_STARTING;
		if (w->state != WORKER_READY || w->n_runs >= depth(w, median)
		    || (j->alone && w->n_runs > 0)
		    || (sound && w->n_deaths > 0))
			continue;
		if (best == NULL || suits_better(j, w, best))
			best = w;
	}
	return waits_for_new(j, best, coming) ? NULL : best;
}

/* The frame that is slowest of those that only one worker has, or NULL. */
static struct job *
slowest(const struct fan *f)
{
	struct job *j = NULL, *found = NULL;

	TAILQ_FOREACH (j, &f->jobs, link) {
		if (!j->done && j->n_runs == 1
		    && (found == NULL || j->handed_us < found->handed_us))
			found = j;
	}
	return found;
}

static struct worker *
idle_worker(const struct fan *f)
{
	for (size_t i = 0; i < f->o->n; i++)
		if (f->workers[i].state == WORKER_READY
		    && f->workers[i].n_runs == 0)
			return &f->workers[i];
	return NULL;
}

static void
hand(struct fan *f, struct worker *w, struct job *j)
{
	worker_hand(w, j, fan_clock(f));
}

static void
race(struct fan *f)
{
	int64_t after = race_after_us(f);
	struct worker *w;
	struct job *j;

	while (after != INT64_MAX && (w = idle_worker(f)) != NULL
	       && (j = slowest(f)) != NULL
	       && fan_clock(f) - j->handed_us >= after) {
		f->n_races++;
		hand(f, w, j);
	}
}

void
hand_jobs(struct fan *f)
{
	struct worker *w;
	struct job *j = NULL;

	TAILQ_FOREACH (j, &f->jobs, link) {
		if (j->done || j->n_runs > 0)
			continue;
		w = pick(f, j);
		if (w != NULL)
			hand(f, w, j);
		else if (!j->alone)
			return;
	}
	race(f);
}

/* When the worker has taken too long, by fan_clock. */
static int64_t
limit_us(const struct fan *f, const struct worker *w)
{
	if (f->o->timeout_us == 0)
		return INT64_MAX;
	switch (w->state) {
	case WORKER_READY:
		return w->n_runs > 0 ? w->runs[0].since_us + f->o->timeout_us
				     : INT64_MAX;
	case WORKER_STARTING:
	case WORKER_ENDING:
	case WORKER_ENDED:
		return w->since_us + f->o->timeout_us;
	case WORKER_NONE:
	case WORKER_LOST:
	default:
		return INT64_MAX;
	}
}

int64_t
hand_wait_us(const struct fan *f)
{
	int64_t due = INT64_MAX, t, after = race_after_us(f);
	const struct job *j;

	for (size_t i = 0; i < f->o->n; i++) {
		t = limit_us(f, &f->workers[i]);
		due = t < due ? t : due;
	}
	if (after == INT64_MAX || idle_worker(f) == NULL)
		return due;
	j = slowest(f);
	return j != NULL && j->handed_us + after < due ? j->handed_us + after
						       : due;
}

int
hand_limits(struct fan *f)
{
	int64_t now = fan_clock(f);

	for (size_t i = 0; i < f->o->n; i++) {
		struct worker *w = &f->workers[i];

		if (limit_us(f, w) > now)
			continue;
		worker_fail(w, "it has not answered within %gs",
		    (double)f->o->timeout_us / (double)TIME_US);
		if (hand_lost(f, w) == -1)
			return -1;
	}
	return 0;
}

/* The exit status that tells of a worker's failure. */
static int
status_of(const struct worker *w)
{
	return w->eof && w->status > 0 && w->status < 128 ? w->status : TOOL_IO;
}

/* Its end says more than the end of its output does. */
static void
explain_end(struct worker *w)
{
	if (!w->eof || w->status < 0)
		return;
	if (w->status >= 128)
		worker_fail(w, "signal %d ended it", w->status - 128);
	else
		worker_fail(w,
		    "it ended with status %d before its work was "
		    "done",
		    w->status);
}

/*
 * Whether the frame is to blame, which has failed at w.  Three workers that
 * are dead, each in its own way, do not show it while another one may answer:
 * of those that failed one must have answered something else meanwhile.
 */
static bool
is_bad(const struct fan *f, const struct worker *w, const struct job *j)
{
	return j->tries >= FAN_TRIES && j->n_runs == 0
	       && (w->answered_at >= j->failed_at || !some_are_sound(f));
}

/* Every worker that had the frame has failed. */
static int
set_aside(struct fan *f, struct worker *w, struct job *j)
{
	if (f->aside.writer == NULL || j->h.rows == 0)
		return stage_fail(f->st, status_of(w),
		    "a frame of %u rows failed %u times; worker %u: %s",
		    j->h.rows, j->tries, w->n, w->why);
	j->tries = 0;
	for (size_t i = 0; i < f->o->n; i++)
		f->workers[i].n_deaths = 0;
	return aside_job(&f->aside, f->st, j);
}

/* What it had goes to others; the one it was at is to blame, perhaps. */
static int
take_back(struct fan *f, struct worker *w)
{
	struct job *j;
	int rc = 0;

	for (size_t i = 0; i < w->n_runs; i++) {
		j = w->runs[i].job;
		j->n_runs--;
		if (!j->done) {
			w->n_retries++;
			f->n_retries++;
			if (i == 0 && j->tries++ == 0)
				j->failed_at = f->n_replaced;
			j->alone = true;
			if (rc == 0 && is_bad(f, w, j))
				rc = set_aside(f, w, j);
		}
		job_drop(j, &f->rooms);
	}
	w->n_runs = 0;
	return rc;
}

static int
give_up(struct fan *f, struct worker *w)
{
	size_t n = 0;

	w->state = WORKER_LOST;
	for (size_t i = 0; i < f->o->n; i++)
		n += f->workers[i].state != WORKER_LOST;
	if (n == 0)
		return stage_fail(f->st, status_of(w),
		    "no worker is left; "
		    "worker %u: %s",
		    w->n, w->why);
	if (f->st->tool->verbose >= 0)
		tool_warn("worker %u is given up: %s", w->n, w->why);
	return 0;
}

int
hand_start(struct fan *f, struct worker *w)
{
	w->since_us = fan_clock(f);
	if (worker_start(w, &f->head) == 0)
		return 0;
	w->eof = false;
	return give_up(f, w);
}

int
hand_lost(struct fan *f, struct worker *w)
{
	bool ending = w->state == WORKER_ENDING || w->state == WORKER_ENDED;

	worker_stop(w, &f->rooms, w->eof ? LAST_WAIT_MS : 0);
	explain_end(w);
	ledger_add(&f->before, &w->ledger);
	w->ledger = (struct ledger){.in = 0};
	if (ending)
		return 0;
	w->n_deaths++;
	f->n_replaced++;
	if (take_back(f, w) == -1)
		return -1;
	/* The shell's way to say that there is no such program. */
	if (w->eof && (w->status == 126 || w->status == 127))
		return give_up(f, w);
	return w->n_deaths < FAN_TRIES ? hand_start(f, w) : give_up(f, w);
}
