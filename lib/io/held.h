/* SPDX-License-Identifier: ISC */
/* A log file held open, whatever becomes of its name, packed or not. */
#ifndef MILLRACE_IO_HELD_H
#define MILLRACE_IO_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "io/sibling.h"

#define HELD_HEAD 1024 /* bytes that tell files apart */
#define HELD_TAIL 256 /* bytes before the offset that must stay the same */

struct gunzip;

/*
 * What identifies a file's contents: its first bytes and its length, both as
 * unpacked.  A log only grows, so it is the same as long as the shorter head
 * is the beginning of the longer one.
 */
struct head_id {
	uint64_t size; /* modulo 2^32 of a packed file */
	size_t n;
	unsigned char head[HELD_HEAD];
};

/*
 * Invariants: off is the position of the next byte, as unpacked; tail has the
 * n_tail bytes before it that were read.  fd -1: nothing is held.
 */
struct held {
	int fd;
	struct file_id id;
	char *name; /* owned; it had this when it was opened */
	uint64_t off;
	char tail[HELD_TAIL];
	size_t n_tail;
	struct gunzip *gunzip; /* owned; NULL when not packed */
	off_t packed_off; /* of the next packed byte */
	int64_t mtime_ns; /* when opened */
};

/*
 * held_open: the file name in dir_fd, packed when it begins with the magic of
 * gzip.  0, or -1 with errno.
 * held_release: close it; what held nothing is left as it is.
 * held_read: what follows off; bytes, 0 at the present end, or -1 with errno
 * (EBADMSG: no gzip data, or not all of them; ESTALE: the file was truncated,
 * that is, it ends before off, or something else stands there).
 * held_rewind: from the start again; held_seek: from byte off; held_last_end:
 * the place behind the last line end.  None of them is for packed files.
 * held_skip: go to where before stands: 1, 0 when the contents up to there
 * are others, or -1 with errno when they cannot be read.
 * held_in_line: no line end stands before off.
 * held_head: what identifies it.  0, or -1 with errno.
 */
int held_open(struct held *h, int dir_fd, const char *name);
void held_release(struct held *h);
ssize_t held_read(struct held *h, void *p, size_t cap);
void held_rewind(struct held *h);
void held_seek(struct held *h, uint64_t off);
uint64_t held_last_end(const struct held *h);
int held_skip(struct held *h, const struct held *before);
bool held_in_line(const struct held *h);
int held_head(struct head_id *id, const struct held *h);

/*
 * Where h was read up to off, over a restart.  held_get_place: fd is -1, off
 * and tail are what was saved; c->failed when they are none.
 */
void held_put_place(struct buf *out, const struct held *h, uint64_t off);
void held_get_place(struct held *h, struct cur *c);

/*
 * Whether a packed file has what the file known had, perhaps with more behind
 * it.  Short heads say little, so then the lengths must agree as well.
 */
bool head_id_same(const struct head_id *packed, const struct head_id *known);

#endif
