/* SPDX-License-Identifier: ISC */
/* The open windows of sreduce at a barrier.  millrace-checkpoint(5). */
#include <stdlib.h>

#include "base/time.h"
#include "window/panepack.h"
#include "window/reduce_int.h"
#include "window/runkeep.h"

#define SHARE 4 /* of the memory that a snapshot's bytes may take */

int
reduce_save(struct reduce *r, const char **why, struct buf *out)
{
	if (r->sessions != NULL) {
		sessions_save(r->sessions, out);
		return 0;
	}
	if (reduce_settle(r, why, r->mem / SHARE) == -1)
		return -1;
	buf_put_int(out, (uint64_t)r->closed_us, 8);
	buf_put_int(out, r->n_panes, 4);
	buf_put_int(out, r->n_front, 4);
	buf_put_int(out, r->n_back, 4);
	for (size_t i = 0; i < r->n_panes; i++)
		buf_put_int(out, (uint64_t)r->panes[i]->start, 8);
	panepack_put(out, r->panes, r->n_panes);
	if (r->n_back > 0)
		panepack_put(out, &r->back, 1);
	return 0;
}

/* Whether a pane may stand behind the others. */
static bool
belongs(const struct reduce *r, struct pane *p)
{
	int64_t start, first, last;

	if (!r->windowed)
		return r->n_panes == 0 && p->start == 0;
	return (r->n_panes == 0 || r->panes[r->n_panes - 1]->start < p->start)
	       && grid_pane(&r->grid, &start, &p->end, p->start)
	       && start == p->start
	       && grid_ends(&r->grid, &first, &last, p->start, p->end)
	       && last > r->closed_us;
}

static int
load_pane(struct reduce *r, int64_t start)
{
	struct pane *p = pane_new(r->plan);

	p->start = start;
	if (!belongs(r, p)) {
		pane_free(p);
		return -1;
	}
	r->panes =
	    mem_grow(r->panes, &r->cap, r->n_panes + 1, sizeof(struct pane *));
	r->panes[r->n_panes++] = p;
	return 0;
}

/* Only windows that share panes have two stacks of them. */
static bool
has_stacks(const struct reduce *r, size_t n_front, size_t n_back)
{
	if (n_front > r->n_panes || n_back > r->n_panes - n_front)
		return false;
	if (r->grid.kind == WINDOW_SLIDING)
		return true;
	return n_front == 0 && (n_back == 0 || r->grid.kind == WINDOW_CUMULATE);
}

int
reduce_load(struct reduce *r, struct cur *in)
{
	size_t n, n_front, n_back;

	if (r->sessions != NULL)
		return sessions_load(r->sessions, in);
	r->closed_us = (int64_t)cur_get_int(in, 8);
	n = cur_get_int(in, 4);
	n_front = cur_get_int(in, 4);
	n_back = cur_get_int(in, 4);
	for (size_t i = 0; i < n; i++)
		if (load_pane(r, (int64_t)cur_get_int(in, 8)) == -1)
			return -1;
	if (in->failed || !has_stacks(r, n_front, n_back))
		return -1;
	r->n_front = n_front;
	r->n_back = n_back;
	if (n_back > 0)
		r->back = pane_new(r->plan);
	if (panepack_get(r->panes, n, in) == -1)
		return -1;
	return n_back > 0 ? panepack_get(&r->back, 1, in) : 0;
}

void
reduce_keep(struct reduce *r, const struct runs_place *place)
{
	runs_keep(spill_runs(r->spill), place);
}

int
reduce_save_runs(struct reduce *r, const char **why, struct buf *out,
    uint64_t epoch, uint64_t least)
{
	struct runs *runs = spill_runs(r->spill);
	struct runkeep *k = runkeep_begin(runs, out, epoch, least);

	for (size_t i = 0; i < r->n_panes; i++)
		runkeep_put(k, r->panes[i]->runs, r->panes[i]->n_runs);
	if (r->n_back > 0)
		runkeep_put(k, r->back->runs, r->back->n_runs);
	if (runkeep_end(k) == 0)
		return 0;
	*why = runs_error(runs);
	return -1;
}

static int
load_runs(struct pane *p, struct runs *runs, struct cur *in)
{
	size_t n;
	struct run **v = runkeep_get(runs, &n, in);

	if (v == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		pane_add_run(p, v[i]);
	free(v);
	/* The one group without keys is never moved out. */
	return n > 0 && p->plan->n_keys == 0 ? -1 : 0;
}

int
reduce_load_runs(
    struct reduce *r, const char **why, struct cur *in, uint64_t epoch)
{
	struct runs *runs = spill_runs(r->spill);
	bool some = in->left > 0;
	int rc = runkeep_load(runs, in, epoch);

	for (size_t i = 0; some && rc == 0 && i < r->n_panes; i++)
		rc = load_runs(r->panes[i], runs, in);
	if (some && rc == 0 && r->n_back > 0)
		rc = load_runs(r->back, runs, in);
	*why = runs_error(runs);
	return rc;
}

bool
reduce_is_window(const struct reduce *r, int64_t start_us, int64_t end_us)
{
	int64_t pane, pane_end, first, last;

	return start_us < end_us
	       && grid_pane(&r->grid, &pane, &pane_end, end_us - 1)
	       && grid_ends(&r->grid, &first, &last, pane, pane_end)
	       && first <= end_us && end_us <= last
	       && grid_start(&r->grid, end_us) == start_us;
}
