/* SPDX-License-Identifier: ISC */
/* Progress on standard error: a line that pv(1) would show, and totals. */
#ifndef MILLRACE_TOOL_PROGRESS_H
#define MILLRACE_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tool/tool.h"

struct progress {
	const char *name; /* of the stage, borrowed */
	bool live; /* -v, and standard error is a terminal */
	bool drawn; /* a line stands there that has no end yet */
	int64_t start_us; /* monotonic, as all here */
	int64_t last_us; /* when rows were last counted */
	uint64_t last_rows;
	int64_t next_us; /* when to draw */
};

/* How far a stage is. */
struct progress_now {
	uint64_t rows; /* read */
	uint64_t batch;
	int64_t watermark; /* TIME_NONE = none */
};

/*
 * progress_tick: to be called once a frame and about once a second while
 * idle.  Draws the line over itself once a second when live; prints it once
 * for each SIGUSR1.
 * progress_clear: before anything else is printed, and at the end.
 */
void progress_init(struct progress *p, const struct tool *t);
void progress_tick(struct progress *p, const struct progress_now *now);
void progress_clear(struct progress *p);

#endif
