/* SPDX-License-Identifier: ISC */
/* Frames to many processes, their answers in order.  sfan(1). */
#include "fan/fan.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "fan/fan_int.h"
#include "tool/signal.h"
#include "wire/writer.h"

#define OTHER_FILES 16
#define OTHERS_US INT64_C(5000000) /* a host that is gone may take longer */
#define VERSION 1 /* of the state at a barrier */

/* HEAD as the workers get it: they must not join the directory. */
static int
make_head(struct fan *f)
{
	struct head h;

	head_copy(&h, &f->st->in);
	head_forget_checkpoint(&h);
	head_write(&f->head, &h);
	head_release(&h);
	return f->head.failed || f->head.len > HEAD_MAX_LEN
		   ? stage_fail(f->st, TOOL_USAGE, "HEAD is too long")
		   : 0;
}

/* One worker says what all will answer; so a mistake is told once. */
static int
ask_one(struct fan *f)
{
	for (size_t i = 0; i < f->o->n; i++) {
		struct worker *w = &f->workers[i];

		if (recover_start(f, w) == -1)
			return -1;
		while (w->state == WORKER_STARTING)
			if (turn_once(f, -1, -1) == -1)
				return -1;
		if (w->state == WORKER_READY)
			return 0;
	}
	return stage_fail(f->st, TOOL_IO, "no worker is left");
}

static bool
same_command(char *const *a, char *const *b)
{
	size_t i = 0;

	while (a[i] != NULL && b[i] != NULL && strcmp(a[i], b[i]) == 0)
		i++;
	return a[i] == NULL && b[i] == NULL;
}

/* Whether one begins whose command is not that of who has begun. */
static bool
others_begin(const struct fan *f)
{
	char *const *known = f->workers[f->answer_n - 1].argv;

	for (size_t i = 0; i < f->o->n; i++)
		if (f->workers[i].state == WORKER_STARTING
		    && !same_command(f->workers[i].argv, known))
			return true;
	return false;
}

/* A mistake in one of several commands is to be told before data flow. */
static int
hear_others(struct fan *f)
{
	int64_t until = fan_clock(f) + OTHERS_US, left;

	while ((left = until - fan_clock(f)) > 0 && others_begin(f))
		if (turn_once(f, -1, (int)(left / 1000) + 1) == -1)
			return -1;
	return 0;
}

/* Three descriptors a worker, as many while one is started, and our own. */
static int
check_limit(struct fan *f)
{
	size_t need = FAN_ENDS * f->o->n + OTHER_FILES;
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) == -1 || most.rlim_cur >= need)
		return 0;
	return stage_fail(f->st, TOOL_USAGE,
	    "%zu workers need %zu open files, ulimit -n allows %ju", f->o->n,
	    need, (uintmax_t)most.rlim_cur);
}

static int
on_head(struct stage *st, void *arg)
{
	struct fan *f = arg;
	struct head *out = &st->out;

	st->options = f->o->unordered ? "--unordered" : "";
	fan_left(f);
	if (check_limit(f) == -1)
		return -1;
	if (guard_start(&f->guard) == -1)
		return stage_fail(st, TOOL_IO,
		    "no process that guards the workers: %s", strerror(errno));
	if (make_head(f) == -1 || ask_one(f) == -1)
		return -1;
	head_release(out);
	head_copy(out, &f->inner);
	free(out->path);
	out->path = mem_strdup(st->in.path);
	memcpy(out->identity, st->in.identity, sizeof(out->identity));
	out->generation = st->in.generation;
	out->epoch = st->in.epoch;
	f->sums = mem_zero(f->n_inner + 1, sizeof(*f->sums));
	if (st->tool->schema_only)
		return 0;
	for (size_t i = 0; i < f->o->n; i++)
		if (f->workers[i].state == WORKER_NONE
		    && recover_start(f, &f->workers[i]) == -1)
			return -1;
	return hear_others(f);
}

static int
on_begin(struct stage *st, void *arg)
{
	struct fan *f = arg;

	return sidestream_begin(&f->aside.to, st);
}

static int
add_job(struct fan *f, struct job *j)
{
	TAILQ_INSERT_TAIL(&f->jobs, j, link);
	f->n_jobs++;
	do
		if (turn_once(f, -1, f->n_jobs < FAN_AHEAD * f->o->n ? 0 : -1)
		    == -1)
			return -1;
	while (f->n_jobs >= FAN_AHEAD * f->o->n);
	return 0;
}

static int
on_rows(struct stage *st, void *arg, const struct frame *f, struct batch *b)
{
	struct fan *fan = arg;
	struct frame_header h = f->h;
	struct job *j;

	(void)b;
	/* The payload is there as it was packed. */
	h.flags &= FRAME_LAST | FRAME_MORE;
	h.raw_len = (uint32_t)f->len;
	j = job_new(&h);
	j->len = f->len;
	j->data = rooms_get(&fan->rooms);
	stream_swap(st->reader, &j->data.p, &j->data.cap);
	return add_job(fan, j);
}

static int
on_mark(
    struct stage *st, void *arg, const struct frame *f, const struct mark *m)
{
	struct fan *fan = arg;
	struct job *j = job_new(&f->h);

	(void)st;
	(void)m;
	j->len = f->len;
	j->data.p = mem_grow(NULL, &j->data.cap, f->len, 1);
	memcpy(j->data.p, f->data, f->len);
	j->mark = j->done = true;
	return add_job(fan, j);
}

/* What must not overtake frames, nor be overtaken by them. */
static int
on_frame(struct stage *st, void *arg, const struct frame *f)
{
	struct fan *fan = arg;

	(void)st;
	if (f->h.kind == FRAME_ROWS || f->h.kind == FRAME_MARK)
		return 0;
	/* Who has stopped a bounded input waits for no worker. */
	while (
	    fan->n_jobs > 0 && (f->h.kind != FRAME_FAIL || tool_stopped() == 0))
		if (turn_once(fan, -1, -1) == -1)
			return -1;
	return 0;
}

static int
on_idle(struct stage *st, void *arg, int *timeout_ms)
{
	struct fan *f = arg;
	int ms = st->progress.live ? 1000 : -1;

	*timeout_ms = 0;
	return turn_once(f, STDIN_FILENO, ms);
}

/* It is at what another one has answered. */
static void
leave_worker(struct fan *f, struct worker *w)
{
	recover_stop(f, w);
	for (size_t i = 0; i < w->n_runs; i++) {
		w->runs[i].job->n_runs--;
		job_drop(w->runs[i].job, &f->rooms);
	}
	w->n_runs = 0;
}

/* All is answered: tell the workers, and hear what they have counted. */
static int
end_workers(struct fan *f, enum end_reason reason)
{
	size_t left = f->o->n;

	for (size_t i = 0; i < f->o->n; i++) {
		struct worker *w = &f->workers[i];

		w->since_us = fan_clock(f);
		if (w->state == WORKER_READY && w->n_runs == 0)
			worker_finish(w, reason);
		else if (w->pid != 0)
			leave_worker(f, w);
	}
	while (left > 0) {
		left = 0;
		for (size_t i = 0; i < f->o->n; i++)
			left += f->workers[i].pid != 0;
		if (left > 0 && turn_once(f, -1, -1) == -1)
			return -1;
	}
	return 0;
}

/* What was read counts at the stages inside; here it is what they made. */
static void
on_account(const struct stage *st, const void *arg, struct account *a)
{
	const struct fan *f = arg;

	a->used = st->resume.out + stream_writer_n_rows(st->writer);
	/* Rows that nobody answered count where they were to go. */
	a->invalid = f->n_inner == 0 ? f->aside.n_rows : 0;
	a->in = a->used + a->invalid;
	a->in_frames =
	    st->resume.out_frames + stream_writer_n_frames(st->writer);
}

static int
on_end(struct stage *st, void *arg, enum end_reason reason)
{
	struct fan *f = arg;

	if (end_workers(f, reason) == -1)
		return -1;
	ledger_sum(f->sums, f->n_inner, &f->before, NULL);
	for (size_t i = 0; i < f->n_inner; i++) {
		strlcpy(f->sums[i].name,
		    f->inner.stages[st->in.n_stages + i].name,
		    sizeof(f->sums[i].name));
		end_add(&st->end, &f->sums[i]);
	}
	on_account(st, f, &st->acct);
	return aside_end(&f->aside, st, reason);
}

static int
on_commit(struct stage *st, void *arg)
{
	const struct fan *f = arg;
	double all = (double)(time_mono_us() - f->start_us) + 1;

	if (st->tool->verbose <= 0)
		return 0;
	for (size_t i = 0; i < f->o->n; i++) {
		const struct worker *w = &f->workers[i];

		tool_warn("worker %u: busy %.0f%%, %ju frames, %ju retries, "
			  "%ju races won",
		    w->n, 100 * (double)w->busy_us / all,
		    (uintmax_t)w->n_frames, (uintmax_t)w->n_retries,
		    (uintmax_t)w->n_wins);
	}
	tool_warn("%ju frames run again, %ju races, %ju won, %ju workers "
		  "replaced",
	    (uintmax_t)f->n_retries, (uintmax_t)f->n_races,
	    (uintmax_t)f->n_wins, (uintmax_t)f->n_replaced);
	return 0;
}

static void
on_save(struct stage *st, void *arg, struct buf *out)
{
	struct fan *f = arg;
	struct ledger all = f->before;

	for (size_t i = 0; i < f->o->n; i++)
		ledger_add(&all, &f->workers[i].ledger);
	ledger_save(&all, out);
	aside_save(&f->aside, st, out);
}

static int
on_load(struct stage *st, void *arg, struct cur *in)
{
	struct fan *f = arg;

	(void)st;
	ledger_load(&f->before, in);
	return aside_load(&f->aside, in);
}

static const struct stage_ops ops = {.cls = CLASS_FRAME,
    .head = on_head,
    .begin = on_begin,
    .rows = on_rows,
    .mark = on_mark,
    .end = on_end,
    .commit = on_commit,
    .frame = on_frame,
    .idle = on_idle,
    .save = on_save,
    .load = on_load,
    .account = on_account,
    .version = VERSION,
    .later = true};

static void
release(struct fan *f)
{
	struct job *j;

	for (size_t i = 0; i < f->o->n; i++)
		worker_release(&f->workers[i], &f->rooms);
	guard_stop(&f->guard);
	while ((j = TAILQ_FIRST(&f->jobs)) != NULL) {
		TAILQ_REMOVE(&f->jobs, j, link);
		j->queued = false;
		j->n_runs = 0;
		job_drop(j, &f->rooms);
	}
	free(f->workers);
	free(f->polls);
	free(f->sums);
	buf_release(&f->head);
	buf_release(&f->answer);
	head_release(&f->inner);
	aside_release(&f->aside);
	batch_release(&f->batch);
	rooms_release(&f->rooms);
}

int
fan_run(struct tool *t, const struct fan_opts *o)
{
	struct stage st = {.sink = false};
	struct fan f = {.o = o, .st = &st, .start_us = time_mono_us()};
	int status;

	f.median_us = -1;
	TAILQ_INIT(&f.jobs);
	buf_init(&f.head, 0);
	buf_init(&f.answer, HEAD_MAX_LEN);
	head_init(&f.inner);
	batch_init(&f.batch);
	aside_init(&f.aside, o->quarantine);
	f.polls = mem_zero(2 + FAN_ENDS * o->n, sizeof(*f.polls));
	f.workers = mem_zero(o->n, sizeof(*f.workers));
	for (size_t i = 0; i < o->n; i++) {
		worker_init(&f.workers[i]);
		f.workers[i].n = (unsigned)i + 1;
		f.workers[i].argv = o->commands[i];
		f.workers[i].log.name = t->name;
		f.workers[i].log.n = f.workers[i].n;
		f.workers[i].guard = &f.guard;
	}
	status = stage_run(&st, t, &ops, &f);
	release(&f);
	return status;
}
