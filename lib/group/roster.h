/* SPDX-License-Identifier: ISC */
/* The keys that a file lists.  sreduce(1), --fill. */
#ifndef MILLRACE_GROUP_ROSTER_H
#define MILLRACE_GROUP_ROSTER_H

#include "window/keys.h"

struct group;
struct stage;

/*
 * Add the keys that the table file operand lists, in columns that are named as
 * the keys of g are, or in its one column for one key; other columns are left
 * out.  0, or -1 after stage_fail: also when a cell is not of the key's type.
 */
int roster_read(struct keys *k, struct stage *st, const struct group *g,
    const char *operand);

#endif
