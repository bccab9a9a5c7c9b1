/* SPDX-License-Identifier: ISC */
/* swindow --hold: each complete window leaves as a batch. */
#ifndef MILLRACE_EVENT_WHOLE_H
#define MILLRACE_EVENT_WHOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tool/stage.h"
#include "window/hold.h"

/* Invariant: open says that the batch being written has rows. */
struct whole {
	struct hold *hold;
	struct schema schema; /* of what is held */
	size_t *from; /* of those columns: where they stand in the rows */
	size_t *keys; /* of sessions: numbers of columns held */
	size_t n_keys;
	int time_col; /* of the rows, or -1 */
	int part_col; /* of the rows, or -1 */
	bool by_number; /* windows of rows */
	int64_t newest; /* then: the pane that the last row came to */
	bool open;
	bool ended; /* the end of the data came */
	struct batch rows; /* taken from the hold */
	struct batch out;
};

/*
 * st->out is what swindow would write without --hold; it becomes what it
 * writes with it.  time_col and part_col, or -1, are of those rows.
 */
int whole_init(struct whole *h, struct stage *st, const struct zone *zone,
    int time_col, int part_col);
void whole_release(struct whole *h);

/*
 * whole_rows: the rows of a frame, whose last column is the pane; last: the
 * input closes a batch.
 * whole_mark: a mark; the end of the data completes all windows.
 * whole_advance: the watermark has come to mark by time alone.
 * Each 0, or -1 after stage_fail.
 */
int whole_rows(struct whole *h, struct stage *st, struct batch *rows,
    int64_t mark, bool last);
int whole_mark(struct whole *h, struct stage *st, const struct frame_header *f,
    const struct mark *m, int64_t mark);
int whole_advance(struct whole *h, struct stage *st, int64_t mark);

/* The state for a restart; load: 0, or -1 when it is malformed. */
void whole_save(const struct whole *h, struct buf *out);
int whole_load(struct whole *h, struct cur *in);

#endif
