/* SPDX-License-Identifier: ISC */
/* Commands that the user gave, as children in groups of their own. */
#ifndef MILLRACE_IO_SPAWN_H
#define MILLRACE_IO_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * What a child gets.  It runs in its own process group, so that a signal from
 * the terminal does not reach it; all descriptors of this program are
 * close-on-exec.
 */
struct spawn {
	char *const *argv; /* ends with NULL; found in PATH */
	char *const *env; /* NAME=value, added; ends with NULL; or NULL */
	int in_fd; /* its standard input, still the caller's to close */
	int out_fd; /* its standard output; -1 = shared */
	int err_fd; /* its standard error; 0 = shared */
	int last_signal; /* for it when this program ends; 0 = none */
};

/*
 * spawn_start: start it; its process id, which is its group's too, or -1 with
 * errno, also when there is no such program.
 * spawn_wait: wait for its end: the exit status, 128 + n when signal n ended
 * it (the shell's way), or -1 with errno.
 * spawn_is_over: whether it is within about wait_ms; spawn_wait comes then.
 * spawn_stopped: the signal that has stopped it, or 0 when it runs.
 */
pid_t spawn_start(const struct spawn *s);
int spawn_wait(pid_t pid);
bool spawn_is_over(pid_t pid, int wait_ms);
int spawn_stopped(pid_t pid);

#endif
