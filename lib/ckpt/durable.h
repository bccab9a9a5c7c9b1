/* SPDX-License-Identifier: ISC */
/*
 * Files of state: there whole or not at all, durable, checked when they are
 * read.  millrace-checkpoint(5), FILES.
 */
#ifndef MILLRACE_CKPT_DURABLE_H
#define MILLRACE_CKPT_DURABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define DURABLE_MAX ((size_t)8 << 30) /* bytes of a body */

/* What is in a file; a file of another kind is refused. */
enum durable_kind {
	DURABLE_IDENTITY = 1,
	DURABLE_GENERATION,
	DURABLE_COMMIT,
	DURABLE_SNAPSHOT,
	DURABLE_PENDING,
	DURABLE_ACCEPTED,
	DURABLE_BEGUN
};

/*
 * durable_write: name in the directory dir_fd is p[0..len) from now on, and
 * stays so over a loss of power; before, it is what it was.  One process at a
 * time writes a name.  0, or -1 with errno; what failed leaves no file behind,
 * and after a failed fsync the caller must not try again.
 * durable_read: append the body to out.  1, 0 when there is no such file, or
 * -1 with errno: EBADMSG when it is damaged, of another kind, or of a version
 * that this program does not know.
 */
int durable_write(int dir_fd, const char *name, enum durable_kind kind,
    const void *p, size_t len);
int durable_read(
    struct buf *out, int dir_fd, const char *name, enum durable_kind kind);

/*
 * durable_sync: flush a directory's entries.  0, or -1 with errno.
 * durable_unfinished: the name that the file called name was to get, had a
 * durable_write ended, to be freed; NULL when it is no such file.
 */
int durable_sync(int dir_fd);
char *durable_unfinished(const char *name);

#endif
