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
	bool packed; /* its name ends in .gz */
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
 * read.  Their order is that of birth, or, when some are packed, which makes
 * them anew, of the last change; then of the last change, then of the rotation
 * number; base comes last.  *l is released first.  0, or -1 with
 * errno.
 */
int siblings_look(struct siblings *l, int dir_fd, const char *base);

/*
 * Whether name is base (not counted) rotated: base.1, base-20261123.log,
 * perhaps with .gz behind it.
 */
bool sibling_is_rotated(const char *name, const char *base);

enum rotation_kind { ROTATION_NONE, ROTATION_NUMBER, ROTATION_DATE };

/* What a name says of rotation: its first stem bytes are the log's name. */
struct rotation {
	size_t stem;
	enum rotation_kind kind;
	long number; /* ROTATION_NUMBER: the higher, the older */
	const char *date; /* ROTATION_DATE: borrowed, behind the stem */
};

/*
 * Read a name as one of many, without knowing the log's: stem.1,
 * stem-20261123, stem.2026-11-23.gz, stem.old (a number of 1).  Names that
 * only might be of that kind are not: part.0001, x.12345, stem-20261123.ext.
 * rotation_compare: below 0 when a is older than b, by their names; both have
 * the same stem, and ROTATION_NONE is the youngest.  Meaningless for a number
 * and a date.
 */
void rotation_read(struct rotation *r, const char *name);
int rotation_compare(const struct rotation *a, const struct rotation *b);

/* Which file the name in dir_fd (or with "" dir_fd itself) is. */
int sibling_id(
    struct file_id *id, int64_t *mtime_ns, int dir_fd, const char *name);

#endif
