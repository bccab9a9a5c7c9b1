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
	bool *joined; /* owned: a stage of this start has that very name */
	size_t n;
};

/*
 * accepted_write (sbatch, after checkpoint_start): durable, for this start
 * alone; none is no file.
 * accepted_read: those of the start that c belongs to, into an empty *a; which
 * of them have joined, of the stages up to that of c.
 * Both give 0, or the exit status with the reason in *why, to be freed.
 */
int accepted_write(
    const struct checkpoint *c, char **why, const char *const *names, size_t n);
int accepted_read(struct accepted *a, char **why, const struct checkpoint *c);
void accepted_release(struct accepted *a);

/*
 * accepted_has: whether it is among the names.  accepted_joined: and a stage of
 * that name, not one with another number, is there.
 */
bool accepted_has(const struct accepted *a, const char *stage);
bool accepted_joined(const struct accepted *a, const char *stage);

#endif
