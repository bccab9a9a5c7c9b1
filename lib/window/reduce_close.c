/* SPDX-License-Identifier: ISC */
/* Windows out of the panes that rows were added to. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "window/reduce_int.h"

static int
merge(
    struct reduce *r, const char **why, struct pane *p, const struct pane *from)
{
	r->n_merges++;
	if (pane_merge(p, why, from) == -1)
		return -1;
	return reduce_relieve(r, why, r->mem);
}

/* Ends of the first and the last window over a pane that holds rows. */
static void
ends(
    const struct reduce *r, int64_t *first, int64_t *last, const struct pane *p)
{
	/* swindow stamps no row with a pane that no window covers. */
	(void)grid_ends(&r->grid, first, last, p->start, p->end);
}

static struct pane *
drop_first(struct reduce *r)
{
	struct pane *p = r->panes[0];

	if (r->last == p)
		r->last = NULL;
	if (r->n_front > 0)
		r->n_front--;
	else if (r->n_back > 0)
		r->n_back--;
	r->n_panes--;
	memmove(&r->panes[0], &r->panes[1], r->n_panes * sizeof(struct pane *));
	return p;
}

static int
by_first(const void *a, const void *b, void *arg)
{
	const uint64_t *first = arg;
	uint64_t x = first[*(const uint32_t *)a],
		 y = first[*(const uint32_t *)b];

	return (x > y) - (x < y);
}

/* Groups of a merged table in order of their first row. */
static const uint32_t *
order_groups(struct reduce *r, const struct pane *p)
{
	uint32_t n = pane_n_groups(p);

	if (r->plan->n_keys == 0)
		return NULL;
	r->order = mem_grow(r->order, &r->cap_order, n, sizeof(*r->order));
	for (uint32_t g = 0; g < n; g++)
		r->order[g] = g;
	qsort_r(r->order, n, sizeof(*r->order), by_first, p->keys.first);
	return r->order;
}

/* How many panes begin before an instant. */
static size_t
count_before(const struct reduce *r, int64_t end)
{
	size_t n = r->n_front + r->n_back;

	while (n < r->n_panes && r->panes[n]->start < end)
		n++;
	return n;
}

/* Make the first n panes, all that have ended, the front. */
static int
turn(struct reduce *r, const char **why, size_t n)
{
	for (size_t i = n - 1; i-- > 0;)
		if (merge(r, why, r->panes[i], r->panes[i + 1]) == -1)
			return -1;
	reduce_give_back(r, r->back);
	r->back = NULL;
	r->n_back = 0;
	r->n_front = n;
	return 0;
}

/* Add the panes up to number n to back. */
static int
push(struct reduce *r, const char **why, size_t n)
{
	for (; r->n_front + r->n_back < n; r->n_back++) {
		if (r->back == NULL)
			r->back = reduce_take(r);
		if (merge(r, why, r->back, r->panes[r->n_front + r->n_back])
		    == -1)
			return -1;
	}
	return 0;
}

/*
 * The window is panes[0] and back; panes[0] itself becomes it when no later
 * window needs it.
 */
static int
close_sliding(struct reduce *r, struct reduce_window *w, const char **why)
{
	size_t n = count_before(r, w->end_us);
	int64_t first, last;

	if ((r->n_front == 0 ? turn(r, why, n) : push(r, why, n)) == -1)
		return -1;
	ends(r, &first, &last, r->panes[0]);
	if (last == w->end_us) {
		r->given = drop_first(r);
	} else {
		r->given = reduce_take(r);
		if (merge(r, why, r->given, r->panes[0]) == -1)
			return -1;
	}
	if (r->back != NULL && merge(r, why, r->given, r->back) == -1)
		return -1;
	while (r->n_panes > 0) {
		ends(r, &first, &last, r->panes[0]);
		if (last > w->end_us)
			break;
		reduce_give_back(r, drop_first(r));
	}
	return 0;
}

/* The window is back, which goes on until the greatest window is full. */
static int
close_cumulate(struct reduce *r, struct reduce_window *w, const char **why)
{
	size_t n = count_before(r, w->end_us);

	if (push(r, why, n) == -1)
		return -1;
	r->given = reduce_take(r);
	if (merge(r, why, r->given, r->back) == -1)
		return -1;
	if (w->end_us - w->start_us == r->grid.size) {
		for (size_t i = 0; i < n; i++)
			reduce_give_back(r, drop_first(r));
		reduce_give_back(r, r->back);
		r->back = NULL;
	}
	return 0;
}

/*
 * The groups of the given table, in order of first arrival: merged tables
 * have another, of those that were moved out spill knows it.
 */
static int
give(struct reduce *r, struct reduce_window *w, const char **why)
{
	w->table = r->given;
	if (r->given->n_runs == 0) {
		if (r->grid.kind == WINDOW_SLIDING
		    || r->grid.kind == WINDOW_CUMULATE)
			w->order = order_groups(r, r->given);
		return 0;
	}
	/* Half of the memory is for reading back. */
	if (reduce_relieve(r, why, r->mem / 2) == -1
	    || spill_begin(r->spill, why, r->given) == -1)
		return -1;
	r->more = true;
	return reduce_more(r, w, why) == -1 ? -1 : 0;
}

int
reduce_more(struct reduce *r, struct reduce_window *w, const char **why)
{
	int rc;

	if (!r->more)
		return 0;
	w->order = NULL;
	rc = spill_next(r->spill, why, &w->table);
	r->more = rc == 1;
	return rc;
}

static int
next_session(struct reduce *r, struct reduce_window *w, int64_t watermark)
{
	struct session_result x;

	if (sessions_next(r->sessions, &x, watermark) == 0)
		return 0;
	*w = (struct reduce_window){.start_us = x.first_us,
	    .end_us = x.end_us,
	    .table = x.table,
	    .order = order_groups(r, x.table)};
	return 1;
}

int
reduce_next(struct reduce *r, struct reduce_window *w, const char **why,
    int64_t watermark)
{
	int64_t end, last;
	int rc = 0;

	if (r->sessions != NULL)
		return next_session(r, w, watermark);
	reduce_give_back(r, r->given);
	r->given = NULL;
	if (!r->windowed || r->n_panes == 0)
		return 0;
	ends(r, &end, &last, r->panes[0]);
	if (end <= r->closed_us)
		end = grid_next(&r->grid, r->closed_us);
	if (end > watermark)
		return 0;
	*w = (struct reduce_window){
	    .start_us = grid_start(&r->grid, end), .end_us = end};
	r->closed_us = end;
	if (r->grid.kind == WINDOW_SLIDING)
		rc = close_sliding(r, w, why);
	else if (r->grid.kind == WINDOW_CUMULATE)
		rc = close_cumulate(r, w, why);
	else
		r->given = drop_first(r);
	return rc == -1 || give(r, w, why) == -1 ? -1 : 1;
}

/* Whether the window [start, end) has a row of order since or later. */
static bool
is_new(const struct reduce *r, size_t at, const struct reduce_window *w,
    uint64_t since)
{
	for (size_t i = at; i < r->n_panes; i++) {
		const struct pane *p = r->panes[i];

		if (p->start >= w->end_us)
			break;
		if (p->start >= w->start_us && p->newest >= since)
			return true;
	}
	return since == 0;
}

/*
 * The table of the window whose first pane is panes[at]: that pane, when it is
 * all there is, else the union of it (which is of the whole front when it
 * belongs to that) and of what comes behind.
 */
static int
walk_table(
    struct reduce *r, size_t at, struct reduce_window *w, const char **why)
{
	size_t i = at < r->n_front ? r->n_front : at + 1;

	w->table = r->panes[at];
	if (i == r->n_panes || r->panes[i]->start >= w->end_us) {
		w->order = at < r->n_front ? order_groups(r, w->table) : NULL;
		return 0;
	}
	r->given = reduce_take(r);
	if (pane_merge(r->given, why, r->panes[at]) == -1)
		return -1;
	for (; i < r->n_panes && r->panes[i]->start < w->end_us; i++)
		if (pane_merge(r->given, why, r->panes[i]) == -1)
			return -1;
	w->table = r->given;
	w->order = order_groups(r, r->given);
	return 0;
}

int
reduce_walk(struct reduce *r, struct reduce_walk *walk, struct reduce_window *w,
    const char **why)
{
	int64_t first, last = TIME_NONE, end;
	size_t at;

	reduce_give_back(r, r->given);
	r->given = NULL;
	if (!walk->begun)
		walk->after = r->closed_us;
	walk->begun = true;
	for (;;) {
		for (at = walk->at; at < r->n_panes; at++) {
			ends(r, &first, &last, r->panes[at]);
			if (last > walk->after)
				break;
		}
		walk->at = at;
		if (at == r->n_panes)
			return 0;
		end = first > walk->after ? first
					  : grid_next(&r->grid, walk->after);
		walk->after = end;
		*w = (struct reduce_window){
		    .start_us = grid_start(&r->grid, end), .end_us = end};
		if (is_new(r, at, w, walk->since))
			return walk_table(r, at, w, why) == -1 ? -1 : 1;
	}
}

void
reduce_follow(const struct reduce *r, struct reduce_window *w)
{
	w->end_us = grid_next(&r->grid, w->end_us);
	w->start_us = grid_start(&r->grid, w->end_us);
}

int
reduce_whole(struct reduce *r, struct reduce_window *w, const char **why)
{
	reduce_give_back(r, r->given);
	r->given = r->n_panes > 0 ? drop_first(r) : reduce_take(r);
	*w = (struct reduce_window){.table = NULL};
	return give(r, w, why);
}

uint64_t
reduce_merges(const struct reduce *r)
{
	return r->n_merges;
}
