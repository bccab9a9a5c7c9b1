/* SPDX-License-Identifier: ISC */
/*
 * Series of points and their picture: a panel for each column of values, one
 * under the other over the same x axis, and a legend.  ssink(1), PLOT.
 */
#ifndef MILLRACE_TEXT_PLOT_H
#define MILLRACE_TEXT_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define PLOT_MAX_SERIES 12 /* that are drawn; the first that came */

struct plot;
struct zone;

struct plot_opts {
	const char *const *names; /* of the panels, safe to show; copied */
	size_t n_panels; /* above 0 */
	size_t keep; /* points of a series: the last ones by x */
	bool is_time; /* x is one, else a number */
	bool utf8; /* what the terminal can show */
	bool color;
	const struct zone *zone; /* NULL = UTC */
};

struct plot *plot_new(const struct plot_opts *o);
void plot_free(struct plot *p);

/*
 * plot_put: a point of a series, whose name is safe to show; y has a value for
 * each panel, none where it is not finite.  With replace it takes the place
 * of one with the same x.
 * plot_remove: that point is no more.
 * plot_reset: no point is.
 */
void plot_put(struct plot *p, const struct buf *series, int64_t x,
    const double *y, bool replace);
void plot_remove(struct plot *p, const struct buf *series, int64_t x);
void plot_reset(struct plot *p);

/*
 * Append the picture: at most so many columns and lines, each with its end.
 * plot_lines: how many lines show all panels well.
 */
void plot_draw(struct plot *p, struct buf *out, size_t columns, size_t lines);
size_t plot_lines(const struct plot *p);

#endif
