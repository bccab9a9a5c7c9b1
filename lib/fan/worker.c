/* SPDX-License-Identifier: ISC */
/* A command that answers frames. */
#include "fan/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "fan/family.h"
#include "io/spawn.h"
#include "tool/tool.h"
#include "wire/writer.h"
#include "wire/zip.h"

#define LEND_LEAST (64u << 10) /* fewer bytes are copied as soon as lent */
#define STEP (1u << 20) /* payload memory before its bytes came */
/* For the status of who is at its end: while it is silent, and in all. */
#define LAST_SILENCE_US INT64_C(200000)
#define LAST_WAIT_US INT64_C(1000000)
#define STEP_MS 2 /* between two looks for that */
#define MAX_READS 256 /* of standard error then: a pipe at its largest */

void
worker_init(struct worker *w)
{
	*w = (struct worker){.in_fd = -1, .out_fd = -1, .err_fd = -1};
	buf_init(&w->note, 0);
}

void
worker_release(struct worker *w, struct rooms *r)
{
	/* Of many that have ended their output none is waited for now. */
	w->eof = false;
	worker_stop(w, r);
	/* What it says of frames that will not go out would only mislead. */
	if (w->n_runs == 0)
		lines_print(&w->log.held);
	buf_release(&w->note);
	lines_release(&w->log);
	free(w->pieces);
	free(w->why);
}

int
worker_fail(struct worker *w, const char *fmt, ...)
{
	va_list ap;

	free(w->why);
	va_start(ap, fmt);
	if (vasprintf(&w->why, fmt, ap) == -1)
		w->why = mem_strdup(fmt);
	va_end(ap);
	return -1;
}

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

/* Of three pipes the ends of the worker; the others are w's. */
static int
make_pipes(struct worker *w, int theirs[3])
{
	int *mine[3] = {&w->in_fd, &w->out_fd, &w->err_fd}, fds[2];

	for (int i = 0; i < 3; i++) {
		if (pipe2(fds, O_CLOEXEC) == -1)
			return -1;
		theirs[i] = fds[i == 0 ? 0 : 1];
		*mine[i] = fds[i == 0 ? 1 : 0];
	}
	/* What the kernel refuses stays as it is. */
	fcntl(w->in_fd, F_SETPIPE_SZ, STREAM_PIPE_SIZE);
	if (fcntl(w->out_fd, F_SETFL, O_NONBLOCK) == -1)
		return -1;
	return fcntl(w->in_fd, F_SETFL, O_NONBLOCK);
}

int
worker_start(struct worker *w, const struct buf *head)
{
	int theirs[3] = {-1, -1, -1}, e;
	struct spawn s = {.argv = w->argv, .last_signal = SIGKILL};
	pid_t pid = -1;

	w->eof = false;
	w->fail_status = 0;
	w->whole = false;
	if (make_pipes(w, theirs) == 0) {
		s.in_fd = theirs[0];
		s.out_fd = theirs[1];
		s.err_fd = theirs[2];
		pid = spawn_start(&s);
	}
	e = errno;
	for (int i = 0; i < 3; i++)
		close_fd(&theirs[i]);
	if (pid == -1) {
		close_fd(&w->in_fd);
		close_fd(&w->out_fd);
		close_fd(&w->err_fd);
		return worker_fail(w, "%s: %s", w->argv[0], strerror(e));
	}
	w->pid = pid;
	if (guard_add(w->guard, pid) == -1)
		return worker_fail(w, "the process that guards it is gone: %s",
		    strerror(errno));
	w->state = WORKER_STARTING;
	w->seq = w->batch = 0;
	w->sent_frames = w->sent_rows = 0;
	w->at = 0;
	w->ledger = (struct ledger){.in = 0};
	buf_reset(&w->note);
	buf_put(&w->note, head->data, head->len);
	w->note_due = true;
	w->msg = (struct message){.at = sizeof(w->msg.head)};
	return 0;
}

void
worker_hand(struct worker *w, struct job *j, int64_t now_us)
{
	if (w->n_runs == 0)
		w->busy_since = time_mono_us();
	w->runs[w->n_runs++] = (struct run){j, now_us, j->n_runs > 0};
	j->n_runs++;
	j->handed_us = now_us;
}

void
worker_finish(struct worker *w, enum end_reason reason)
{
	struct end e = {
	    .reason = reason, .frames = w->sent_frames, .rows = w->sent_rows};

	w->state = WORKER_ENDING;
	buf_reset(&w->note);
	end_write(&w->note, &e);
	w->note_due = true;
}

void
worker_next(struct worker *w, int64_t now_us)
{
	w->n_runs--;
	w->n_begun--;
	memmove(w->runs, w->runs + 1, w->n_runs * sizeof(w->runs[0]));
	if (w->n_runs > 0)
		w->runs[0].since_us = now_us;
	else
		w->busy_us += time_mono_us() - w->busy_since;
}

bool
worker_is_sending(const struct worker *w)
{
	return w->msg.at < sizeof(w->msg.head) + w->msg.len;
}

bool
worker_sends(const struct worker *w)
{
	return w->in_fd != -1
	       && (worker_is_sending(w) || w->note_due || w->n_begun < w->n_runs
		   || w->state == WORKER_ENDING);
}

static void
begin_message(struct worker *w, struct frame_header *h, const uint8_t *p)
{
	h->seq = w->seq++;
	h->sub = 0;
	h->watermark = TIME_NONE;
	h->stored_len = h->raw_len;
	frame_format(w->msg.head, h);
	w->msg.body = p;
	w->msg.len = h->raw_len;
	w->msg.at = 0;
	w->msg.lend = false;
}

/*
 * Frames have no watermark on their way to a worker: answers must not depend
 * on it, and one that is run again would make it fall.
 */
static void
begin_job(struct worker *w, const struct job *j)
{
	struct frame_header h = j->h;

	h.flags &= FRAME_LAST;
	h.payload_crc = 0;
	h.batch = w->batch;
	h.raw_len = (uint32_t)j->len;
	if ((h.flags & FRAME_LAST) != 0)
		w->batch++;
	w->sent_frames++;
	w->sent_rows += h.rows;
	begin_message(w, &h, j->data.p);
	/* Who has answered has read it; until then the job stays. */
	w->msg.lend = j->len >= LEND_LEAST;
}

static void
begin_note(struct worker *w)
{
	struct frame_header h = {
	    .kind = w->state == WORKER_STARTING ? FRAME_HEAD : FRAME_END,
	    .raw_len = (uint32_t)w->note.len};

	/* It answers with checksums then, so that no altered row passes. */
	if (h.kind == FRAME_HEAD) {
		h.flags = FRAME_PCRC;
		h.payload_crc = crc32c(0, w->note.data, w->note.len);
	}
	w->note_due = false;
	begin_message(w, &h, w->note.data);
}

/* What goes out next.  False when there is nothing. */
static bool
begin_next(struct worker *w)
{
	if (w->note_due && (w->seq == 0 || w->n_begun == w->n_runs)) {
		begin_note(w);
	} else if (w->n_begun < w->n_runs) {
		begin_job(w, w->runs[w->n_begun++].job);
	} else {
		if (w->state == WORKER_ENDING)
			close_fd(&w->in_fd);
		return false;
	}
	return true;
}

/* Send as much as there is room for: the bytes, or -1 with errno. */
static ssize_t
send_some(const struct worker *w)
{
	const struct message *m = &w->msg;
	size_t at = m->at, n_head = sizeof(m->head);

	if (at < n_head)
		return io_offer(w->in_fd, m->head + at, n_head - at);
	at -= n_head;
	return m->lend ? io_lend(w->in_fd, m->body + at, m->len - at)
		       : io_offer(w->in_fd, m->body + at, m->len - at);
}

int
worker_send(struct worker *w)
{
	struct message *m = &w->msg;
	ssize_t n;

	while (w->in_fd != -1 && (worker_is_sending(w) || begin_next(w))) {
		n = send_some(w);
		/* Why it reads no more, its output says. */
		if (n == -1 && errno == EPIPE)
			close_fd(&w->in_fd);
		else if (n == -1)
			return worker_fail(w, "%s", strerror(errno));
		else if (n == 0)
			break;
		else
			m->at += (size_t)n;
	}
	return 0;
}

/* Read once into p[0..len).  The bytes, 0 when there are none now, or -1. */
static ssize_t
read_some(struct worker *w, void *p, size_t len)
{
	ssize_t n;

	n = io_take(w->out_fd, p, len);
	if (n == -1 && errno == EAGAIN)
		return 0;
	if (n == -1)
		return worker_fail(w, "%s", strerror(errno));
	if (n == 0) {
		w->eof = true;
		close_fd(&w->out_fd);
		return worker_fail(w, "its output has ended");
	}
	w->at += (size_t)n;
	return n;
}

static ssize_t
read_body(struct worker *w)
{
	size_t have = w->at - FRAME_HEADER_LEN;
	size_t left = w->rx_h.stored_len - have;

	if (left > STEP && left > have)
		left = have > STEP ? have : STEP;
	w->rx.p = mem_grow(w->rx.p, &w->rx.cap, have + left, 1);
	return read_some(w, w->rx.p + have, left);
}

/* The payload is there: check and unpack it. */
static int
open_body(struct worker *w, struct rooms *r)
{
	struct frame_header *h = &w->rx_h;
	struct room raw;

	if ((h->flags & FRAME_PCRC) != 0
	    && crc32c(0, w->rx.p, h->stored_len) != h->payload_crc)
		return worker_fail(w, "bad payload checksum");
	if ((h->flags & FRAME_DEFLATE) == 0)
		return 1;
	raw = rooms_get(r);
	raw.p = mem_grow(raw.p, &raw.cap, h->raw_len, 1);
	if (zip_inflate(raw.p, h->raw_len, w->rx.p, h->stored_len) == -1) {
		rooms_put(r, &raw);
		return worker_fail(w, "broken deflate stream");
	}
	rooms_put(r, &w->rx);
	w->rx = raw;
	return 1;
}

static int
no_frame(struct worker *w, const char *why)
{
	if (w->state == WORKER_STARTING)
		return worker_fail(w, "what it writes is no stream; a worker "
				      "reads a stream and writes one, such as: "
				      "smap -w PRED");
	return worker_fail(w, "no frame came: %s", why);
}

int
worker_read(struct worker *w, struct rooms *r)
{
	const char *why;
	ssize_t n;

	if (w->rx.p == NULL)
		w->rx = rooms_get(r);
	while (w->at < FRAME_HEADER_LEN) {
		n = read_some(w, w->rx_head + w->at, FRAME_HEADER_LEN - w->at);
		if (n <= 0)
			return (int)n;
		if (w->at == FRAME_HEADER_LEN
		    && frame_parse(&w->rx_h, &why, w->rx_head) == -1)
			return no_frame(w, why);
	}
	while (w->at < FRAME_HEADER_LEN + w->rx_h.stored_len) {
		n = read_body(w);
		if (n <= 0)
			return (int)n;
	}
	return open_body(w, r);
}

int
worker_drain(struct worker *w)
{
	uint8_t dropped[4096];
	bool first = w->at == 0;
	ssize_t n = read_some(w, dropped, sizeof(dropped));

	return n > 0 ? first : (int)n;
}

void
worker_took(struct worker *w)
{
	w->at = 0;
}

void
worker_log(struct worker *w)
{
	if (!lines_read(&w->log, w->err_fd))
		close_fd(&w->err_fd);
}

/* Whether it ends by itself; it may first have a lot to say. */
static bool
ends(struct worker *w)
{
	bool soon = w->eof || w->fail_status != 0;
	int64_t now = time_mono_us(), heard = now;
	int64_t end = now + (soon ? LAST_WAIT_US : 0);

	while (!spawn_is_over(w->pid, 0)) {
		if (now >= end || now >= heard + LAST_SILENCE_US)
			return false;
		if (io_wait(w->err_fd, -1, STEP_MS) == 1) {
			worker_log(w);
			heard = time_mono_us();
		}
		now = time_mono_us();
	}
	return true;
}

void
worker_stop(struct worker *w, struct rooms *r)
{
	bool over;

	if (w->pid == 0)
		return;
	over = ends(w);
	/* What it has started, too; its id is its own until it is waited for.
	 */
	family_end(w->pid);
	/* Not before: it would tell of an end that it should not see. */
	close_fd(&w->in_fd);
	w->status = spawn_wait(w->pid);
	if (!over)
		w->status = -1;
	guard_drop(w->guard, w->pid);
	w->pid = 0;
	/* Who has left its process group may go on for ever. */
	for (int n = 0; n < MAX_READS && io_wait(w->err_fd, -1, 0) == 1; n++)
		worker_log(w);
	lines_end(&w->log);
	close_fd(&w->err_fd);
	close_fd(&w->out_fd);
	rooms_put(r, &w->rx);
	pieces_drop(w->pieces, w->n_pieces, r);
	w->n_pieces = 0;
	w->answered_len = 0;
	w->n_begun = 0;
	w->at = 0;
	w->note_due = false;
	if (w->n_runs > 0)
		w->busy_us += time_mono_us() - w->busy_since;
	w->state = WORKER_NONE;
}
