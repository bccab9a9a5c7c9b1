/* SPDX-License-Identifier: ISC */
/*
 * Which file beside the output a stage has begun.  Until a state says how it
 * ends, that alone tells it from a file of somebody else.
 * millrace-checkpoint(5), FILES.
 */
#ifndef MILLRACE_IO_BEGUN_H
#define MILLRACE_IO_BEGUN_H

#include "ckpt/checkpoint.h"
#include "io/sibling.h"

/*
 * begun_save: the stage of c begins the file fd; durable on return, and in
 * place of what was noted before.
 * begun_load: which one it was; all zero bytes where none was, or an epoch was
 * committed since.
 * 0, or the exit status with the reason in *why, to be freed.
 */
int begun_save(const struct checkpoint *c, char **why, int fd);
int begun_load(struct file_id *id, char **why, const struct checkpoint *c);

#endif
