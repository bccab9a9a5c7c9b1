/* SPDX-License-Identifier: ISC */
/* Files that a directory has, and that it gains.  sbatch(1), DIRECTORIES. */
#ifndef MILLRACE_IO_NEWFILES_H
#define MILLRACE_IO_NEWFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/sibling.h"

/* How long a file must stay the same to be whole, if nothing else says it. */
#define NEWFILES_STILL_US INT64_C(1000000)

struct newfile {
	char *name; /* owned */
	struct file_id id;
	uint64_t size;
	int64_t mtime_ns;
	int64_t since_us; /* seen like this since then, monotonic */
	bool given;
};

/* All zero bytes is a valid empty one.  Invariant: v is in order of id. */
struct newfiles {
	struct newfile *v; /* those that are there */
	size_t n;
	size_t cap;
	char **closed; /* owned names: writers have closed them */
	size_t n_closed;
	size_t cap_closed;
	bool waiting; /* for a file to be whole */
};

void newfiles_release(struct newfiles *f);

/*
 * newfiles_find, newfiles_named: what the last look has found of a file, or
 * NULL.
 * newfiles_give: before the first look, it is none of those that come.
 */
const struct newfile *newfiles_find(
    const struct newfiles *f, const struct file_id *id);
const struct newfile *newfiles_named(
    const struct newfiles *f, const char *name);
void newfiles_give(struct newfiles *f, const struct file_id *id);

/* A file of that name was closed by its writer, or moved here. */
void newfiles_closed(struct newfiles *f, const char *name);

/*
 * Look into the directory.  The names of the regular files that are new and
 * whole go into *names (owned, each; of length *n), in the order of their last
 * change, then by name; each file comes once, whatever its name becomes.
 * A file is whole when newfiles_closed said so, when it was the same for
 * NEWFILES_STILL_US, or, with at_rest, in any case.
 * 0, or -1 with errno.
 */
int newfiles_look(struct newfiles *f, char ***names, size_t *n,
    const char *path, bool at_rest);

#endif
