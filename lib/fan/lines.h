/* SPDX-License-Identifier: ISC */
/* What workers write on standard error, line by line. */
#ifndef MILLRACE_FAN_LINES_H
#define MILLRACE_FAN_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * What one has written.  Lines go to our own standard error as
 * "name[n]: text", bytes that are hostile to a terminal quoted.
 */
struct lines {
	const char *name; /* borrowed */
	unsigned n;
	struct buf line; /* one that has not ended */
	struct buf held; /* those to be printed, as they will be */
	int64_t since_us; /* the caller's: the time of the oldest of them */
};

/*
 * lines_read: hold what fd has now; more than 64 KiB are printed.  False at its
 * end, or when it cannot be read.
 * lines_end: what has no end of its own is a line, too.
 * lines_print: what is held; then it is empty.
 */
bool lines_read(struct lines *l, int fd);
void lines_end(struct lines *l);
void lines_print(struct buf *held);
void lines_release(struct lines *l);

#endif
