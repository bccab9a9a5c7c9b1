/* SPDX-License-Identifier: ISC */
/* Which worker gets which frame. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "fan/fan_int.h"

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

void
hand_note(struct fan *f, int64_t took_us)
{
	int64_t v[FAN_SAMPLES];
	size_t n;

	f->samples[f->n_samples++ % FAN_SAMPLES] = took_us;
	n = f->n_samples < FAN_SAMPLES ? f->n_samples : FAN_SAMPLES;
	memcpy(v, f->samples, n * sizeof(v[0]));
	qsort(v, n, sizeof(v[0]), by_value);
	f->median_us = v[n / 2];
}

/* After so long a frame is slow: 1.4 times what others take. */
static int64_t
race_after_us(const struct fan *f)
{
	int64_t m = f->median_us;

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
depth(const struct fan *f, const struct worker *w)
{
	if (w->n_runs > 0 && w->runs[0].job->alone)
		return 1;
	return f->median_us >= 0 && w->last_us > 2 * f->median_us
		   ? 1
		   : WORKER_DEPTH;
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

bool
hand_some_sound(const struct fan *f)
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
	struct worker *best = NULL;
	bool coming = false;
	bool sound = j->tries >= FAN_TRIES && hand_some_sound(f);

	for (size_t i = 0; i < f->o->n; i++) {
		struct worker *w = &f->workers[i];

		coming |= w->state == WORKER_STARTING;
		if (w->state != WORKER_READY || w->n_runs >= depth(f, w)
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

int64_t
hand_race_us(const struct fan *f)
{
	int64_t after = race_after_us(f);
	const struct job *j;

	if (after == INT64_MAX || idle_worker(f) == NULL)
		return INT64_MAX;
	j = slowest(f);
	return j != NULL ? j->handed_us + after : INT64_MAX;
}
