/* SPDX-License-Identifier: ISC */
/* What the files that read a stream share. */
#ifndef MILLRACE_WIRE_READER_INT_H
#define MILLRACE_WIRE_READER_INT_H

#include "wire/stream.h"

#define STREAM_IN_DATA 65 /* statuses: sysexits */
#define STREAM_IN_IO 74

struct stream_reader {
	int fd; /* -1: from memory */
	int out_fd;
	const struct stream_feed *feed; /* in place of fd; or NULL */
	const char *name; /* of the input, for messages */
	const uint8_t *given; /* borrowed */
	size_t n_given;
	uint64_t off; /* bytes read */
	uint64_t frame_off; /* where the current frame begins */
	struct schema schema; /* from HEAD */
	struct frame_header h; /* current */
	uint8_t *data; /* stored payload */
	size_t cap;
	uint8_t *raw; /* inflated payload */
	size_t cap_raw;
	uint64_t seq, batch; /* expected next */
	uint32_t sub;
	int64_t watermark;
	uint64_t n_rows, n_frames; /* ROWS since HEAD */
	uint64_t barrier_rows, barrier_frames; /* at the last BARRIER */
	bool resumed; /* the first batch may have any number */
	bool started, ended, failed, has_fail;
	struct fail fail;
	int status;
	bool deserted; /* nobody reads what we write */
	bool unread; /* the input could not be read */
	char error[256];
};

/* The reason of a failure, and its status; of a frame with its place.  -1. */
int stream_in_fail(struct stream_reader *r, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int stream_in_fail_frame(struct stream_reader *r, const char *why);

/* As io_wait waits: for input, or until nobody reads what we write. */
int stream_in_wait(struct stream_reader *r, int timeout_ms);

/*
 * stream_in_header: the next frame's, into r->h.  1; -1, also at the end of the
 * input; 2 when nothing came within timeout_ms (-1 waits).
 * stream_in_payload: its bytes, checked and inflated, as f's.  0 or -1.
 * stream_in_more: whether anything follows: 1, 0 or -1.
 */
int stream_in_header(struct stream_reader *r, int timeout_ms);
int stream_in_payload(struct stream_reader *r, struct frame *f);
int stream_in_more(struct stream_reader *r);

#endif
