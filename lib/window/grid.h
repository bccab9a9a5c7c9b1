/* SPDX-License-Identifier: ISC */
/*
 * Panes and windows of a spec as arithmetic.  swindow(1), WINDOWS.
 * Panes tile the time line (or the row numbers); a window is a run of whole
 * panes and is known by its end.
 */
#ifndef MILLRACE_WINDOW_GRID_H
#define MILLRACE_WINDOW_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/zone.h"
#include "wire/head.h"

/*
 * Tumbling, sliding, cumulate: pane, size, slide in microseconds; windows are
 * those that begin at origin + k * slide and have that size; of cumulate, all
 * that begin at origin + k * size and are a multiple of slide long, up to
 * size.  Rows: the same as tumbling, with pane numbers for times and size 1.
 * Civil: size units of the calendar of zone.
 */
struct grid {
	enum window_kind kind;
	enum window_unit unit;
	const struct zone *zone; /* borrowed; NULL = UTC */
	int64_t pane; /* civil: 0 */
	int64_t size;
	int64_t slide;
	int64_t origin; /* 0 <= origin < slide, of cumulate < size */
};

/* The grid of a spec that has panes: any but none and session. */
void grid_init(
    struct grid *g, const struct window_spec *w, const struct zone *zone);

/*
 * The pane of an instant: [*start, *end).  false when it or a window over it
 * would leave int64, or the years that calendars know.
 */
bool grid_pane(const struct grid *g, int64_t *start, int64_t *end, int64_t t);

/*
 * The ends of the earliest and of the latest window over the pane [start,
 * end).  false when there is none (slide above size leaves gaps).
 */
bool grid_ends(const struct grid *g, int64_t *first, int64_t *last,
    int64_t start, int64_t end);

/* Of the window that ends at end: where it starts; the end that follows. */
int64_t grid_start(const struct grid *g, int64_t end);
int64_t grid_next(const struct grid *g, int64_t end);

#endif
