/* SPDX-License-Identifier: ISC */
/* A command that answers frames: its process, and the bytes to and from it. */
#ifndef MILLRACE_FAN_WORKER_H
#define MILLRACE_FAN_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "fan/guard.h"
#include "fan/job.h"
#include "fan/ledger.h"
#include "fan/lines.h"
#include "wire/frame.h"

/* Frames in flight: one to work on, one to go on with. */
#define WORKER_DEPTH 2

enum worker_state {
	WORKER_NONE, /* no process */
	WORKER_STARTING, /* its HEAD has not come */
	WORKER_READY,
	WORKER_ENDING, /* END is on its way to it */
	WORKER_ENDED, /* its own has come, or its output has ended before */
	WORKER_LOST /* it could not be started so often that it is given up */
};

/* A frame that goes out: header and payload. */
struct message {
	uint8_t head[FRAME_HEADER_LEN];
	const uint8_t *body; /* borrowed */
	size_t len;
	size_t at; /* bytes of both that are gone */
	bool lend; /* body stays as it is until the worker has read it */
};

/* A job that the worker has, and since when it can have worked on it. */
struct run {
	struct job *job;
	int64_t since_us;
	bool again; /* another worker has it, too */
};

/*
 * Invariants: runs[0] is what it answers next; runs[0..n_begun) are sent, the
 * last of them perhaps not wholly.
 */
struct worker {
	unsigned n; /* from 1 */
	char *const *argv; /* borrowed; ends with NULL */
	const struct guard *guard; /* borrowed */
	enum worker_state state;
	pid_t pid; /* and process group; 0 = none */
	int in_fd, out_fd, err_fd; /* -1 = closed */
	struct run runs[WORKER_DEPTH];
	size_t n_runs;
	size_t n_begun;
	struct message msg;
	struct buf note; /* payload of HEAD or END */
	bool note_due; /* it is to be sent next */
	uint64_t seq, batch; /* of the next frame to it */
	uint64_t sent_frames, sent_rows;
	/* What comes: at bytes of the header and the payload are there. */
	uint8_t rx_head[FRAME_HEADER_LEN];
	struct frame_header rx_h;
	struct room rx;
	size_t at;
	struct piece *pieces; /* of the answer to runs[0] so far */
	size_t n_pieces;
	size_t cap_pieces;
	uint64_t answered_len; /* bytes of them */
	struct lines log; /* of its standard error */
	bool eof; /* its output has ended */
	int status; /* its last exit status, as spawn_wait has it; -1 = none */
	int fail_status; /* what its FAIL says; 0 = none has come */
	bool whole; /* its END has come */
	char *why; /* owned; of -1 */
	unsigned n_deaths; /* since it has last answered */
	uint64_t answered_at; /* failures there had been then, of all workers */
	int64_t since_us; /* when it was started, or told to end */
	int64_t last_us; /* what its last answer took */
	struct ledger ledger; /* of what it has won, of this process */
	/* For the user. */
	uint64_t n_frames, n_retries, n_wins;
	int64_t busy_us, busy_since;
};

void worker_init(struct worker *w);
void worker_release(struct worker *w, struct rooms *r); /* ends it */

/*
 * worker_start: start a process, to which HEAD with that payload goes first;
 * after -1 it is to be stopped.
 * worker_hand: the job goes to it as soon as there is room.
 * worker_finish: END for that reason, and then nothing, goes to it.
 * worker_sends: whether it waits for room to send something.
 * worker_is_sending: whether that has begun, and not all of it is gone.
 * worker_send: as much as there is room for.
 * worker_read: 1 when a frame is whole, in rx_h and rx, until worker_took; 0
 * not yet; -1 no more will come.
 * worker_drain: drop some of what comes behind END: 1 the first bytes, 0
 * nothing now, or more of them; -1 the end.
 * All 0, or -1 with why.
 */
int worker_start(struct worker *w, const struct buf *head);
void worker_hand(struct worker *w, struct job *j, int64_t now_us);
void worker_finish(struct worker *w, enum end_reason reason);
bool worker_sends(const struct worker *w);
bool worker_is_sending(const struct worker *w);
int worker_send(struct worker *w);
int worker_read(struct worker *w, struct rooms *r);
void worker_took(struct worker *w);
int worker_drain(struct worker *w);

/* Keep why as the reason of a failure.  Returns -1. */
int worker_fail(struct worker *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The front run is over: answered, or dropped. */
void worker_next(struct worker *w, int64_t now_us);

/* Hold what it has written on its standard error in w->log. */
void worker_log(struct worker *w);

/*
 * End it and what it has started, give everything back but its runs and its
 * log.  Who has closed its output, or has sent FAIL, is left 0.2 s to end by
 * itself.  Then w->status is known: -1 when it did not.
 */
void worker_stop(struct worker *w, struct rooms *r);

#endif
