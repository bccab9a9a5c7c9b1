/* SPDX-License-Identifier: ISC */
/* Reading a stream from one descriptor, HEAD to END.  millrace-frame(5). */
#ifndef MILLRACE_WIRE_STREAM_H
#define MILLRACE_WIRE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "data/batch.h"
#include "wire/frame.h"
#include "wire/head.h"
#include "wire/note.h"

struct stream_reader;

/* A frame as read.  data (inflated) is valid until the next read. */
struct frame {
	struct frame_header h;
	const uint8_t *data;
	size_t len;
};

/*
 * Reader.  out_fd, or -1, is watched while the input is idle: when its
 * reader has gone, the process ends by SIGPIPE, or reading fails with 74 where
 * that signal is ignored.
 * stream_read_head: the first frame, which must be HEAD.  1, or -1 (also when
 * the input is no stream or empty; status 65 or 74).  Never 0.  *h is made
 * anew, and is to be released in any case.
 * stream_read: the next frame after it.  1 a frame; 0 the end, after END; -1
 * an error; 2 nothing within timeout_ms (-1 waits) or a signal came.  END and
 * FAIL are returned as frames, too; END only once nothing came behind it.
 * Checked inside: header, both CRCs, lengths, seq and sub, batch order, a
 * watermark that never falls, the counts in BARRIER and END against what came
 * (hop law).  After -1 every later call returns -1.
 * stream_ready: whether a frame, or part of one, waits to be read now.
 * stream_checks: whether the frame read last, HEAD or another, had a checksum
 * of its payload.
 * stream_swap: exchange the memory where the payload of that frame lies for *p
 * of *cap bytes, NULL or from malloc; the frame's data stay where they are.
 * A reader of fd -1 reads what stream_give gave it last, which ends there.
 */
struct stream_reader *stream_reader_new(int fd, int out_fd);
void stream_reader_free(struct stream_reader *r);
int stream_read_head(struct stream_reader *r, struct head *h);
int stream_read(struct stream_reader *r, struct frame *f, int timeout_ms);
bool stream_ready(struct stream_reader *r);
bool stream_checks(const struct stream_reader *r);
void stream_swap(struct stream_reader *r, uint8_t **p, size_t *cap);
void stream_give(struct stream_reader *r, const void *p, size_t len);

/*
 * Bytes that do not come straight from a descriptor.  wait: as io_wait, and
 * errno says why -1.  read: as io_read, when wait says 1.
 * stream_reader_feed: from now on r reads through feed, which is borrowed;
 * name, borrowed, too, takes the place of "stdin" in messages.
 */
struct stream_feed {
	int (*wait)(void *arg, int timeout_ms);
	ssize_t (*read)(void *arg, void *p, size_t len);
	void *arg;
};
void stream_reader_feed(
    struct stream_reader *r, const struct stream_feed *feed, const char *name);

/* Point b into the current ROWS frame of r.  0, or -1 (an error of r). */
int stream_rows(struct stream_reader *r, struct batch *b);

/*
 * Why -1: text that names the byte of the stream, and the exit status.
 * stream_reader_deserted: it is that nobody reads our output any more.
 * stream_reader_unread: it is that the input could not be read, whatever is in
 * it.
 * stream_reader_fail: the FAIL that came in place of HEAD, or NULL.
 */
const char *stream_reader_error(const struct stream_reader *r);
int stream_reader_status(const struct stream_reader *r);
bool stream_reader_deserted(const struct stream_reader *r);
bool stream_reader_unread(const struct stream_reader *r);
const struct fail *stream_reader_fail(const struct stream_reader *r);

#endif
