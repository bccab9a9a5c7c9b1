/* SPDX-License-Identifier: ISC */
/* What the kinds of destinations share. */
#ifndef MILLRACE_IO_SINK_INT_H
#define MILLRACE_IO_SINK_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "io/sink.h"

/*
 * A kind of destination.  open returns 0, or -1 with s->why; write, publish
 * and finish, which leaves the names as they are, 0, or -1 with errno; release
 * closes and removes what was not published.
 */
struct sink_kind {
	bool (*claims)(const char *dest);
	int (*open)(struct sink *s, const char *dest);
	int (*write)(struct sink *s, const void *p, size_t len);
	int (*publish)(struct sink *s);
	int (*finish)(struct sink *s);
	void (*release)(struct sink *s);
};

struct sink {
	const struct sink_kind *kind;
	char *name; /* in messages */
	char *why; /* sticky */
	int fd; /* -1 when closed */
	/* Of a path. */
	char *path; /* with links resolved */
	char *temp; /* NULL once published, or when written directly */
	struct gzout *gz;
	sink_files_fn on_files;
};

extern const struct sink_kind filesink_kind;

#endif
