/* SPDX-License-Identifier: ISC */
/* Watermarks of parts and of all of them together.  swindow(1), LATENESS. */
#ifndef MILLRACE_WINDOW_MARK_H
#define MILLRACE_WINDOW_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define MARK_MAX_PARTS (1u << 20)
#define MARK_HELD_US (60 * INT64_C(1000000)) /* then its holder is named */
#define MARK_GROW_US INT64_C(100000) /* between two steps of growth */
#define MARK_STEP_US INT64_C(1000000) /* longest step that counts */

/* One open part.  Its watermark is max_us - late, but at least floor_us. */
struct mark_part {
	uint32_t number;
	bool idle; /* silent for so long that it holds nothing */
	bool named; /* the user was told of it */
	int64_t max_us; /* largest event time, TIME_NONE before any */
	int64_t floor_us; /* combined when it opened or woke, or TIME_NONE */
	int64_t heard_us; /* on the clock: its last row, or when it opened */
	char *name; /* owned, or NULL */
};

/*
 * All parts.  Invariants: parts are in order of number; combined never falls.
 * late is the disorder allowed, in microseconds, >= 0.
 * The clock is monotonic time since the first marks_tick, but of each step
 * between two of them no more than MARK_STEP_US: who waits for rows looks
 * that often, and a longer step was spent blocked or stopped, in which rows
 * could not have been heard.
 */
struct marks {
	struct mark_part *parts;
	size_t n;
	size_t cap;
	int64_t late;
	int64_t idle; /* silence after which a part is idle, 0 = never */
	int64_t combined; /* TIME_NONE = none yet */
	bool started; /* a row was seen */
	int64_t clock_us;
	int64_t mono_us; /* at the last marks_tick, TIME_NONE before */
	int64_t quiet_us; /* on the clock: when the last part closed */
	int64_t grown_us; /* on the clock: until then growth is in combined */
	int64_t holder; /* part that alone holds combined, or -1 */
	int64_t holds_us; /* on the clock: since when */
};

void marks_init(struct marks *m, int64_t late);
void marks_release(struct marks *m);

/*
 * The part of that number; opened when it is new.  A part that opens after
 * the first row begins with the combined watermark as its own.  The pointer is
 * valid until the next call; NULL when there are MARK_MAX_PARTS.
 * marks_name: call it so, len bytes.
 * marks_hear: rows of it came; one that was idle begins with the combined
 * watermark, too.
 * marks_close: the part no longer holds the watermark.
 */
struct mark_part *marks_part(struct marks *m, uint32_t number);
void marks_name(struct mark_part *p, const char *name, size_t len);
void marks_hear(struct marks *m, struct mark_part *p);
void marks_close(struct marks *m, uint32_t number);

/* A part's own watermark, TIME_NONE before its first row. */
int64_t marks_of(const struct marks *m, const struct mark_part *p);

/*
 * Raise combined to the least watermark of the open parts that are not idle
 * and return it.  It stays where it is while one of them has none, or when no
 * part is open.  When all are idle, or none has been open for so long, it
 * grows by what the clock has gone on since.
 */
int64_t marks_combine(struct marks *m);

/* The monotonic time is mono_us, which never falls. */
void marks_tick(struct marks *m, int64_t mono_us);

/*
 * How long from now on until time alone may change combined, at most
 * MARK_STEP_US.
 */
int64_t marks_wait_us(const struct marks *m);

/*
 * The part behind which all others have waited for MARK_HELD_US while
 * combined stood still; once for each, else NULL.  Valid as marks_part.
 */
const struct mark_part *marks_holder(struct marks *m);

/*
 * marks_save: all that outlives a process: the clock begins anew, so that no
 * part has been silent yet, but one that was idle stays so.
 * marks_load: that, into marks without a part; 0, or -1 when it is malformed.
 */
void marks_save(const struct marks *m, struct buf *out);
int marks_load(struct marks *m, struct cur *in);

#endif
