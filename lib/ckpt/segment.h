/* SPDX-License-Identifier: ISC */
/*
 * The files that a tape is made of, and the records in them.
 * millrace-checkpoint(5), SPOOL.
 */
#ifndef MILLRACE_CKPT_SEGMENT_H
#define MILLRACE_CKPT_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SEGMENT_HEAD 32 /* bytes of a file before its first record */
#define SEGMENT_REC 40 /* bytes of a record before its data */
#define SEGMENT_DATA_MAX (1u << 20) /* of one record */
#define SEGMENT_NAME_MAX 32

enum segment_kind {
	SEGMENT_OPEN = 1, /* a stream begins, or goes on in a new place */
	SEGMENT_DATA, /* bytes of it */
	SEGMENT_END /* who wrote it has closed it */
};

/* A record; at is its place on the tape, which counts all records' bytes. */
struct segment_rec {
	enum segment_kind kind;
	uint32_t id; /* of the stream */
	uint32_t len; /* bytes of data */
	uint64_t at;
	uint64_t synced; /* the tape was durable up to there by then */
};

/*
 * segment_name: the file's name.  segment_number: what a name says; false when
 * it is none.
 * segment_create: a new file, whose first record is at start.  A descriptor to
 * append to, or -1 with errno.
 * segment_open: one that is there.  A descriptor to read, *start what it
 * says, or -1 with errno; EBADMSG: it does not begin as one.
 * segment_open_any: the same, however it begins; EBADMSG: it is no file.
 * segment_write: append a record to what segment_create gave.  0, or -1 with
 * errno, and then half of it may be there.
 * segment_read: the record at off, which is the place at on the tape; its data
 * replace those in data.  1, 0 when no whole record stands there, -1 with
 * errno.
 * segment_proves: whether anywhere from off on, which is the place at, a record
 * stands that was written when the tape was durable beyond that place.  1, 0,
 * or -1 with errno.
 */
void segment_name(char out[SEGMENT_NAME_MAX], uint32_t number);
bool segment_number(uint32_t *number, const char *name);
int segment_create(int dir_fd, uint32_t number, uint64_t start);
int segment_open(int dir_fd, uint32_t number, uint64_t *start);
int segment_open_any(int dir_fd, uint32_t number);
int segment_write(int fd, const struct segment_rec *r, const void *p);
int segment_read(
    struct segment_rec *r, struct buf *data, int fd, uint64_t off, uint64_t at);
int segment_proves(int fd, uint64_t off, uint64_t at);

#endif
