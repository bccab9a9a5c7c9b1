/* SPDX-License-Identifier: ISC */
/*
 * A process that outlives this one by a moment and ends what the workers have
 * started, however this one ends.
 */
#ifndef MILLRACE_FAN_GUARD_H
#define MILLRACE_FAN_GUARD_H

#include <sys/types.h>

struct guard {
	pid_t pid; /* 0 = none */
	int fd; /* to it; its end is the end of this process */
};

/*
 * guard_start: 0, or -1 with errno.
 * guard_add: it is to end that process group.  0, or -1 with errno: it has been
 * killed, or is stopped.
 * guard_drop: no longer.
 * guard_stop: it goes, and ends nothing that was dropped.
 */
int guard_start(struct guard *g);
int guard_add(const struct guard *g, pid_t group);
void guard_drop(const struct guard *g, pid_t group);
void guard_stop(struct guard *g);

#endif
