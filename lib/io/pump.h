/* SPDX-License-Identifier: ISC */
/* Bytes into a command and out of it, at once, without a deadlock. */
#ifndef MILLRACE_IO_PUMP_H
#define MILLRACE_IO_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PUMP_BLOCK (256u << 10) /* bytes read at once */

/* Takes what the command writes, in order.  0, or -1 to stop. */
typedef int (*pump_got_fn)(void *arg, const char *p, size_t len);

/* All zero bytes, with pid 0, is one that does not run. */
struct pump {
	pid_t pid; /* and process group; 0 = none */
	int in_fd; /* to the command, -1 = closed */
	int out_fd; /* from the command, -1 = ended */
	int watch_fd; /* its reader is watched, as io_wait has it; -1 = none */
	pump_got_fn got;
	void *arg;
	char *buf; /* owned, PUMP_BLOCK bytes */
};

/*
 * pump_start: run argv with env added (as struct spawn has them).  0, or -1
 * with errno.
 * pump_write: all of p, while what the command writes goes to got.  What it
 * does not want to read, having closed its input, is dropped.
 * pump_close: it gets no more.
 * pump_read: wait for more from it: 1 got some, 0 it has ended its output, 2
 * nothing within timeout_ms (-1 waits), -1.
 * pump_wait: both ends closed, its exit status as spawn_wait has it.
 * pump_release: it ends, if it runs.
 * The int functions: -1 with errno, or with 0 in it when got said stop.
 */
int pump_start(struct pump *p, char *const *argv, char *const *env);
int pump_write(struct pump *p, const void *data, size_t len);
void pump_close(struct pump *p);
int pump_read(struct pump *p, int timeout_ms);
int pump_wait(struct pump *p);
void pump_release(struct pump *p);

#endif
