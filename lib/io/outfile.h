/* SPDX-License-Identifier: ISC */
/* One of the files that the rows of a stream are spread over. */
#ifndef MILLRACE_IO_OUTFILE_H
#define MILLRACE_IO_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gzout;

/*
 * The life of a file: open, write, and perhaps close and open again, many
 * times; then finish, publish and sync, or discard.
 * The first open creates a dot-named file beside path, or with append opens
 * path itself; what is behind the first n_trusted bytes of path comes from
 * data, and no link is followed there.  A path that ends in .gz is packed, a
 * member for each time it was open.
 */
struct outfile {
	char *path; /* owned */
	size_t n_trusted;
	bool append;
	char **temp; /* borrowed place of the owned dot name, NULL = none */
	int fd; /* -1 = closed */
	struct gzout *gz; /* while open */
	size_t made; /* of outdir_open */
};

/* path is copied; *temp is NULL, and stays in place as long as o does. */
void outfile_init(struct outfile *o, const char *path, size_t n_trusted,
    bool append, char **temp);

/*
 * outfile_open: *is_empty says whether there is nothing in it yet.  A file
 * that is appended to and ends inside of a line gets a line end, *is_mended.
 * outfile_close: keep it for later.
 * outfile_finish: close it, durably: no more will be written.
 * outfile_publish: give it its name; not for append.  With ext_len, the
 * name is numbered before its last ext_len bytes: one above *number, or above
 * the highest that is there if *number is 0; no file is replaced then.
 * outfile_numbered: such a name that no file has, to be freed; *number is
 * its.  NULL with errno.
 * outfile_leave: what is in *temp stays there, for somebody else to publish.
 * outfile_sync: make that durable.
 * outfile_discard: remove what was not published.
 * outfile_release: the same, and the directories that were made for it and
 * are empty.
 * All that return int: 0, or -1 with errno.
 */
struct outfile_state {
	bool is_empty;
	bool is_mended;
};
int outfile_open(struct outfile *o, struct outfile_state *state);
int outfile_write(struct outfile *o, const void *p, size_t len);
int outfile_close(struct outfile *o);
int outfile_finish(struct outfile *o);
int outfile_publish(struct outfile *o);
int outfile_publish_numbered(
    struct outfile *o, size_t ext_len, uint64_t *number);
char *outfile_numbered(
    const struct outfile *o, size_t ext_len, uint64_t *number);
void outfile_leave(struct outfile *o);
int outfile_sync(struct outfile *o);
void outfile_discard(struct outfile *o);
void outfile_release(struct outfile *o);

#endif
