/* SPDX-License-Identifier: ISC */
/* Rows into the panes of their windows. */
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

int
reduce_relieve(struct reduce *r, const char **why, size_t most)
{
	struct pane *largest;

	if (r->spill == NULL || r->plan->n_keys == 0
	    || held(r, &largest) <= most)
		return 0;
	return move_out(r, why, r->mem / 2);
}

struct pane *
reduce_take(struct reduce *r)
{
	return r->n_spare > 0 ? r->spare[--r->n_spare] : pane_new(r->plan);
}

void
reduce_give_back(struct reduce *r, struct pane *p)
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
	reduce_give_back(r, r->given);
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
		p = reduce_take(r);
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
	return reduce_relieve(r, why, r->mem);
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
