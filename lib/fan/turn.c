/* SPDX-License-Identifier: ISC */
/* Waiting for many workers at once, and hearing them. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "fan/fan_int.h"

#define MAX_FRAMES 64 /* of one worker in a turn */
#define HOLD_US INT64_C(1000000)

/* What is waited for: standard input and output, three of each worker. */
static size_t
fill_polls(struct fan *f, struct pollfd *p, int in_fd)
{
	size_t n = 2;

	p[0] = (struct pollfd){.fd = in_fd, .events = POLLIN};
	p[1] = (struct pollfd){.fd = STDOUT_FILENO};
	for (size_t i = 0; i < f->o->n; i++) {
		const struct worker *w = &f->workers[i];

		p[n++] = (struct pollfd){
		    .fd = worker_sends(w) ? w->in_fd : -1, .events = POLLOUT};
		p[n++] = (struct pollfd){.fd = w->out_fd, .events = POLLIN};
		p[n++] = (struct pollfd){.fd = w->err_fd, .events = POLLIN};
	}
	return n;
}

static int
without_reader(struct fan *f)
{
	io_end_without_reader();
	return stage_deserted(f->st);
}

/* Nothing follows END; what does is dropped, but not in silence. */
static int
hear_rest(struct fan *f, struct worker *w)
{
	int rc = worker_drain(w);

	if (rc == 1 && f->st->tool->verbose >= 0)
		tool_warn("worker %u writes behind the end of its stream; that "
			  "is dropped",
		    w->n);
	return rc == -1 ? recover_part(f, w) : 0;
}

/* Take what it has answered; others must have their turn, too. */
static int
hear(struct fan *f, struct worker *w)
{
	int rc = 1;

	for (int n = 0; n < MAX_FRAMES && w->state != WORKER_ENDED; n++) {
		rc = worker_read(w, &f->rooms);
		if (rc == 1)
			rc = answer_take(f, w) == -1 ? -1 : 1;
		if (rc == -1 && w->state == WORKER_ENDING && w->eof)
			return recover_part(f, w);
		if (rc == -1)
			return f->st->failed ? -1 : recover_lost(f, w);
		if (rc == 0)
			return 0;
	}
	return w->state == WORKER_ENDED ? hear_rest(f, w) : 0;
}

static int
serve(struct fan *f, struct worker *w, const struct pollfd *p)
{
	if (p[2].revents != 0 && w->log.held.len == 0)
		w->log.since_us = fan_clock(f);
	if (p[2].revents != 0)
		worker_log(w);
	if (p[0].revents != 0 && worker_send(w) == -1)
		return recover_lost(f, w);
	return p[1].revents != 0 ? hear(f, w) : 0;
}

/* Give away what waits, begin to send it. */
static int
give(struct fan *f)
{
	hand_jobs(f);
	for (size_t i = 0; i < f->o->n; i++)
		if (worker_sends(&f->workers[i])
		    && worker_send(&f->workers[i]) == -1
		    && recover_lost(f, &f->workers[i]) == -1)
			return -1;
	return 0;
}

/*
 * Print what workers have written, but for what may turn out to be of a
 * failure: that is held until the frame at fault is the first one left.  Who
 * has nothing to do fails at none, nor does who has gone on for so long.
 */
static void
tell(struct fan *f)
{
	for (size_t i = 0; i < f->o->n; i++) {
		struct lines *l = &f->workers[i].log;

		if (l->held.len == 0
		    || (f->workers[i].n_runs > 0
			&& fan_clock(f) - l->since_us < HOLD_US))
			continue;
		progress_clear(&f->st->progress);
		lines_print(&l->held);
	}
}

static int
wait_ms(const struct fan *f, int timeout_ms)
{
	int64_t due = watch_wait_us(f), ms;

	if (due == INT64_MAX)
		return timeout_ms;
	ms = (due - fan_clock(f) + 999) / 1000;
	ms = ms < 0 ? 0 : ms;
	return timeout_ms == -1 || ms < timeout_ms ? (int)ms : timeout_ms;
}

int
turn_once(struct fan *f, int in_fd, int timeout_ms)
{
	struct pollfd *p = f->polls;
	size_t n;

	fan_back(f);
	if (give(f) == -1)
		return -1;
	n = fill_polls(f, p, in_fd);
	if (poll(p, n, wait_ms(f, timeout_ms)) == -1 && errno != EINTR)
		return stage_fail(f->st, TOOL_IO, "poll: %s", strerror(errno));
	if ((p[1].revents & POLLERR) != 0)
		return without_reader(f);
	for (size_t i = 0; i < f->o->n; i++)
		if (serve(f, &f->workers[i], p + 2 + FAN_ENDS * i) == -1)
			return -1;
	tell(f);
	if (watch_look(f) == -1 || watch_limits(f) == -1 || give(f) == -1
	    || out_jobs(f) == -1)
		return -1;
	fan_left(f);
	return 0;
}
