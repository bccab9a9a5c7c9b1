/* SPDX-License-Identifier: ISC */
/* What the files of the tape know of each other. */
#ifndef MILLRACE_CKPT_TAPE_INT_H
#define MILLRACE_CKPT_TAPE_INT_H

#include "ckpt/segment.h"
#include "ckpt/tape.h"

/* What is known of a stream, as bits of a byte. */
enum { TAPE_GUEST = 1, TAPE_PACKED = 2, TAPE_ENDED = 4, TAPE_BEGUN = 8 };

/* What an open says; path and name point into its data. */
struct tape_opened {
	uint64_t origin;
	bool guest;
	bool packed;
	const char *path, *name;
	size_t path_len, name_len;
};

/*
 * tape_fail: the tape has failed with that status, and the reason in *why; it
 * gives the status.  tape_failed: a use of one of its files has, as errno says;
 * number 0: of the directory.  tape_usable: 0, or what has failed before.
 * tape_again: what stands at the place at is to come again in s.
 * tape_put: a stream that is not there, whose fields the caller sets.
 * tape_by_id: one that is, or NULL.
 * tape_parse_open: the data of an open.  0, or -1: malformed.
 * tape_fits: whether a record makes sense, skip bytes of which were read.
 */
int tape_fail(struct tape *t, char **why, int status);
int tape_failed(struct tape *t, char **why, uint32_t number);
int tape_usable(const struct tape *t, char **why);
void tape_again(struct tape_stream *s, uint64_t at);
struct tape_stream *tape_put(
    struct tape *t, const char *path, size_t len, const char *name, size_t n);
struct tape_stream *tape_by_id(const struct tape *t, uint32_t id);
int tape_parse_open(struct tape_opened *o, const struct buf *data);
bool tape_fits(
    const struct segment_rec *r, const struct buf *data, uint32_t skip);

#endif
