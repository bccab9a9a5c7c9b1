/* SPDX-License-Identifier: ISC */
/* Frames to many processes, their answers in order.  sfan(1). */
#ifndef MILLRACE_FAN_FAN_H
#define MILLRACE_FAN_FAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tool;

#define FAN_MAX_WORKERS 256
#define FAN_TIMEOUT_US INT64_C(60000000)

struct fan_opts {
	char ***commands; /* one a worker, each ends with NULL */
	size_t n; /* 1..FAN_MAX_WORKERS */
	bool unordered; /* answers go out as they come, where that is allowed */
	bool once_only; /* no frame is run twice only because it is slow */
	int64_t timeout_us; /* how long an answer may take; 0 = for ever */
	const char *quarantine; /* where frames go that always fail, or NULL */
};

/* Run the stage.  Returns the exit status, messages printed. */
int fan_run(struct tool *t, const struct fan_opts *o);

#endif
