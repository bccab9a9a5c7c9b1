/* SPDX-License-Identifier: ISC */
/*
 * Which stages a start lets differ from what they were at the last commit.
 * millrace-checkpoint(5), CHANGES.
 */
#ifndef MILLRACE_CKPT_ACCEPTED_H
#define MILLRACE_CKPT_ACCEPTED_H

#include <stdbool.h>
#include <stddef.h>

#include "ckpt/checkpoint.h"

#define ACCEPTED_MAX 256 /* names */
#define ACCEPTED_MAX_NAME 255 /* bytes of one */

/* Names of stages, such as 02-sreduce.  All zero bytes is none. */
struct accepted {
	char **names; /* owned */
	size_t n;
};

/*
 * accepted_write (sbatch, after checkpoint_start): durable, for this start
 * alone; none is no file.
 * accepted_read: those of the start that c belongs to, into an empty *a.
 * Both give 0, or the exit status with the reason in *why, to be freed.
 */
int accepted_write(
    const struct checkpoint *c, char **why, const char *const *names, size_t n);
int accepted_read(struct accepted *a, char **why, const struct checkpoint *c);
void accepted_release(struct accepted *a);

bool accepted_has(const struct accepted *a, const char *stage);

#endif
