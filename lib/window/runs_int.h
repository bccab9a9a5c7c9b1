/* SPDX-License-Identifier: ISC */
/* What the files that keep runs share. */
#ifndef MILLRACE_WINDOW_RUNS_INT_H
#define MILLRACE_WINDOW_RUNS_INT_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "window/runs.h"

/*
 * A file with runs: the one that is written to, without a name unless the runs
 * are kept, or one that an earlier start has left.
 */
struct runfile {
	LIST_ENTRY(runfile) all;
	struct runs *of;
	int fd;
	uint64_t generation; /* of the start that wrote it; 0: no name */
	size_t n_refs; /* runs in it, and snapshots that may want others */
};

/* The runs of a snapshot that a restart may read, so that they must stay. */
struct runs_kept {
	TAILQ_ENTRY(runs_kept) link;
	uint64_t epoch;
	struct run **runs; /* a reference of each */
	size_t n;
	struct runfile *
	    *files; /* of those that are known by their file alone */
	size_t n_files;
};

/*
 * Invariants: out's file ends at end, out is NULL before the first write;
 * n_live counts all runs there are.
 */
struct runs {
	struct runs_place place; /* dir NULL: nothing is kept */
	LIST_HEAD(runfiles, runfile) files;
	struct runfile *file; /* that is written to */
	const char *dir; /* of it, for messages */
	uint64_t end;
	uint64_t begin; /* of the run being written */
	uint32_t crc; /* of what of it is in the file */
	size_t n_live;
	struct buf out; /* of it, not yet in the file */
	bool dirty; /* the file has bytes that are not durable */
	bool new_name; /* the directory must be flushed */
	bool damaged; /* what failed is a file of an earlier start */
	bool leaving; /* what is kept stays where it is */
	TAILQ_HEAD(runs_kept_list, runs_kept) kept;
	uint64_t n_saved; /* snapshots so far */
	char *why;
};

struct run {
	struct runfile *file;
	uint64_t off;
	uint64_t len;
	uint32_t crc;
	size_t n_refs;
	uint64_t saved; /* by which snapshot it was numbered last, and how */
	uint32_t number;
};

/* Record why; returns -1. */
int runs_failed(struct runs *r, const char *what);

/*
 * runs_file: that of a start, opened for reading if it is not the own one; or
 * NULL with errno.  The reference is the caller's.
 * runs_unref_file: one less; an earlier start's with no reference goes.
 * runs_add: a run that is there already, with one reference.
 */
struct runfile *runs_file(struct runs *r, uint64_t generation);
void runs_unref_file(struct runfile *f);
struct run *runs_add(
    struct runfile *f, uint64_t off, uint64_t len, uint32_t crc);

#endif
