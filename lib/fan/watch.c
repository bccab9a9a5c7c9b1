/* SPDX-License-Identifier: ISC */
/* Workers that do not answer, or whose processes have come to something. */
#include <signal.h>

#include "base/io.h"
#include "base/num.h"
#include "base/time.h"
#include "fan/fan_int.h"
#include "io/spawn.h"

#define TELL_US INT64_C(5000000)
#define LOOK_US INT64_C(100000) /* between two looks at the processes */

/* Since when something is expected of it; INT64_MAX = nothing is. */
static int64_t
since_us(const struct worker *w)
{
	switch (w->state) {
	case WORKER_READY:
		return w->n_runs > 0 ? w->runs[0].since_us : INT64_MAX;
	case WORKER_STARTING:
	case WORKER_ENDING:
	case WORKER_ENDED:
		return w->since_us;
	case WORKER_NONE:
	case WORKER_LOST:
	default:
		return INT64_MAX;
	}
}

/* When the worker has taken too long, by fan_clock. */
static int64_t
limit_us(const struct fan *f, const struct worker *w)
{
	int64_t since = since_us(w), limit;

	if (f->o->timeout_us == 0 || !num_add(&limit, since, f->o->timeout_us))
		return INT64_MAX;
	return limit;
}

/* Whether it has something to do, which it may fail to. */
static bool
is_at_work(const struct worker *w)
{
	return w->pid != 0 && (w->state != WORKER_READY || w->n_runs > 0);
}

int64_t
watch_wait_us(const struct fan *f)
{
	int64_t due = hand_race_us(f), t;

	for (size_t i = 0; i < f->o->n; i++) {
		t = limit_us(f, &f->workers[i]);
		due = t < due ? t : due;
		t = f->looked_us + LOOK_US;
		due = is_at_work(&f->workers[i]) && t < due ? t : due;
	}
	return due;
}

int
watch_limits(struct fan *f)
{
	int64_t now = fan_clock(f);

	for (size_t i = 0; i < f->o->n; i++) {
		struct worker *w = &f->workers[i];

		if (limit_us(f, w) > now)
			continue;
		worker_fail(w, "it has not answered within %gs%s",
		    (double)f->o->timeout_us / (double)TIME_US,
		    spawn_stopped(w->pid) != 0 ? ": it is stopped" : "");
		if (recover_lost(f, w) == -1)
			return -1;
	}
	return 0;
}

/* Who waits for what never comes should know. */
static void
tell(struct fan *f, const struct worker *w)
{
	if (f->told || f->answer.len > 0 || w->state != WORKER_STARTING
	    || f->looked_us - w->since_us < TELL_US || f->st->tool->verbose < 0)
		return;
	tool_warn("worker %u has written nothing for %ds; a worker reads a "
		  "stream and writes one, such as: smap -w PRED",
	    w->n, (int)(TELL_US / TIME_US));
	f->told = true;
}

/* What its process has come to, where its output does not tell. */
static int
look_at(struct fan *f, struct worker *w)
{
	int sig;

	tell(f, w);
	/* First what it has said; the end of that, too. */
	if (io_wait(w->out_fd, -1, 0) == 1)
		return 0;
	if (spawn_is_over(w->pid, 0)) {
		w->eof = true;
		return recover_lost(f, w);
	}
	sig = spawn_stopped(w->pid);
	if (sig != SIGTTIN && sig != SIGTTOU)
		return 0;
	worker_fail(w, "it wants the terminal, which no worker can have");
	return recover_lost(f, w);
}

int
watch_look(struct fan *f)
{
	int64_t now = fan_clock(f);

	if (now < f->looked_us + LOOK_US)
		return 0;
	f->looked_us = now;
	for (size_t i = 0; i < f->o->n; i++)
		if (is_at_work(&f->workers[i])
		    && look_at(f, &f->workers[i]) == -1)
			return -1;
	return 0;
}
