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
#include "event/whole.h"
#include "tool/stage.h"
#include "window/stamp.h"

struct event {
	/* Set before stage_run. */
	const struct window_spec *window; /* borrowed */
	const struct zone *zone; /* of its calendar, NULL = UTC; borrowed */
	int64_t allowed; /* disorder, microseconds */
	bool wait_eof; /* nothing is late, and no watermark before the end */
	int64_t idle; /* silence after which a part holds nothing; 0 = never */
	int64_t max_future; /* further ahead of their arrival none; -1 = any */
	bool arrival; /* is the event time */
	bool sort;
	bool hold; /* windows until they are complete; not with sort */
	bool warn; /* of late and unusable rows, at the end */
	char *text; /* owned; the options, for the chain in HEAD */
	struct late late;
	/* Private. */
	struct stamp stamp;
	struct batch out;
	bool timed; /* the clock of idle parts goes */
	int time_col; /* of what is stamped, or -1 */
	int64_t time_off;
	int64_t arrival_us; /* of the rows of a frame */
	int part_col; /* of the input, or -1 */
	struct sorted sorted;
	struct whole whole;
};

void event_init(struct event *e);
void event_release(struct event *e);

/* The functions for stage_run, whose argument is a struct event. */
extern const struct stage_ops event_ops;

#endif
