/* SPDX-License-Identifier: ISC */
/*
 * The small payloads: MARK, BARRIER, END, FAIL, and the accounts inside END.
 * millrace-frame(5), sections 5 to 8.
 */
#ifndef MILLRACE_WIRE_NOTE_H
#define MILLRACE_WIRE_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define NOTE_MAX_TEXT 4096
#define ACCOUNT_MAX_NAME 63

enum mark_what { MARK_HEARTBEAT, MARK_OPEN, MARK_CLOSE, MARK_EOF };

/* part is in the frame header. */
struct mark {
	enum mark_what what;
	const char *name; /* of the part, borrowed; "" unless open */
	size_t name_len;
};

struct barrier {
	uint8_t identity[16];
	uint64_t generation;
	uint64_t epoch;
	uint64_t committed; /* last committed epoch */
	uint64_t frames; /* ROWS on this pipe since the last BARRIER or HEAD */
	uint64_t rows;
};

/*
 * Rows and frames of one stage.  Stage law: in = used + filtered + late +
 * invalid.  Hop law: out, out_frames = the next stage's in, in_frames (ROWS
 * frames).
 */
struct account {
	char name[ACCOUNT_MAX_NAME + 1]; /* NUL-terminated */
	uint64_t in, used, filtered, late, invalid, out;
	uint64_t in_frames, out_frames;
};

enum end_reason { END_EOF = 1, END_STOP };

struct end {
	enum end_reason reason;
	uint64_t frames; /* ROWS frames on this pipe */
	uint64_t rows;
	struct account *accounts; /* owned; in the order of the chain */
	size_t n_accounts;
};

struct fail {
	int status; /* exit status, 1..255 */
	const char *stage; /* borrowed */
	size_t stage_len;
	const char *text;
	size_t text_len;
};

void mark_write(struct buf *b, const struct mark *m);
void barrier_write(struct buf *b, const struct barrier *m);
void end_write(struct buf *b, const struct end *e);
void fail_write(struct buf *b, const struct fail *f);

/* Decode a whole payload.  0, or -1 when it is malformed. */
int mark_read(struct mark *m, const uint8_t *p, size_t len);
int barrier_read(struct barrier *m, const uint8_t *p, size_t len);
int end_read(struct end *e, const uint8_t *p, size_t len); /* then release */
int fail_read(struct fail *f, const uint8_t *p, size_t len);

void end_release(struct end *e);
void end_add(struct end *e, const struct account *a);

#endif
