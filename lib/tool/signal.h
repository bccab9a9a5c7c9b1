/* SPDX-License-Identifier: ISC */
/* Signals: stop, drain, status, files to be opened anew. */
#ifndef MILLRACE_TOOL_SIGNAL_H
#define MILLRACE_TOOL_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tool;

/*
 * tool_signals (a source): SIGINT and SIGTERM are counted; the second one
 * kills.  tool_drain (a filter): the first one is ignored, but what has not
 * ended 30 s later says so, by t->name, and ends with 74.  Both, and
 * tool_status_signal alone: SIGUSR1 asks for a status line.  Blocking calls are
 * interrupted, not restarted.
 */
void tool_signals(void);
void tool_drain(const struct tool *t);
void tool_status_signal(void);

/*
 * Files and children that a signal which ends the process, SIGPIPE among them,
 * takes along.
 * tool_remove: the files paths[0..n), borrowed until the next call; entries
 * may be set at any time, NULL is none.
 * tool_child: the process group of a child gets the signal, too; 0 = none.
 */
void tool_remove(char *volatile *paths, size_t n);
void tool_child(pid_t pid);

/*
 * From now on SIGHUP asks for files to be opened anew, and ends nothing.
 * tool_wants_reopen: true once for each.
 */
void tool_reopen_signal(void);
bool tool_wants_reopen(void);

int tool_stopped(void); /* how many SIGINT and SIGTERM came */
int tool_stop_signal(void); /* the first one's number, or 0 */
bool tool_wants_status(void); /* true once for each SIGUSR1 */

#endif
