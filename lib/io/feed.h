/* SPDX-License-Identifier: ISC */
/* Bytes that were read and not yet taken, in one piece. */
#ifndef MILLRACE_IO_FEED_H
#define MILLRACE_IO_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "io/source.h"

#define FEED_BLOCK (1u << 20) /* bytes asked for in one read of a file */
#define FEED_SMALL (16u << 10) /* of one among many sources */

/*
 * Invariants: at <= len <= cap; data[at..len) was read and not taken; off is
 * the position of data[at] in its file, as unpacked.  All zero bytes is a
 * valid empty feed.
 */
struct feed {
	char *data; /* NULL before the first read */
	size_t at;
	size_t len;
	size_t cap;
	uint64_t off;
};

void feed_release(struct feed *f);

/* What is not taken, and its length.  Never NULL. */
static inline const char *
feed_peek(const struct feed *f, size_t *len)
{
	*len = f->len - f->at;
	return f->data == NULL ? "" : f->data + f->at;
}

/* Take len bytes from the front. */
static inline void
feed_take(struct feed *f, size_t len)
{
	f->at += len;
	f->off += len;
}

/* Put len bytes back before those at hand. */
void feed_unread(struct feed *f, const char *p, size_t len);

/* A file begins: nothing is left of the last one, positions start at 0. */
void feed_begin(struct feed *f);

/* Put bytes behind what is not taken, as if they had been read. */
void feed_put(struct feed *f, const void *p, size_t len);

/*
 * Read once, up to block bytes; what is not taken stays and moves.  As
 * source_read.
 */
enum source_got feed_fill(struct feed *f, struct source *s, size_t block);

#endif
