/* SPDX-License-Identifier: ISC */
/*
 * Files of a directory that this start or an earlier one was given, each by a
 * number of its own.  sbatch(1), DIRECTORIES.
 */
#ifndef MILLRACE_IO_SEEN_H
#define MILLRACE_IO_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/newfiles.h"

enum seen_state {
	SEEN_OPEN, /* not read to its end */
	SEEN_READ, /* to the end that it had; a later start reads what grew */
	SEEN_DONE /* to its end, whatever becomes of it */
};

struct seen_file {
	uint64_t number;
	struct file_id id;
	enum seen_state state;
	uint64_t size; /* of it at its end, and when it was written */
	int64_t mtime_ns;
	char *key; /* owned: the name under which it came */
	char *name; /* owned: its present one; NULL when it is gone */
	bool changed; /* since its end was read */
};

/*
 * In the order of their numbers, which are 1..n_given.  All zero bytes is an
 * empty one.
 */
struct seen {
	struct seen_file **v; /* owned, each */
	size_t n;
	size_t cap;
	uint64_t n_given; /* numbers given so far */
};

void seen_release(struct seen *l);

/*
 * seen_add: another file.
 * seen_save: append all.  seen_load: take them up; 0, or -1: malformed.
 * seen_match: find them among those that are there, whatever their names are.
 * seen_find: by number, or NULL.  seen_drop: one that is no more.
 */
struct seen_file *seen_add(
    struct seen *l, const struct file_id *id, const char *name);
void seen_save(const struct seen *l, struct buf *out);
int seen_load(struct seen *l, struct cur *c);
void seen_match(struct seen *l, const struct newfiles *there);
struct seen_file *seen_find(const struct seen *l, uint64_t number);
void seen_drop(struct seen *l, size_t i);

#endif
