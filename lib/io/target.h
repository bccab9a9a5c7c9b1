/* SPDX-License-Identifier: ISC */
/* The files of an outlet that are not complete: found by path, few open. */
#ifndef MILLRACE_IO_TARGET_H
#define MILLRACE_IO_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/map.h"
#include "io/outfile.h"
#include "io/outlet_int.h"

/* A file that is not complete yet; published ones are forgotten. */
struct target {
	struct outfile file;
	size_t slot; /* in temps */
	struct buf held; /* bytes not written yet */
	bool begun; /* has its names, and perhaps rows */
	uint64_t n_rows;
	uint64_t len; /* bytes, before packing */
	uint64_t number; /* of the last one published, 0 = not known */
	int64_t begun_us; /* monotonic */
	TAILQ_ENTRY(target) open; /* when file.fd is not -1 */
};

TAILQ_HEAD(target_list, target);

/*
 * Invariants: map.n targets, all[i] has number i and the hash hashes[i]; those
 * in open, n_open <= max_open of them, have their file open.
 */
struct targets {
	struct outlet *t; /* borrowed: options, and where failures go */
	struct target **all;
	size_t cap_all;
	struct map map; /* path to number */
	uint64_t *hashes;
	size_t cap_hashes;
	char **temps; /* max_files of them; some NULL */
	size_t *free_slots;
	size_t n_free;
	struct target_list open; /* most recently used first */
	size_t n_open;
	size_t max_open;
};

void targets_init(struct targets *s, struct outlet *t);

/* Remove all that is not published. */
void targets_release(struct targets *s);

/*
 * All that return int: 0, or -1 after outlet_fail.
 * targets_find: the number of the target of a path, a new one if need be.
 * targets_open: have it open; *state as outfile_open says, or untouched when
 * it is open already.
 * targets_put: append bytes, which may stay in memory; targets_drain: write
 * those.
 * targets_complete: all of it in the file, closed and durable; but for a file
 * that was appended to and is gone, unless the pipeline resumes.
 * targets_publish: give it its name, numbered if the outlet rolls; nothing to
 * do when it appends.
 * targets_prepare: of a pipeline that resumes: it is to get that name when
 * the epoch has been decided.
 * targets_sync: make that durable.
 * targets_forget: forget those that have not begun.  The others get new
 * numbers.
 */
int targets_find(struct targets *s, uint32_t *number, const char *path);
int targets_open(
    struct targets *s, struct target *g, struct outfile_state *state);
int targets_put(struct targets *s, struct target *g, const void *p, size_t len);
int targets_drain(struct targets *s, struct target *g);
int targets_complete(struct targets *s, struct target *g);
int targets_publish(struct targets *s, struct target *g);
int targets_prepare(struct targets *s, struct target *g);
int targets_sync(struct targets *s, struct target *g);
void targets_forget(struct targets *s);

#endif
