/* SPDX-License-Identifier: ISC */
/* Directories whose names come from data: made, and opened safely. */
#ifndef MILLRACE_IO_OUTDIR_H
#define MILLRACE_IO_OUTDIR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Open the directory of path, making what is missing of it.  Components that
 * begin within the first n_trusted bytes are the user's, and may be links;
 * later ones are from data: a link among them is not followed (ENOTDIR).
 * *made, when there is one, becomes the length of the shortest prefix that
 * had to be made, and is unchanged when none was.
 * Returns a descriptor, or -1 with errno.
 */
int outdir_open(const char *path, size_t n_trusted, size_t *made);

/*
 * What outdir_open made, if made is not 0:
 * outdir_sync: make the directory of path durable, and those that had to be
 * made for it; 0, or -1 with errno.
 * outdir_remove: remove those that are empty.
 */
int outdir_sync(const char *path, size_t n_trusted, size_t made);
void outdir_remove(const char *path, size_t n_trusted, size_t made);

/*
 * outdir_name: the last component of a path, within it.
 * outdir_same: whether both paths are in one directory, by their texts.
 * outdir_rename_new: rename, but over no file; where the file system cannot,
 * by a second name, which a call that is repeated finishes.  0, or -1 with
 * errno, EEXIST when there is a file.
 */
const char *outdir_name(const char *path);
bool outdir_same(const char *a, const char *b);
int outdir_rename_new(int dir_fd, const char *from, const char *to);

#endif
