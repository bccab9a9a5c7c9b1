/* SPDX-License-Identifier: ISC */
/* What the files of the tape know of each other. */
#ifndef MILLRACE_CKPT_TAPE_INT_H
#define MILLRACE_CKPT_TAPE_INT_H

#include "ckpt/tape.h"

/*
 * tape_fail: the tape has failed with that status, and the reason in *why; it
 * gives the status.  tape_failed: a use of one of its files has, as errno says;
 * number 0: of the directory.  tape_usable: 0, or what has failed before.
 * tape_again: what stands at the place at is to come again in s.
 * tape_put: a stream that is not there, whose fields the caller sets.
 */
int tape_fail(struct tape *t, char **why, int status);
int tape_failed(struct tape *t, char **why, uint32_t number);
int tape_usable(const struct tape *t, char **why);
void tape_again(struct tape_stream *s, uint64_t at);
struct tape_stream *tape_put(
    struct tape *t, const char *path, size_t len, const char *name, size_t n);

#endif
