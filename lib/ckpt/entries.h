/* SPDX-License-Identifier: ISC */
/* The names in the directory of a pipeline that resumes. */
#ifndef MILLRACE_CKPT_ENTRIES_H
#define MILLRACE_CKPT_ENTRIES_H

#include "ckpt/checkpoint.h"

/* Takes a name: 0 to go on, 1 when it is enough, -1 with errno. */
typedef int (*entries_fn)(void *arg, const char *name);

/*
 * Give fn each name, in no order, until it has enough; those that come or go
 * meanwhile may be among them or not.  0, or the exit status with the reason
 * in *why, to be freed.
 */
int entries_each(
    const struct checkpoint *c, char **why, entries_fn fn, void *arg);

#endif
