/* SPDX-License-Identifier: ISC */
/* Whether two workers would answer alike.  sfan(1). */
#ifndef MILLRACE_FAN_ALIKE_H
#define MILLRACE_FAN_ALIKE_H

#include <stdbool.h>

struct head;
struct head_stage;

/* What a worker has begun its stream with. */
struct alike {
	const struct head *head; /* borrowed */
	unsigned n; /* the worker's number */
};

/*
 * alike_stage: whether both do the same.
 * alike_differs: what differs in HEADs that do, as a message, to be freed.
 */
bool alike_stage(const struct head_stage *a, const struct head_stage *b);
char *alike_differs(const struct alike *is, const struct alike *other);

#endif
