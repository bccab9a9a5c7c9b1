/* SPDX-License-Identifier: ISC */
/* What workers write on standard error, line by line. */
#ifndef MILLRACE_FAN_LINES_H
#define MILLRACE_FAN_LINES_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Lines go to our own standard error as "name[n]: text", bytes that are hostile
 * to a terminal quoted; line keeps one that has not ended.
 * lines_read: what fd has now.  False at its end, or when it cannot be read;
 * then nothing is kept.
 * lines_end: what is kept goes out as a line.
 */
bool lines_read(struct buf *line, int fd, const char *name, unsigned n);
void lines_end(struct buf *line, const char *name, unsigned n);

#endif
