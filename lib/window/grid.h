/* SPDX-License-Identifier: ISC */
/*
 * Panes and windows of a spec as arithmetic.  swindow(1), WINDOWS.
 * Panes tile the time line; a window is a run of whole panes.
 */
#ifndef MILLRACE_WINDOW_GRID_H
#define MILLRACE_WINDOW_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/head.h"

/*
 * pane, size, slide in microseconds; pane divides size and slide; tumbling
 * has all three equal.  Pane p covers [p, p + pane); windows are
 * [w, w + size) for every w = origin + k * slide.
 */
struct grid {
	int64_t pane;
	int64_t size;
	int64_t slide;
	int64_t origin; /* 0 <= origin < slide */
};

/* The grid of a tumbling or sliding spec. */
void grid_init(struct grid *g, const struct window_spec *w);

/*
 * The pane of an instant, by its start.  false when the pane or a window over
 * it would leave int64.
 */
bool grid_pane(const struct grid *g, int64_t *start, int64_t t);

/*
 * The windows over a pane: *first and *last, the starts of the earliest and
 * the latest, a multiple of slide apart.  false when there is none (slide
 * above size leaves gaps).
 */
bool grid_windows(
    const struct grid *g, int64_t *first, int64_t *last, int64_t pane);

#endif
