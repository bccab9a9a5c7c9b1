/* SPDX-License-Identifier: ISC */
/*
 * The end of a stream: its frames, in a format, to where they go: standard
 * output or a file, files by the values of rows, or a command for each batch.
 * ssink(1).
 */
#ifndef MILLRACE_IO_OUTLET_H
#define MILLRACE_IO_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "data/batch.h"
#include "text/render.h"
#include "wire/stream.h"

#define OUTLET_MAX_FILES 10000 /* default of max_files */

/* When a file is complete and the next one begins; 0 = no such bound. */
struct outlet_roll {
	uint64_t len; /* bytes, before packing */
	uint64_t rows;
	int64_t us; /* since its first row came, monotonic */
};

struct outlet_opts {
	struct render_opts render;
	const char *dest; /* a destination, or NULL */
	const char *command; /* for sh -c, or NULL; one of both is set */
	struct outlet_roll roll;
	bool append;
	bool changelog; /* rows that replace others are printed as changes */
	size_t max_files; /* unpublished at a time */
	/*
	 * What the owner of signals is told: the group of the running child
	 * (0 = none), and the places of the names of files to be removed.
	 */
	void (*on_child)(pid_t pid);
	void (*on_files)(char *volatile *paths, size_t n);
	void (*warn)(const char *fmt, ...);
};

struct outlet;

/*
 * outlet_new: NULL with the reason in *why (to be freed) when the options do
 * not go together.  o's texts are borrowed.
 * outlet_head: HEAD came; h stays valid until outlet_free.
 * outlet_frame: a frame after it; b holds the rows of a ROWS frame, else NULL.
 * outlet_idle: no further frame is ready; *timeout_ms as in render_idle.
 * outlet_reopen: files that are appended to are opened anew.
 * outlet_commit: the stream was whole: show what is not yet visible.
 * outlet_free: remove what is not yet visible.  NULL is a no-op.
 * All that return int: 0, or -1 with outlet_error and the exit status in
 * outlet_status (sysexits(3)).
 */
struct outlet *outlet_new(const struct outlet_opts *o, char **why);
int outlet_head(struct outlet *t, const struct head *h);
int outlet_frame(
    struct outlet *t, const struct frame *f, const struct batch *b);
int outlet_idle(struct outlet *t, int *timeout_ms);
int outlet_reopen(struct outlet *t);
int outlet_commit(struct outlet *t);
void outlet_free(struct outlet *t);
const char *outlet_error(const struct outlet *t);
int outlet_status(const struct outlet *t);

/* Add 100M, 1000000rows or 1h to the bounds.  0, or -1 when it is neither. */
int outlet_parse_roll(struct outlet_roll *roll, const char *s);

#endif
