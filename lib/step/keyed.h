/* SPDX-License-Identifier: ISC */
/* The key of each row, and which keys have been forgotten.  smap(1), HISTORY.
 */
#ifndef MILLRACE_STEP_KEYED_H
#define MILLRACE_STEP_KEYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "step/step.h"
#include "window/keys.h"

/*
 * Set by the owner before keyed_plan: keep_us, how long a key is remembered,
 * -1 for ever; extend, whether each of its rows counts for that, or only the
 * one that began it.
 * After keyed_rows: group and begins for each row of the batch, times when
 * the stream has event times.
 */
struct keyed {
	int64_t keep_us;
	bool extend;
	struct expr_list exprs; /* none: all rows have one key */
	struct keys keys;
	uint32_t n; /* groups so far */
	uint32_t *group;
	bool *begins; /* the row is its key's first, or first again */
	int64_t *times; /* event times; a null is the greatest one so far */
	bool timed; /* there are event times */
	/* Private. */
	int time_col; /* or -1 */
	int64_t time_off;
	bool by_mark; /* watermarks bound what may still come */
	int64_t slack_us; /* how far behind the watermark a row may be */
	int64_t clock_us; /* greatest event time so far, or TIME_NONE */
	int64_t *last_us; /* by group */
	bool *known; /* by group */
	uint32_t *keep;
	size_t cap_group, cap_begins, cap_times, cap_last, cap_known, cap_keep;
	uint64_t order;
	uint32_t purge_at; /* groups at which to look for forgotten ones */
	struct arena arena;
};

/*
 * keyed_plan: compile keys against schema; NULL or "" are none.  0, or -1
 * after step_fail.  keyed_release: also after a failure.
 * keyed_rows: find the groups of the rows of b, new ones at the end.  A key
 * is forgotten when it is older than keep_us: by the event time of the row
 * where there is a watermark, else by the greatest one so far, so that it
 * does not depend on how rows are framed.  0, or -1 after step_fail.
 * keyed_purge: after a frame.  When many groups are forgotten it renumbers
 * the others and returns their old numbers, ascending, *n of them, for the
 * owner to do the same; else NULL.  Valid until the next call.
 */
int keyed_plan(struct keyed *k, struct step *s, const struct schema *schema,
    const char *keys);
int keyed_rows(struct keyed *k, struct step *s, const struct batch *b);
const uint32_t *keyed_purge(struct keyed *k, uint32_t *n, int64_t watermark);
void keyed_release(struct keyed *k);

/* The keys and their times as bytes, and back; 0, or -1 when malformed. */
void keyed_save(const struct keyed *k, struct buf *out);
int keyed_load(struct keyed *k, struct cur *in);

#endif
