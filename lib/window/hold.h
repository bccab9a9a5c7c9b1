/* SPDX-License-Identifier: ISC */
/* Rows held until a window is complete.  swindow(1), HOLDING. */
#ifndef MILLRACE_WINDOW_HOLD_H
#define MILLRACE_WINDOW_HOLD_H

#include <stdint.h>

#include "base/buf.h"
#include "data/batch.h"
#include "window/grid.h"
#include "wire/head.h"

struct hold;

/*
 * Rows will have the columns of schema; key_cols[0..n_keys): whose sessions,
 * of a session window.  All is borrowed for the life of the hold.
 */
struct hold *hold_new(const struct window_spec *w, const struct zone *zone,
    const struct schema *schema, const size_t *key_cols, size_t n_keys);
void hold_free(struct hold *h);

/*
 * Rows to hold.  panes: as swindow stamps them, plain or constant, without
 * nulls.  times: event times, or NULL; parts: INT, or NULL when all are of
 * part.
 */
struct hold_rows {
	const struct col *cols; /* those of the schema */
	uint32_t n;
	const struct col *panes;
	const struct col *times;
	const struct col *parts;
	int64_t part;
};

void hold_add(struct hold *h, const struct hold_rows *in, struct arena *a);

/* A window that is complete, in row numbers for windows of rows. */
struct hold_window {
	int64_t start;
	int64_t end;
	uint64_t n_rows;
};

/*
 * hold_next: the next window in order of end (of sessions, then of arrival)
 * with end <= until; INT64_MAX = all.  For windows of rows until is the number
 * of the newest pane.  1, or 0 when there is none.
 * hold_take: its next rows, at most STORE_ROWS, in the order of event time,
 * then part, then arrival; valid until the next call.  No rows: all came.
 */
int hold_next(struct hold *h, struct hold_window *w, int64_t until);
void hold_take(struct hold *h, struct batch *out);

/*
 * For a restart, after hold_next has given 0.  Load into an empty one: 0, or
 * -1 when it is malformed.
 */
void hold_save(struct hold *h, struct buf *out);
int hold_load(struct hold *h, struct cur *in);

#endif
