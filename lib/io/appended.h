/* SPDX-License-Identifier: ISC */
/*
 * Files that are written at their ends, and cut off again where a start that
 * did not commit has written.  millrace-checkpoint(5), SINKS.
 */
#ifndef MILLRACE_IO_APPENDED_H
#define MILLRACE_IO_APPENDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"
#include "ckpt/checkpoint.h"

/* How a file ends that is as long as it should be. */
struct appended_end {
	bool exists;
	uint64_t len; /* bytes */
	uint64_t digest; /* of the last 256, or all, of them */
};

struct appended_file {
	char *path; /* owned, absolute */
	size_t n_trusted; /* bytes of path; no link is followed behind them */
	uint64_t since; /* the epoch in which it was as end says */
	struct appended_end end; /* where committed rows end */
	bool touched; /* in the epoch at hand */
};

/*
 * Invariant: a file that may hold rows that are not committed is in files, and
 * in the note in the directory.
 */
struct appended {
	struct appended_file *files;
	size_t n;
	size_t cap;
	struct map map; /* path to number */
	uint64_t *hashes;
	size_t cap_hashes;
	char *cwd; /* owned; relative paths begin there */
	const struct checkpoint *c; /* borrowed; NULL until appended_begin */
	uint64_t epoch; /* at hand */
	bool noted; /* the note holds all of files */
};

/* The current folder is where relative paths begin, now and later. */
void appended_init(struct appended *a);
void appended_release(struct appended *a);

/*
 * appended_save, appended_load: where the files end, as bytes, and back; -1
 * when they are malformed.
 * appended_begin: cut off what is not committed; 0, or the exit status with
 * the reason in *why: a file is shorter than what was committed, or ends
 * otherwise.  c stays open.
 * appended_touch: path will be written to in this epoch; appended_note must
 * be called before it is.
 * appended_note: make durable which files those are.
 * appended_mark: the files that were touched are written and durable: that is
 * where they end.  The next epoch begins.
 * appended_end: all that was written is committed, nothing will follow.
 * The last four: 0, or -1 with the reason in *why.
 */
void appended_save(const struct appended *a, struct buf *out);
int appended_load(struct appended *a, struct cur *in);
int appended_begin(struct appended *a, char **why, const struct checkpoint *c);
int appended_touch(
    struct appended *a, char **why, const char *path, size_t n_trusted);
int appended_note(struct appended *a, char **why);
int appended_mark(struct appended *a, char **why);
int appended_end(struct appended *a, char **why);

#endif
