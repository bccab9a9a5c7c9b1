/* SPDX-License-Identifier: ISC */
/* A source on its way through the parser.  Inside the intake. */
#ifndef MILLRACE_IO_LANE_H
#define MILLRACE_IO_LANE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "io/feed.h"
#include "io/merge.h"
#include "io/source.h"
#include "text/text.h"

struct intake;

enum lane_state {
	LANE_QUEUED, /* a file at rest before which others are read */
	LANE_READY,
	LANE_WAITING, /* for its descriptor, or until due_us */
	LANE_HELD /* its rows wait for their turn or time */
};

struct lane {
	TAILQ_ENTRY(lane) all; /* in the order of parts */
	TAILQ_ENTRY(lane) turn; /* with others of its state */
	enum lane_state state;
	struct source *source; /* owned */
	uint32_t part; /* 0 = none: no bytes come from it */
	uint32_t *subs; /* owned: numbers of its other parts, if it has more */
	uint32_t n_subs;
	size_t cap_subs;
	bool guest; /* came by itself: its faults end it alone */
	bool broken; /* it could not be opened */
	bool left; /* it could go on, but this start ends */
	bool announced; /* its part is open downstream */
	char *where; /* owned: the file of what is in feed, for messages */
	struct feed feed;
	struct text_place place; /* while another lane has the parser */
	struct merge_run run; /* when rows are held: those of this lane */
	bool hungry; /* the feed holds no whole record */
	bool skipping; /* the rest of a record that is too long */
	size_t buffered; /* of in->n_buffered */
	bool sniffed; /* the file's first bytes look like text */
	bool placed; /* it was asked where to begin */
	bool kept; /* it goes on where an earlier start was, at kept_off */
	uint64_t kept_off;
	uint8_t *rest; /* owned: of a spool, what that one had not taken */
	size_t n_rest;
	bool dormant; /* then: its part is at its end until there are bytes */
	bool torn; /* its last record was taken before its line had an end */
	bool waits; /* it has ended before a record has, which is for later */
	bool fresh; /* the file's header was not read yet */
	enum source_got ended; /* SOURCE_END or _NEXT: the feed is its rest */
	bool failed; /* the source has: no more comes */
	uint64_t skipped; /* bytes of the file passed over at its start */
	int64_t read_mono_us; /* when the last bytes came, monotonic */
	int64_t read_us; /* the same by the wall clock */
	int fd; /* being watched, or -1 */
	int64_t due_us; /* while waiting: when to look, monotonic */
};

TAILQ_HEAD(lane_list, lane);

enum lane_got {
	LANE_FAILED = -1, /* in->why says why */
	LANE_MORE, /* go on */
	LANE_FILLED, /* bytes came: it may be another one's turn */
	LANE_WAIT, /* nothing is there now */
	LANE_ROWS, /* rows are held */
	LANE_PACED, /* no row may go now */
	LANE_PEER, /* source_take gives another source */
	LANE_ENDED, /* all of it was taken */
	LANE_ENOUGH /* all rows that are wanted have come */
};

/* lane_new: takes over s.  lane_free: NULL is a no-op. */
struct lane *lane_new(struct source *s);
void lane_free(struct lane *l);

/*
 * lane_open: open the source, give the parser to it.  0, or -1.
 * lane_step: do a bounded amount of work: read, or parse and send a frame.
 * lane_columns: begin the stream before there are bytes, if the format fixes
 * the columns.  0, or -1.
 */
int lane_open(struct intake *in, struct lane *l);
enum lane_got lane_step(struct intake *in, struct lane *l);
int lane_columns(struct intake *in);

/*
 * lane_buffered: account for len bytes that a lane of the network holds.
 * lane_trim: a lane waits: room it does not need is given back.
 */
void lane_buffered(struct intake *in, struct lane *l, size_t len);
void lane_trim(struct intake *in, struct lane *l);

#endif
