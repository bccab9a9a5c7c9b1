/* SPDX-License-Identifier: ISC */
/* Several sorted runs as one in which equal entries are made one. */
#include "window/runfold.h"

#include <stdlib.h>

struct runfold {
	const struct pane_plan *plan;
	struct runmerge *in;
	runmerge_cmp *cmp;
	struct run_entry ahead; /* read already, unless ended */
	bool begun;
	bool ended;
	struct buf key; /* of the entry that is given */
	struct buf states;
	struct agg_set *sum; /* one state each, of equal entries */
	struct agg_set *one;
};

static struct agg_set *
new_sets(const struct pane_plan *plan)
{
	struct agg_set *sets = mem_resize(NULL, plan->n_states, sizeof(*sets));

	for (size_t i = 0; i < plan->n_states; i++)
		agg_set_init(&sets[i], plan->states[i]);
	return sets;
}

static void
free_sets(const struct pane_plan *plan, struct agg_set *sets)
{
	for (size_t i = 0; i < plan->n_states; i++)
		agg_set_release(&sets[i]);
	free(sets);
}

struct runfold *
runfold_new(const struct pane_plan *plan, struct run *const *runs, size_t n,
    size_t mem, runmerge_cmp *cmp)
{
	struct runfold *f = mem_zero(1, sizeof(*f));

	f->plan = plan;
	f->in = runmerge_new(runs, n, mem, cmp);
	f->cmp = cmp;
	f->sum = new_sets(plan);
	f->one = new_sets(plan);
	return f;
}

void
runfold_free(struct runfold *f)
{
	if (f == NULL)
		return;
	runmerge_free(f->in);
	free_sets(f->plan, f->sum);
	free_sets(f->plan, f->one);
	buf_release(&f->key);
	buf_release(&f->states);
	free(f);
}

static int
read_ahead(struct runfold *f)
{
	int rc = runmerge_next(f->in, &f->ahead);

	f->ended = rc == 0;
	return rc == -1 ? -1 : 0;
}

static int
load(struct runfold *f, struct agg_set *sets, const uint8_t *p, size_t len)
{
	struct cur in;

	cur_init(&in, p, len);
	for (size_t i = 0; i < f->plan->n_states; i++) {
		agg_set_reset(&sets[i]);
		agg_set_grow(&sets[i], 1);
		if (agg_load(&sets[i], 0, &in) == -1)
			return -1;
	}
	return in.left == 0 ? 0 : -1;
}

/* Add the entry ahead to sum. */
static int
add_ahead(struct runfold *f, const char **why)
{
	if (load(f, f->one, f->ahead.states, f->ahead.states_len) == -1) {
		*why = "a temporary file was changed";
		return -1;
	}
	for (size_t i = 0; i < f->plan->n_states; i++)
		if (agg_merge_one(&f->sum[i], 0, why, &f->one[i], 0) == -1)
			return -1;
	return 0;
}

/* Add all that are equal to *e, whose bytes are in key and states. */
static int
add_equal(struct runfold *f, const char **why, struct run_entry *e)
{
	bool loaded = false;

	for (; !f->ended && f->cmp(e, &f->ahead) == 0; loaded = true) {
		if (!loaded
		    && load(f, f->sum, f->states.data, f->states.len) == -1) {
			*why = "a temporary file was changed";
			return -1;
		}
		if (add_ahead(f, why) == -1)
			return -1;
		if (f->ahead.first < e->first)
			e->first = f->ahead.first;
		if (read_ahead(f) == -1)
			return -1;
	}
	if (!loaded)
		return 0;
	buf_reset(&f->states);
	for (size_t i = 0; i < f->plan->n_states; i++)
		agg_save(&f->states, &f->sum[i], 0);
	return 0;
}

int
runfold_next(struct runfold *f, const char **why, struct run_entry *e)
{
	*why = NULL;
	if (!f->begun && read_ahead(f) == -1)
		return -1;
	f->begun = true;
	if (f->ended)
		return 0;
	buf_reset(&f->key);
	buf_reset(&f->states);
	buf_put(&f->key, f->ahead.key, f->ahead.key_len);
	buf_put(&f->states, f->ahead.states, f->ahead.states_len);
	*e = f->ahead;
	e->key = f->key.data;
	if (read_ahead(f) == -1 || add_equal(f, why, e) == -1)
		return -1;
	e->states = f->states.data;
	e->states_len = (uint32_t)f->states.len;
	return 1;
}
