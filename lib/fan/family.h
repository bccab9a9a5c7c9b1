/* SPDX-License-Identifier: ISC */
/* What a process has started, also in process groups of their own. */
#ifndef MILLRACE_FAN_FAMILY_H
#define MILLRACE_FAN_FAMILY_H

#include <sys/types.h>

/*
 * End the process, which is not yet waited for, its group, and the groups that
 * its descendants lead, as far as Linux tells of them: what a process has
 * started that is no more cannot be found.
 */
void family_end(pid_t pid);

#endif
