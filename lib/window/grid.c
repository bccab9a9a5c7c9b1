/* SPDX-License-Identifier: ISC */
/* Panes and windows as arithmetic. */
#include "window/grid.h"

#include "base/num.h"

#define CIVIL_MAX_YEAR 200000 /* of either sign */

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
grid_init(struct grid *g, const struct window_spec *w, const struct zone *zone)
{
	*g = (struct grid){.kind = w->kind,
	    .unit = w->unit,
	    .zone = zone,
	    .size = w->size,
	    .slide = w->slide > 0 ? w->slide : w->size};
	if (w->kind == WINDOW_CIVIL)
		return;
	if (w->kind == WINDOW_ROWS)
		g->size = g->slide = 1;
	g->pane = gcd(g->size, g->slide);
	g->origin = num_floor_mod(
	    w->origin, w->kind == WINDOW_CUMULATE ? g->size : g->slide);
}

/* The number of the run of units that a civil date is in. */
static int64_t
unit_number(const struct grid *g, const struct civil *c)
{
	int64_t n;

	switch (g->unit) {
	case UNIT_DAY:
		n = time_days(c->year, c->month, c->day);
		break;
	case UNIT_WEEK:
		/* 1970-01-01 was a Thursday. */
		n = num_floor_div(time_days(c->year, c->month, c->day) + 3, 7);
		break;
	case UNIT_MONTH:
		n = c->year * 12 + c->month - 1;
		break;
	case UNIT_YEAR:
	default:
		n = c->year;
	}
	return num_floor_div(n, g->size);
}

/* The instant at which run number n begins. */
static bool
unit_begin(const struct grid *g, int64_t *us, int64_t n)
{
	struct civil c = {.year = 1970, .month = 1, .day = 1};

	if (!num_mul(&n, n, g->size))
		return false;
	switch (g->unit) {
	case UNIT_DAY:
	case UNIT_WEEK:
		n = g->unit == UNIT_WEEK ? n * 7 - 3 : n;
		return num_mul(&n, n, INT64_C(86400) * TIME_US)
		       && zone_local_us(us, g->zone, n) == 0;
	case UNIT_MONTH:
		c.year = num_floor_div(n, 12);
		c.month = (int)num_floor_mod(n, 12) + 1;
		return zone_to_utc(us, g->zone, &c) == 0;
	case UNIT_YEAR:
	default:
		c.year = n;
		return zone_to_utc(us, g->zone, &c) == 0;
	}
}

/*
 * Where clocks are set back over midnight the calendar shows a day twice;
 * the panes go by instants, so that they tile the time line all the same.
 */
static bool
civil_pane(const struct grid *g, int64_t *start, int64_t *end, int64_t t)
{
	struct civil c;
	int64_t n;

	zone_to_civil(&c, g->zone, t);
	if (c.year > CIVIL_MAX_YEAR || c.year < -CIVIL_MAX_YEAR
	    || g->size > CIVIL_MAX_YEAR)
		return false;
	n = unit_number(g, &c);
	if (!unit_begin(g, start, n) || !unit_begin(g, end, n + 1))
		return false;
	while (t >= *end) {
		*start = *end;
		if (!unit_begin(g, end, ++n + 1))
			return false;
	}
	while (t < *start) {
		*end = *start;
		if (!unit_begin(g, start, --n))
			return false;
	}
	return true;
}

bool
grid_pane(const struct grid *g, int64_t *start, int64_t *end, int64_t t)
{
	if (g->kind == WINDOW_CIVIL)
		return civil_pane(g, start, end, t);
	/* Room on both sides for a window over it, and for the origin. */
	if (t < INT64_MIN / 2 || t > INT64_MAX / 2 || g->size > INT64_MAX / 4
	    || g->slide > INT64_MAX / 4)
		return false;
	*start = t - num_floor_mod(t - g->origin, g->pane);
	*end = *start + g->pane;
	return true;
}

bool
grid_ends(const struct grid *g, int64_t *first, int64_t *last, int64_t start,
    int64_t end)
{
	int64_t since;

	*first = *last = end;
	if (g->kind == WINDOW_CUMULATE) {
		since = num_floor_mod(start - g->origin, g->size);
		*last = start - since + g->size;
		return true;
	}
	if (g->size == g->slide)
		return true;
	since = num_floor_mod(start - g->origin, g->slide);
	if (since >= g->size)
		return false;
	/* The earliest window is one that has not ended where this begins. */
	*last = start - since + g->size;
	*first = *last - (g->size - since - 1) / g->slide * g->slide;
	return true;
}

int64_t
grid_start(const struct grid *g, int64_t end)
{
	int64_t start, stop;

	switch (g->kind) {
	case WINDOW_CIVIL:
		return grid_pane(g, &start, &stop, end - 1) ? start : end;
	case WINDOW_CUMULATE:
		return end - 1 - num_floor_mod(end - 1 - g->origin, g->size);
	default:
		return end - g->size;
	}
}

int64_t
grid_next(const struct grid *g, int64_t end)
{
	int64_t start, stop;

	if (g->kind == WINDOW_CIVIL)
		return grid_pane(g, &start, &stop, end) ? stop : INT64_MAX;
	return end + g->slide;
}
