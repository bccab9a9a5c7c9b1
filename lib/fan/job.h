/* SPDX-License-Identifier: ISC */
/* A frame from its arrival to its answer. */
#ifndef MILLRACE_FAN_JOB_H
#define MILLRACE_FAN_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "wire/frame.h"

/* Bytes of one payload; all zero bytes is an empty one. */
struct room {
	uint8_t *p; /* aligned as malloc(3) does */
	size_t cap;
};

/* Rooms that nobody uses now, so that their pages are touched once. */
struct rooms {
	struct room *free;
	size_t n;
	size_t cap;
};

struct room rooms_get(struct rooms *r);
void rooms_put(struct rooms *r, struct room *room); /* which is empty then */
void rooms_release(struct rooms *r);

/* A frame of an answer, checked. */
struct piece {
	struct frame_header h;
	struct room data; /* h.raw_len bytes */
};

/* Why no other try is made. */
struct job_fail {
	int status; /* 0 = it has not failed */
	char *stage; /* owned; that has said so by FAIL, or NULL */
	char *text; /* owned */
	struct buf said; /* what its worker has printed of it, as lines_print */
};

/*
 * A ROWS or MARK frame that was read, in the order of reading.
 * Invariants: a mark is done and has no pieces; pieces are whole answers of
 * one worker, there exactly when done (unless it failed); it lives as long as
 * it is queued or n_runs > 0.
 */
struct job {
	TAILQ_ENTRY(job) link;
	struct frame_header h; /* as read */
	struct room data;
	size_t len;
	bool mark;
	bool done;
	bool queued; /* its answer has not gone out */
	uint64_t set_aside; /* rows that are in aside instead of here */
	struct room aside; /* of them, the payload that no worker could take */
	size_t aside_len;
	int64_t passed; /* watermark of frames behind it that went out early */
	struct piece *pieces;
	size_t n_pieces;
	size_t cap_pieces;
	unsigned tries; /* that went wrong */
	uint64_t failed_at; /* the number of that failure among all */
	bool alone; /* a worker that had it failed: no other goes with it now */
	unsigned n_runs; /* workers that have it now */
	int64_t handed_us; /* to the last of them */
	struct job_fail fail;
};

TAILQ_HEAD(job_list, job);

/* For a frame with that header; its payload is the caller's to add. */
struct job *job_new(const struct frame_header *h);

/* Give it up where nobody has it any more. */
void job_drop(struct job *j, struct rooms *r);

/* The answer becomes p[0..n), whose rooms are taken; they have none then. */
void job_answer(struct job *j, struct piece *p, size_t n);

/* It has failed, and is done: no more tries.  The texts are taken. */
void job_fail(struct job *j, int status, char *stage, char *text);

void pieces_drop(struct piece *p, size_t n, struct rooms *r);

#endif
