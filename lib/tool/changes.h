/* SPDX-License-Identifier: ISC */
/*
 * What of a pipeline has changed since a state was made, and whether the state
 * fits all the same.  millrace-checkpoint(5), CHANGES.
 */
#ifndef MILLRACE_TOOL_CHANGES_H
#define MILLRACE_TOOL_CHANGES_H

#include <stdbool.h>

#include "ckpt/accepted.h"
#include "tool/state.h"
#include "wire/head.h"

/* What to write instead of another stage in the place of one. */
#define CHANGES_STEP                                                           \
	"to take a step out, or to make room for one, write smap -w true"

/* What a stage is now, to be compared with its state; all borrowed. */
struct changes {
	const struct accepted *accepted;
	const struct head *in;
	const struct head *out; /* the stage is the last of its chain */
	const char *keeps; /* as in struct state */
};

/*
 * changes_refuse: why the state is not that of the stage, to be freed, or NULL.
 * *any: something differs that was accepted.
 * changes_names: how the names of columns differ, to be freed, or NULL.
 * changes_check_names: whether each name that was accepted is that of a stage
 * of h, all of which have joined dir.  0, or the exit status with the reason in
 * *why, to be freed.
 */
char *changes_refuse(
    const struct changes *c, bool *any, const struct state *was);
char *changes_names(const struct schema *was, const struct schema *is);
int changes_check_names(const struct accepted *a, char **why,
    const struct head *h, const struct checkpoint *dir);

#endif
