/* SPDX-License-Identifier: ISC */
/*
 * A file beside the output that a stage adds to as it goes, and that a restart
 * cuts back to what is committed.  sbatch(1), RESUMING.
 */
#ifndef MILLRACE_IO_SIDE_H
#define MILLRACE_IO_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/sibling.h"

/* How such a file ends; all zero bytes: it is empty, whatever file it is. */
struct side_end {
	uint64_t len;
	bool known; /* the rest is said; else a state of before has but len */
	bool none; /* or there was no file */
	uint64_t digest; /* of up to 256 bytes that stand before len */
	struct file_id id;
};

/*
 * side_digest: of up to 256 bytes before byte len of fd, which can be read
 * there.  0, or -1 with errno.
 * side_measure: how the file fd ends at byte len of it; it need not be open for
 * reading, but must be a regular file.  0, or -1 with errno.
 * side_put, side_get: as bytes, and back; in->failed when they are cut.
 * side_claim: of a pipeline that resumes: fd is a side file of the process, or
 * shared, an output that is appended to, which may be that of others, too: for
 * as long as it is open no other claims it otherwise; 64 when one does.
 * side_cut: cut fd, opened by path, to what *e says, unless it is another file,
 * or was changed, or there was none: then nothing is cut.  One that is empty is
 * begun anew.  0, or the exit status with the reason in *why, to be freed.
 */
int side_digest(uint64_t *sum, int fd, uint64_t len);
int side_measure(struct side_end *e, int fd, uint64_t len);
void side_put(struct buf *out, const struct side_end *e);
void side_get(struct side_end *e, struct cur *in);
int side_claim(char **why, const char *path, int fd, bool shared);
int side_cut(const struct side_end *e, char **why, const char *path, int fd);

#endif
