/* SPDX-License-Identifier: ISC */
/* What becomes of workers that fail, and of the frames that they had. */
#include "base/mem.h"
#include "fan/fan_int.h"
#include "io/spawn.h"

#define MAX_SIGNAL 64 /* the last one that Linux has */
#define END_WAIT_MS 20 /* who ends its output mostly ends with it */

/* The signal that has ended it, also as a shell tells of that, or 0. */
static int
signal_of(const struct worker *w)
{
	int n = w->status - 128;

	return n > 0 && n <= MAX_SIGNAL ? n : 0;
}

/* Its own exit status, or 0 where it has none that tells of a failure. */
static int
own_status(const struct worker *w)
{
	return w->eof && w->status > 0 && signal_of(w) == 0 ? w->status : 0;
}

/* The exit status that tells of a worker's failure. */
static int
status_of(const struct worker *w)
{
	int own = own_status(w);

	if (w->fail_status != 0)
		return w->fail_status;
	return own != 0 ? own : TOOL_IO;
}

/* Its end says more than the end of its output does. */
static void
explain_end(struct worker *w)
{
	if (!w->eof || w->status < 0)
		return;
	if (signal_of(w) != 0)
		worker_fail(w, "signal %d ended it", signal_of(w));
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
	       && (w->answered_at >= j->failed_at || !hand_some_sound(f));
}

/* Every worker that had the frame has failed. */
static void
set_aside(struct fan *f, struct worker *w, struct job *j)
{
	if (f->aside.to.path == NULL || j->h.rows == 0) {
		job_fail(j, status_of(w), NULL,
		    mem_printf(
			"a frame of %u rows failed %u times; worker %u: %s",
			j->h.rows, j->tries, w->n, w->why));
		return;
	}
	j->tries = 0;
	for (size_t i = 0; i < f->o->n; i++)
		f->workers[i].n_deaths = 0;
	aside_take(j);
}

/* What it had goes to others; the one it was at is to blame, perhaps. */
static void
take_back(struct fan *f, struct worker *w)
{
	struct job *j;

	for (size_t i = 0; i < w->n_runs; i++) {
		j = w->runs[i].job;
		j->n_runs--;
		if (!j->done) {
			w->n_retries++;
			f->n_retries++;
			if (i == 0 && j->tries++ == 0)
				j->failed_at = f->n_replaced;
			j->alone = true;
			if (is_bad(f, w, j))
				set_aside(f, w, j);
		}
		job_drop(j, &f->rooms);
	}
	w->n_runs = 0;
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
recover_start(struct fan *f, struct worker *w)
{
	w->since_us = fan_clock(f);
	if (worker_start(w, &f->head) == 0)
		return 0;
	/* One that nobody would end with us may not go on. */
	worker_stop(w, &f->rooms);
	return give_up(f, w);
}

void
recover_stop(struct fan *f, struct worker *w)
{
	worker_stop(w, &f->rooms);
	ledger_add(&f->before, &w->ledger);
	w->ledger = (struct ledger){.in = 0};
}

/*
 * It was told of the end, and is no more.  All its frames are answered, but
 * what else it was to write, only it can know: its own status counts.
 */
static int
judge_end(struct fan *f, struct worker *w)
{
	if (own_status(w) != 0)
		return stage_fail(f->st, w->status,
		    "worker %u ended with status %d", w->n, w->status);
	if ((!w->whole || w->status != 0) && f->st->tool->verbose >= 0)
		tool_warn("worker %u, at the end of the stream: %s; all its "
			  "frames are answered",
		    w->n, w->why);
	return 0;
}

/*
 * What it has printed.  Of a frame that no other worker will have it is told
 * when that frame is the first one left, once.
 */
static void
tell(struct fan *f, struct worker *w)
{
	struct job *j = w->n_runs > 0 ? w->runs[0].job : NULL;
	struct buf *held = &w->log.held;

	if (j == NULL || w->fail_status == 0 || j->fail.status == 0) {
		progress_clear(&f->st->progress);
		lines_print(held);
		return;
	}
	if (j->fail.said.len == 0)
		buf_put(&j->fail.said, held->data, held->len);
	buf_reset(held);
}

int
recover_lost(struct fan *f, struct worker *w)
{
	bool ending = w->state == WORKER_ENDING || w->state == WORKER_ENDED;

	recover_stop(f, w);
	tell(f, w);
	explain_end(w);
	if (ending)
		return judge_end(f, w);
	w->n_deaths++;
	f->n_replaced++;
	/* A frame that fails for good may be the first one left. */
	take_back(f, w);
	if (out_jobs(f) == -1)
		return -1;
	/* The shell's way to say that there is no such program. */
	if (w->eof && (w->status == 126 || w->status == 127))
		return give_up(f, w);
	return w->n_deaths < FAN_TRIES ? recover_start(f, w) : give_up(f, w);
}

int
recover_part(struct fan *f, struct worker *w)
{
	w->state = WORKER_ENDED;
	if (!spawn_is_over(w->pid, END_WAIT_MS))
		return 0;
	return recover_lost(f, w);
}
