/* SPDX-License-Identifier: ISC */
/* A log file and what rotation made of its predecessors. */
#ifndef MILLRACE_IO_SIBLING_H
#define MILLRACE_IO_SIBLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which file it is, whatever its name.  born_ns tells a file from a later one
 * that got its inode number; 0 where the filesystem does not keep it.
 */
struct file_id {
	uint64_t dev;
	uint64_t ino;
	int64_t born_ns;
};

static inline bool
file_id_same(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->born_ns == b->born_ns;
}

struct sibling {
	char *name; /* owned; in its directory */
	struct file_id id;
	int64_t mtime_ns;
	bool current; /* it has the name itself */
};

/* Siblings, oldest first. */
struct siblings {
	struct sibling *v;
	size_t n;
	size_t cap;
};

void siblings_release(struct siblings *l);

/*
 * Look into directory dir_fd for the regular file base and its rotated
 * predecessors, one moment's picture: names may change while a directory is
 * read.  Their order is that of birth, then of the last change, then of the
 * rotation number; base comes last.  *l is released first.  0, or -1 with
 * errno.
 */
int siblings_look(struct siblings *l, int dir_fd, const char *base);

/* Whether name is base (not counted) rotated: base.1, base-20261123.log. */
bool sibling_is_rotated(const char *name, const char *base);

/* Which file the name in dir_fd (or with "" dir_fd itself) is. */
int sibling_id(
    struct file_id *id, int64_t *mtime_ns, int dir_fd, const char *name);

#endif
