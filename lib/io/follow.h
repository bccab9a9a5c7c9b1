/* SPDX-License-Identifier: ISC */
/*
 * One file followed by name, over rotation, truncation and absence.
 * sbatch(1), FOLLOWING.
 */
#ifndef MILLRACE_IO_FOLLOW_H
#define MILLRACE_IO_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/source.h"

struct follow;

/*
 * follow_new: begin to follow path, which need not exist.  The n files, rotated
 * siblings of it in the order of their age, are read first; those that cannot
 * be opened any more are told of.  Other siblings (FILE.1, FILE-20261123,
 * FILE.old, stem.1.ext, each also with .gz) that are there already are old and
 * are not read.
 * follow_read: as source_read; SOURCE_END only after follow_stop.  SOURCE_NEXT
 * comes when the file being read has been rotated away and read to its end
 * (files that were rotated away unseen follow, oldest first, then the one that
 * has the name now), or was truncated, which starts it again from its
 * beginning, once the copy that was made of it, if there is one, was read.
 * follow_stop: what is there now is the last: SOURCE_END comes behind it.
 * follow_fd, follow_wait_ms, follow_note, follow_error, follow_status: as in
 * source.h.
 * follow_where: the path of what is being read; follow_mtime_us: when that was
 * written to, or now.
 * follow_plain_fd, follow_seek, follow_to_end: as in source.h.
 * follow_take: where no file is held, hold what the next follow_read would
 * begin with.
 */
struct follow *follow_new(const char *path, char *const files[], size_t n);
void follow_free(struct follow *f);
void follow_stop(struct follow *f);
enum source_got follow_read(struct follow *f, void *p, size_t cap, size_t *len);
int follow_fd(const struct follow *f);
int follow_wait_ms(const struct follow *f);
const char *follow_note(const struct follow *f);
const char *follow_error(const struct follow *f);
int follow_status(const struct follow *f);
const char *follow_where(const struct follow *f);
int64_t follow_mtime_us(const struct follow *f);
int follow_plain_fd(const struct follow *f);
void follow_seek(struct follow *f, uint64_t off);
bool follow_to_end(struct follow *f, uint64_t *off);
void follow_take(struct follow *f);

/*
 * Where a follower is, over a restart.  sbatch(1), RESUMING.
 * follow_begin: in place of follow_new: one that knows of no file.
 * follow_rules: whether a truncation that loses bytes is an error, and whether
 * a file that is gone is none.
 * follow_save: append the file being read, of which the first off bytes were
 * taken, and all that are not to be read again.
 * follow_resume: after follow_begin, take that up.  The file is sought by its
 * identity: under its name, rotated, packed.  One that the rules let go has
 * ended: SOURCE_NEXT comes first, with a note.  0, or the exit status with the
 * reason in *why, to be freed.
 * follow_in_line: as source_in_line.
 */
struct follow *follow_begin(const char *path);
void follow_rules(struct follow *f, bool strict, bool skips_missing);
void follow_save(struct buf *out, const struct follow *f, uint64_t off);
int follow_resume(struct follow *f, struct cur *in, char **why);
bool follow_in_line(const struct follow *f);

/* How far a place that follow_save kept is from the present end of the log. */
struct follow_gap {
	bool begun; /* some file was being read */
	bool found; /* and is still there */
	char *name; /* owned; its present name in its directory, or NULL */
	uint64_t off; /* bytes of it that were taken, as unpacked */
	uint64_t size; /* bytes that it has, as unpacked; modulo 2^32 in .gz */
	size_t n_unread; /* files that come after it */
	uint64_t unread; /* their bytes */
};

/* 0, or -1 when it is malformed. */
int follow_measure(struct follow_gap *g, const char *path, struct cur *in);

#endif
