/* SPDX-License-Identifier: ISC */
/* What the files of the tape know of each other. */
#ifndef MILLRACE_CKPT_TAPE_INT_H
#define MILLRACE_CKPT_TAPE_INT_H

#include "ckpt/tape.h"

/*
 * tape_failed: the status for a failed use of a file of the tape, from errno,
 * with the reason in *why.
 * tape_again: what stands at the place at is to come again in s.
 * tape_put: a stream that is not there, whose fields the caller sets.
 */
int tape_failed(const struct tape *t, char **why, uint32_t number);
void tape_again(struct tape_stream *s, uint64_t at);
struct tape_stream *tape_put(
    struct tape *t, const char *path, size_t len, const char *name, size_t n);

#endif
