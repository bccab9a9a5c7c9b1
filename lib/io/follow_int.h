/* SPDX-License-Identifier: ISC */
/* What the files of the follower know of each other. */
#ifndef MILLRACE_IO_FOLLOW_INT_H
#define MILLRACE_IO_FOLLOW_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/follow.h"
#include "io/held.h"
#include "io/known.h"
#include "io/sibling.h"

struct follow {
	char *path;
	char *dir;
	const char *base; /* in path */
	int event_fd; /* inotify, or -1 */
	int dir_watch; /* or -1 */
	int file_watch; /* or -1 */
	struct held now; /* fd -1: nothing was ever held */
	struct held truncated; /* now is its copy; or fd -1 */
	int64_t lost_us; /* when the name was seen not to be now, or 0 */
	struct held *queue; /* found rotated away, oldest first */
	size_t n_queue;
	size_t cap_queue;
	struct known known;
	uint64_t n_truncated;
	bool stopping;
	bool kept; /* over a restart, so that nothing may be lost */
	bool strict; /* a truncation that loses bytes is an error */
	bool skips_missing; /* a file that is gone is not */
	bool lost; /* the place that was resumed; the reader must hear of it */
	bool told; /* that the name cannot be opened */
	bool told_dir; /* that its directory cannot be looked at */
	struct buf note;
	char *error;
	int status; /* exit status for it */
};

/*
 * follow_look: its directory opened into *dir_fd (-1: it cannot be), and what
 * of its log is there.  0 or -1.
 * follow_hold: h, which it takes over, is the file being read.
 * follow_tell: the user should hear that of a file.
 * follow_learn: all rotated siblings that are there now are old.
 * follow_take_files: open what is there from before, so that rotation cannot
 * hide it.
 * follow_find_copy: the copy that copytruncate made of what is held, at the
 * place where that was left, so that nothing in it is lost.
 * follow_scan: queue every file of the set that came since, oldest first.  0,
 * or -1 with errno when its directory cannot be looked at.
 */
int follow_look(struct follow *f, struct siblings *l, int *dir_fd);
void follow_hold(struct follow *f, const struct held *h);
void follow_tell(struct follow *f, const char *name, const char *text);
void follow_learn(struct follow *f);
void follow_take_files(struct follow *f, char *const files[], size_t n);
bool follow_find_copy(struct follow *f, struct held *copy);
int follow_scan(struct follow *f);

#endif
