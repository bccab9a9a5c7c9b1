/* SPDX-License-Identifier: ISC */
/*
 * What stages that are no part of the pipeline any more have left in the
 * directory, and in files that they wrote to.  millrace-checkpoint(5), CHANGES.
 */
#ifndef MILLRACE_IO_LEFTOVERS_H
#define MILLRACE_IO_LEFTOVERS_H

#include "ckpt/checkpoint.h"

/*
 * For the sink, when all stages of its start have joined: of stages that have
 * not, take away what is not committed where they wrote to, then their files;
 * locks stay.  0, or the exit status with the reason in *why, to be freed.
 */
int leftovers_clear(const struct checkpoint *c, char **why);

#endif
