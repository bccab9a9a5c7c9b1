/* SPDX-License-Identifier: ISC */
/* Panes and windows as arithmetic. */
#include "window/grid.h"

#include "base/num.h"

static int64_t
gcd(int64_t a, int64_t b)
{
	while (b != 0) {
		int64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

void
grid_init(struct grid *g, const struct window_spec *w)
{
	g->size = w->size;
	g->slide = w->kind == WINDOW_SLIDING ? w->slide : w->size;
	g->pane = gcd(g->size, g->slide);
	g->origin = num_floor_mod(w->origin, g->slide);
}

bool
grid_pane(const struct grid *g, int64_t *start, int64_t t)
{
	/* Room on both sides for a window over it, and for the origin. */
	if (t < INT64_MIN / 2 || t > INT64_MAX / 2 || g->size > INT64_MAX / 4
	    || g->slide > INT64_MAX / 4)
		return false;
	*start = t - num_floor_mod(t - g->origin, g->pane);
	return true;
}

bool
grid_windows(const struct grid *g, int64_t *first, int64_t *last, int64_t pane)
{
	int64_t since = num_floor_mod(pane - g->origin, g->slide);

	*last = pane - since;
	if (since >= g->size)
		return false;
	/* The earliest window that has not ended where the pane begins. */
	*first = *last - (g->size - since - 1) / g->slide * g->slide;
	return true;
}
