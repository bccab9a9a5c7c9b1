/* SPDX-License-Identifier: ISC */
/*
 * Which file beside the output a stage has begun.  Until a state says how it
 * ends, that alone tells it from a file of somebody else.
 * millrace-checkpoint(5), FILES.
 */
#ifndef MILLRACE_IO_BEGUN_H
#define MILLRACE_IO_BEGUN_H

#include <stdbool.h>

#include "ckpt/checkpoint.h"
#include "io/side.h"

/*
 * begun_save: the stage of c, which has saved its state of that epoch last,
 * begins the file fd; durable on return, and in place of what was noted before.
 * begun_is: whether fd is that file, and nothing in it is committed: *end,
 * which the state tells, is of another one, and no later epoch is
 * committed.
 * 0, or the exit status with the reason in *why, to be freed.
 */
int begun_save(const struct checkpoint *c, char **why, int fd, uint64_t epoch);
int begun_is(bool *is, char **why, const struct checkpoint *c, int fd,
    const struct side_end *end);

#endif
