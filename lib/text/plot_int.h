/* SPDX-License-Identifier: ISC */
/* What the points of a plot and their picture share. */
#ifndef MILLRACE_TEXT_PLOT_INT_H
#define MILLRACE_TEXT_PLOT_INT_H

#include "base/map.h"
#include "text/plot.h"

/*
 * Invariants: x[0..n) ascend; y has n_panels values for each; n <= 2 * keep,
 * of which the last keep count.
 */
struct plot_series {
	char *name; /* owned */
	int64_t *x;
	double *y;
	size_t n;
	size_t cap_x, cap_y;
};

struct plot {
	struct plot_opts o;
	char **names; /* owned */
	struct map map; /* of the names of all series, by their hashes */
	uint64_t *hashes;
	size_t cap_hashes;
	struct plot_series series[PLOT_MAX_SERIES];
};

/* How many series are drawn. */
static inline size_t
plot_n_series(const struct plot *p)
{
	return p->map.n < PLOT_MAX_SERIES ? p->map.n : PLOT_MAX_SERIES;
}

#endif
