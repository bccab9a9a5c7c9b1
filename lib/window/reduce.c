/* SPDX-License-Identifier: ISC */
/* Reduce rows to one a window and key. */
#include "window/reduce.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "window/reduce_int.h"

#define MIN_SLOTS 1024 /* below that any table may be kept */

struct reduce *
reduce_new(
    const struct window_spec *window, const struct pane_plan *plan, char **why)
{
	struct reduce *r = mem_zero(1, sizeof(*r));

	r->plan = plan;
	r->windowed = window->kind != WINDOW_NONE;
	r->closed_us = TIME_NONE;
	if (window->tz != NULL && *window->tz != '\0') {
		r->zone = zone_open(window->tz, why);
		if (r->zone == NULL) {
			free(r);
			return NULL;
		}
	}
	if (window->kind == WINDOW_SESSION)
		r->sessions = sessions_new(window->size, plan,
		    plan->session_keys, plan->n_session_keys);
	else if (r->windowed)
		grid_init(&r->grid, window, r->zone);
	return r;
}

void
reduce_free(struct reduce *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n_panes; i++)
		pane_free(r->panes[i]);
	for (size_t i = 0; i < r->n_spare; i++)
		pane_free(r->spare[i]);
	pane_free(r->given);
	pane_free(r->back);
	spill_free(r->spill);
	zone_close(r->zone);
	sessions_free(r->sessions);
	free(r->panes);
	free(r->order);
	free(r);
}

void
reduce_bound(struct reduce *r, size_t mem)
{
	assert(r->plan->measured && r->sessions == NULL && r->spill == NULL);
	mem_give_back();
	r->mem = mem < SPILL_MIN_MEM ? SPILL_MIN_MEM : mem;
	r->spill = spill_new(r->plan, r->mem / 2);
}

bool
reduce_failed_io(const struct reduce *r)
{
	return r->spill != NULL && spill_failed(r->spill);
}

uint64_t
reduce_merges(const struct reduce *r)
{
	return r->n_merges;
}

static void
weigh(size_t *total, size_t *most, struct pane **largest, struct pane *p)
{
	size_t len;

	if (p == NULL)
		return;
	len = pane_bytes(p);
	*total += len;
	if (pane_n_groups(p) > 0 && len > *most) {
		*most = len;
		*largest = p;
	}
}

/* Bytes of all tables, and the largest of those that have groups. */
static size_t
held(const struct reduce *r, struct pane **largest)
{
	size_t total = 0, most = 0;

	*largest = NULL;
	for (size_t i = 0; i < r->n_panes; i++)
		weigh(&total, &most, largest, r->panes[i]);
	weigh(&total, &most, largest, r->back);
	weigh(&total, &most, largest, r->given);
	return total;
}

/* Move tables out, the largest first, until no more than most is left. */
static int
move_out(struct reduce *r, const char **why, size_t most)
{
	struct pane *largest;

	while (held(r, &largest) > most && largest != NULL)
		if (spill_out(r->spill, why, largest) == -1)
			return -1;
	return 0;
}

/*
 * Above what memory may be used, move tables out until half of it is free.
 * Without keys there is nothing to move.
 */
static int
relieve(struct reduce *r, const char **why, size_t most)
{
	struct pane *largest;

	if (r->spill == NULL || r->plan->n_keys == 0
	    || held(r, &largest) <= most)
		return 0;
	return move_out(r, why, r->mem / 2);
}

static int
merge(
    struct reduce *r, const char **why, struct pane *p, const struct pane *from)
{
	r->n_merges++;
	if (pane_merge(p, why, from) == -1)
		return -1;
	return relieve(r, why, r->mem);
}

static struct pane *
take(struct reduce *r)
{
	return r->n_spare > 0 ? r->spare[--r->n_spare] : pane_new(r->plan);
}

static void
give_back(struct reduce *r, struct pane *p)
{
	if (p == NULL)
		return;
	/* A table that was once much larger costs too much to empty. */
	if (r->n_spare == REDUCE_MAX_SPARE
	    || p->keys.map.cap / 16 > p->keys.map.n + MIN_SLOTS) {
		pane_free(p);
		return;
	}
	pane_reset(p);
	r->spare[r->n_spare++] = p;
}

int
reduce_settle(struct reduce *r, const char **why, size_t most)
{
	give_back(r, r->given);
	r->given = NULL;
	if (r->spill == NULL || r->plan->n_keys == 0)
		return 0;
	return move_out(r, why, most);
}

/* The pane that begins at start, made if it is not there. */
static struct pane *
pane_at(struct reduce *r, int64_t start)
{
	size_t lo = 0, hi = r->n_panes;
	struct pane *p;

	if (r->last != NULL && r->last->start == start)
		return r->last;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (r->panes[mid]->start < start)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == r->n_panes || r->panes[lo]->start != start) {
		p = take(r);
		p->start = start;
		r->panes = mem_grow(
		    r->panes, &r->cap, r->n_panes + 1, sizeof(struct pane *));
		memmove(&r->panes[lo + 1], &r->panes[lo],
		    (r->n_panes - lo) * sizeof(struct pane *));
		r->panes[lo] = p;
		r->n_panes++;
	}
	r->last = r->panes[lo];
	return r->last;
}

/* Ends of the first and the last window over a pane that holds rows. */
static void
ends(
    const struct reduce *r, int64_t *first, int64_t *last, const struct pane *p)
{
	/* swindow stamps no row with a pane that no window covers. */
	(void)grid_ends(&r->grid, first, last, p->start, p->end);
}

/* The pane that a row says it is in, or NULL with *why. */
static struct pane *
open_pane(struct reduce *r, const char **why, int64_t start)
{
	int64_t pane, end, first, last;
	struct pane *p = r->last;

	if (p == NULL || p->start != start) {
		if (!grid_pane(&r->grid, &pane, &end, start) || pane != start
		    || !grid_ends(&r->grid, &first, &last, pane, end)) {
			*why = "a row has a pane that is none of the windows'";
			return NULL;
		}
	} else {
		end = p->end;
	}
	if (end <= r->closed_us) {
		*why = "a row came behind the watermark; put what reorders "
		       "rows before swindow";
		return NULL;
	}
	p = pane_at(r, start);
	p->end = end;
	return p;
}

/* Rows of several panes: sort their numbers by pane, then add each. */
static int
add_by_pane(struct reduce *r, const char **why, const struct pane_rows *in,
    const int64_t *starts, uint32_t n, struct arena *a)
{
	struct pane **of = arena_alloc(a, n * sizeof(struct pane *));
	struct pane **touched = arena_alloc(a, n * sizeof(struct pane *));
	uint32_t *sel = arena_alloc(a, n * sizeof(*sel));
	uint32_t n_touched = 0, at = 0;

	for (uint32_t i = 0; i < n; i++) {
		of[i] = open_pane(r, why, starts[i]);
		if (of[i] == NULL)
			return -1;
		if (of[i]->n_rows++ == 0)
			touched[n_touched++] = of[i];
	}
	for (uint32_t i = 0; i < n_touched; i++) {
		touched[i]->at = at;
		at += touched[i]->n_rows;
	}
	for (uint32_t i = 0; i < n; i++)
		sel[of[i]->at++] = i;
	for (uint32_t i = 0; i < n_touched; i++) {
		struct pane *p = touched[i];
		uint32_t rows = p->n_rows;

		p->n_rows = 0;
		if (pane_add(p, why, in, sel + (p->at - rows), rows) == -1)
			return -1;
	}
	return 0;
}

static int
add(struct reduce *r, const char **why, const struct pane_rows *in,
    const struct col *panes, uint32_t n, struct arena *a)
{
	struct col plain;
	struct pane *p;

	if (panes == NULL)
		return pane_add(pane_at(r, 0), why, in, NULL, n);
	if (panes->valid != NULL) {
		*why = "a row has no pane";
		return -1;
	}
	if (r->sessions != NULL) {
		col_flatten(&plain, a, panes);
		return sessions_add(r->sessions, why, in, &plain, n, a);
	}
	if (panes->enc == COL_CONST) {
		p = open_pane(r, why, panes->i[0]);
		return p == NULL ? -1 : pane_add(p, why, in, NULL, n);
	}
	col_flatten(&plain, a, panes);
	return add_by_pane(r, why, in, plain.i, n, a);
}

int
reduce_add(struct reduce *r, const char **why, const struct pane_rows *in,
    const struct col *panes, uint32_t n, struct arena *a)
{
	if (n == 0)
		return 0;
	if (add(r, why, in, panes, n, a) == -1)
		return -1;
	return relieve(r, why, r->mem);
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
	give_back(r, r->back);
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
			r->back = take(r);
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
		r->given = take(r);
		if (merge(r, why, r->given, r->panes[0]) == -1)
			return -1;
	}
	if (r->back != NULL && merge(r, why, r->given, r->back) == -1)
		return -1;
	while (r->n_panes > 0) {
		ends(r, &first, &last, r->panes[0]);
		if (last > w->end_us)
			break;
		give_back(r, drop_first(r));
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
	r->given = take(r);
	if (merge(r, why, r->given, r->back) == -1)
		return -1;
	if (w->end_us - w->start_us == r->grid.size) {
		for (size_t i = 0; i < n; i++)
			give_back(r, drop_first(r));
		give_back(r, r->back);
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
	if (relieve(r, why, r->mem / 2) == -1
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
	give_back(r, r->given);
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
	r->given = take(r);
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

	give_back(r, r->given);
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

size_t
reduce_n_groups(const struct reduce *r)
{
	size_t n = 0;

	if (r->sessions != NULL)
		return sessions_n_open(r->sessions);
	for (size_t i = 0; i < r->n_panes; i++)
		n += pane_n_groups(r->panes[i]);
	return n;
}

int
reduce_whole(struct reduce *r, struct reduce_window *w, const char **why)
{
	give_back(r, r->given);
	r->given = r->n_panes > 0 ? drop_first(r) : take(r);
	*w = (struct reduce_window){.table = NULL};
	return give(r, w, why);
}
