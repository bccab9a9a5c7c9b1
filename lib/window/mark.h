/* SPDX-License-Identifier: ISC */
/* Watermarks of parts and of all of them together.  swindow(1), LATENESS. */
#ifndef MILLRACE_WINDOW_MARK_H
#define MILLRACE_WINDOW_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MARK_MAX_PARTS (1u << 20)

/* One part.  Its watermark is max_us - late, but at least floor_us. */
struct mark_part {
	uint32_t number;
	bool open;
	int64_t max_us; /* largest event time, TIME_NONE before any */
	int64_t floor_us; /* combined watermark when it opened, or TIME_NONE */
};

/*
 * All parts.  Invariants: parts are in order of number; combined never falls.
 * late is the disorder allowed, in microseconds, >= 0.
 */
struct marks {
	struct mark_part *parts;
	size_t n;
	size_t cap;
	int64_t late;
	int64_t combined; /* TIME_NONE = none yet */
	bool started; /* a row was seen */
};

void marks_init(struct marks *m, int64_t late);
void marks_release(struct marks *m);

/*
 * The part of that number; opened when it is new.  A part that opens after
 * the first row begins with the combined watermark as its own.  The pointer is
 * valid until the next call; NULL when there are MARK_MAX_PARTS.
 * marks_close: the part no longer holds the watermark.
 */
struct mark_part *marks_part(struct marks *m, uint32_t number);
void marks_close(struct marks *m, uint32_t number);

/* A part's own watermark, TIME_NONE before its first row. */
int64_t marks_of(const struct marks *m, const struct mark_part *p);

/*
 * Raise combined to the least watermark of the open parts and return it.  It
 * stays where it is while an open part has none, or when no part is open.
 */
int64_t marks_combine(struct marks *m);

#endif
