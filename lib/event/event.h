/* SPDX-License-Identifier: ISC */
/*
 * The life of swindow: judge rows by their event time, stamp them, make the
 * watermark, and let the rows go at once, sorted, or by window.
 */
#ifndef MILLRACE_EVENT_EVENT_H
#define MILLRACE_EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "event/late.h"
#include "event/sorted.h"
#include "tool/stage.h"
#include "window/stamp.h"

struct event {
	/* Set before stage_run. */
	const struct window_spec *window; /* borrowed */
	const struct zone *zone; /* of its calendar, NULL = UTC; borrowed */
	int64_t allowed; /* disorder, microseconds */
	bool wait_eof; /* nothing is late, and no watermark before the end */
	bool sort;
	bool warn; /* of late and unusable rows, at the end */
	char *text; /* owned; the options, for the chain in HEAD */
	struct late late;
	/* Private. */
	struct stamp stamp;
	struct batch out;
	int time_col;
	int part_col; /* of the input, or -1 */
	struct sorted sorted;
};

void event_init(struct event *e);
void event_release(struct event *e);

/* The functions for stage_run, whose argument is a struct event. */
extern const struct stage_ops event_ops;

#endif
