/* SPDX-License-Identifier: ISC */
/* Where the output of a pipeline goes.  ssink(1), DESTINATIONS. */
#ifndef MILLRACE_IO_SINK_H
#define MILLRACE_IO_SINK_H

#include <stddef.h>

struct sink;

/*
 * Open a destination: "-" is standard output, anything else a path.
 * What is written to a path shows there only when sink_publish has been
 * called, whole and durable; until then the path keeps what it had.  (A path
 * that is a device, a FIFO or a socket takes the bytes as they come.)  A path
 * that ends in .gz is compressed.
 * on_files, or NULL, is told where the names of files stand that a killed
 * process should remove, before there are any.
 * Returns NULL with the reason in *why, to be freed.
 */
typedef void (*sink_files_fn)(char *volatile *paths, size_t n);
struct sink *sink_open(const char *dest, sink_files_fn on_files, char **why);

/* Write all of p[0..len).  0, or -1; then every later call returns -1. */
int sink_write(void *sink, const void *p, size_t len);

/*
 * The descriptor that the bytes go to, for a writer of its own; -1 where they
 * are compressed on their way.
 */
int sink_fd(const struct sink *s);

/* The output is complete: publish and close it.  0 or -1. */
int sink_publish(struct sink *s);

/*
 * The output is complete: close it, durable, under the dot name *temp, which
 * is to become *path; both to be freed.  NULL when it was written directly.
 * 0 or -1.
 */
int sink_prepare(struct sink *s, char **temp, char **path);

/* Close; what has not been published is removed.  NULL is a no-op. */
void sink_free(struct sink *s);

/* Why -1, with the name of the destination. */
const char *sink_error(const struct sink *s);

#endif
