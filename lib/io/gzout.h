/* SPDX-License-Identifier: ISC */
/* Packing of what goes into a file, as gzip members.  RFC 1952. */
#ifndef MILLRACE_IO_GZOUT_H
#define MILLRACE_IO_GZOUT_H

#include <stdbool.h>
#include <stddef.h>

struct gzout;

struct gzout *gzout_new(void);
void gzout_free(struct gzout *g);

/*
 * gzout_write: pack p[0..len) and write to fd what comes out; a member begins
 * even when len is 0.
 * gzout_finish: end the member, if one has begun; the next write begins
 * another.  A file may hold several.
 * 0, or -1 with errno.
 */
int gzout_write(struct gzout *g, int fd, const void *p, size_t len);
int gzout_finish(struct gzout *g, int fd);

/* Whether a path names such a file: it ends in .gz. */
bool gzout_is_name(const char *path);

#endif
