/* SPDX-License-Identifier: ISC */
/*
 * The two inputs of a stage that joins streams: stdin, the left one, and
 * another.  While one is waited for the other is read ahead, so that a command
 * which feeds both is not held up by either.  sjoin(1), STREAMS.
 */
#ifndef MILLRACE_TOOL_PAIR_H
#define MILLRACE_TOOL_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/stream.h"

enum pair_side { PAIR_LEFT, PAIR_RIGHT };

struct pair_opts {
	const char *right; /* path of a FIFO, /dev/fd/N or a file; borrowed */
	size_t spool; /* bytes read ahead of a side */
	int64_t stall_us; /* of waiting until something is said */
};

struct pair;

/*
 * pair_is_stream: whether a path is something that only a stream comes from.
 * pair_open: open the right input, without waiting for its writer.  *o is
 * copied.  NULL with *why, to be freed.
 */
bool pair_is_stream(const char *path);
struct pair *pair_open(const struct pair_opts *o, char **why);
void pair_free(struct pair *p);

/*
 * pair_begin: make the readers; out_fd, or -1, is watched while waiting.
 * pair_reader: that of a side.
 * pair_name: what to call a side in messages.
 * pair_started: the side's HEAD has been read.
 */
void pair_begin(struct pair *p, int out_fd);
struct stream_reader *pair_reader(struct pair *p, enum pair_side side);
const char *pair_name(const struct pair *p, enum pair_side side);
void pair_started(struct pair *p, enum pair_side side);

/*
 * Why a reader of p answered -1 though the stream it reads is sound.
 * pair_error: text, or NULL; the exit status is 74.
 * pair_fail: the FAIL that came on the side that was not waited for, or NULL;
 * borrowed from p.
 */
const char *pair_error(const struct pair *p);
const struct fail *pair_fail(const struct pair *p);

#endif
