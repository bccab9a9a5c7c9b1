/* SPDX-License-Identifier: ISC */
/* The rows of a frame, put together by the file that they go to. */
#ifndef MILLRACE_IO_OUTGROUP_H
#define MILLRACE_IO_OUTGROUP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/outpath.h"
#include "window/keys.h"

/* Rows of one file: sel[0..n), ascending. */
struct outgroup_run {
	uint32_t file;
	uint32_t n;
	const uint32_t *sel;
};

/*
 * Which file has the number of a path: told by the owner, asked once for each
 * key.  path is NUL-terminated.  0, or -1.
 */
typedef int (*outgroup_find_fn)(void *arg, uint32_t *file, const char *path);

struct outgroup {
	struct outpath *path; /* borrowed */
	struct keys keys;
	struct arena arena;
	struct buf text;
	uint32_t *file_of; /* by group of keys */
	size_t n_known;
	size_t cap_known;
	struct outgroup_run *runs; /* of the frame at hand */
	size_t n_runs;
	size_t cap_runs;
	uint32_t *run_of; /* by file; valid for files of this frame */
	size_t cap_run_of;
};

/* path is bound.  All zero bytes is a valid object to release. */
void outgroup_init(struct outgroup *g, struct outpath *path);
void outgroup_release(struct outgroup *g);

/* Files have other numbers from now on. */
void outgroup_reset(struct outgroup *g);

/*
 * Make g->runs of the rows of a frame, in order of the first row of each;
 * find gives numbers below n_files_max.  Valid until the next call.  0, or -1
 * when find failed.
 */
int outgroup_rows(struct outgroup *g, const struct frame *f,
    const struct batch *b, outgroup_find_fn find, void *arg);

#endif
