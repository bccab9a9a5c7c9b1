/* SPDX-License-Identifier: ISC */
/* A table of groups. */
#include "window/pane.h"

#include <stdlib.h>

static void
begin(struct pane *p)
{
	/* Without keys there is one group, rows or none. */
	for (size_t i = 0; p->plan->n_keys == 0 && i < p->plan->n_states; i++)
		agg_set_grow(&p->sets[i], 1);
}

static void
init_groups(struct pane *p)
{
	keys_init(&p->keys, p->plan->key_types, p->plan->n_keys);
	for (size_t i = 0; i < p->plan->n_states; i++)
		agg_set_init(&p->sets[i], p->plan->states[i]);
	if (p->plan->measured)
		p->owned = mem_zero(p->plan->n_states, sizeof(*p->owned));
	begin(p);
}

static void
release_groups(struct pane *p)
{
	for (size_t i = 0; i < p->plan->n_states; i++) {
		agg_set_release(&p->sets[i]);
		if (p->owned != NULL)
			free(p->owned[i].units);
	}
	free(p->owned);
	keys_release(&p->keys);
}

static void
drop_runs(struct pane *p)
{
	while (p->n_runs > 0)
		run_unref(p->runs[--p->n_runs]);
}

struct pane *
pane_new(const struct pane_plan *plan)
{
	struct pane *p = mem_zero(1, sizeof(*p));

	p->plan = plan;
	p->sets = mem_resize(NULL, plan->n_states, sizeof(*p->sets));
	init_groups(p);
	return p;
}

void
pane_free(struct pane *p)
{
	if (p == NULL)
		return;
	release_groups(p);
	drop_runs(p);
	free(p->runs);
	free(p->sets);
	free(p->last);
	free(p);
}

void
pane_reset(struct pane *p)
{
	for (size_t i = 0; i < p->plan->n_states; i++)
		agg_set_reset(&p->sets[i]);
	for (size_t i = 0; p->owned != NULL && i < p->plan->n_states; i++) {
		p->owned[i].n = 0;
		p->owned[i].total = 0;
	}
	keys_reset(&p->keys);
	p->newest = 0;
	drop_runs(p);
	begin(p);
}

uint32_t
pane_n_groups(const struct pane *p)
{
	return p->plan->n_keys == 0 ? 1 : p->keys.map.n;
}

size_t
pane_bytes(const struct pane *p)
{
	size_t n = pane_n_groups(p);
	size_t len = n * 2 * sizeof(uint64_t)
		     + p->keys.map.cap * sizeof(struct map_slot);

	for (size_t c = 0; c < p->plan->n_keys; c++) {
		const struct colbuf *b = &p->keys.cols[c];

		len += n * sizeof(uint64_t);
		if (type_is_bytes(b->type))
			len += b->bytes_len;
	}
	for (size_t i = 0; i < p->plan->n_states; i++)
		len += n * agg_size(p->plan->states[i]) + p->owned[i].total;
	return len;
}

/* Measure again what the states of group[0..n) own. */
static void
measure(struct pane *p, size_t i, const uint32_t *group, const uint32_t *sel,
    uint32_t n)
{
	struct pane_owned *o;
	uint32_t n_groups = pane_n_groups(p);

	if (p->owned == NULL || !agg_owns(p->plan->states[i]))
		return;
	o = &p->owned[i];
	o->units = mem_grow(o->units, &o->cap, n_groups, sizeof(*o->units));
	for (; o->n < n_groups; o->n++)
		o->units[o->n] = 0;
	for (uint32_t k = 0; k < n; k++) {
		uint32_t g =
		    group == NULL ? 0 : group[sel == NULL ? k : sel[k]];
		size_t units = agg_owned(&p->sets[i], g) / PANE_UNIT;

		if (units > UINT32_MAX)
			units = UINT32_MAX;
		o->total += (units - o->units[g]) * PANE_UNIT;
		o->units[g] = (uint32_t)units;
	}
}

/*
 * Offsets have 32 bits.  What one frame, or a pane within the bound, adds is
 * less than what is left above it.
 */
static int
check_size(const struct pane *p, const char **why)
{
	for (size_t c = 0; c < p->plan->n_keys; c++) {
		const struct colbuf *b = &p->keys.cols[c];

		if (b->n > INT32_MAX
		    || (type_is_bytes(b->type)
			&& b->bytes_len >= PANE_MAX_BYTES)) {
			*why = "the keys of one window take more than 2 GiB";
			return -1;
		}
	}
	return 0;
}

/* Which groups had a row, and which one last. */
static void
track(struct pane *p, const struct agg_rows *rows, const uint32_t *sel,
    uint32_t n)
{
	p->last =
	    mem_grow(p->last, &p->cap_last, pane_n_groups(p), sizeof(*p->last));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = sel == NULL ? i : sel[i];

		p->newest = rows->order + row;
		p->last[rows->group == NULL ? 0 : rows->group[row]] = p->newest;
	}
}

/* Add the states in the selected rows of c. */
static int
load(struct agg_set *s, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = r->sel == NULL ? i : r->sel[i];
		uint32_t g = r->group == NULL ? r->one : r->group[row];
		struct cur in;
		const char *p;
		size_t len;

		if (!col_is_valid(c, row)) {
			*why = "a partial state is missing";
			return -1;
		}
		p = col_str(c, row, &len);
		cur_init(&in, p, len);
		if (agg_load_at(s, g, &in, r->base) == -1 || in.left > 0) {
			*why = "a partial state is malformed";
			return -1;
		}
	}
	return 0;
}

int
pane_add(struct pane *p, const char **why, const struct pane_rows *in,
    const uint32_t *sel, uint32_t n)
{
	struct agg_rows rows = *in->rows;

	rows.n = n;
	rows.sel = sel;
	rows.group = NULL;
	rows.one = 0;
	if (p->plan->n_keys > 0) {
		keys_find(&p->keys, in->group, in->keys, sel, n);
		rows.group = in->group;
	}
	if (check_size(p, why) == -1)
		return -1;
	if (p->plan->track)
		track(p, &rows, sel, n);
	for (size_t i = 0; i < p->plan->n_states; i++) {
		agg_set_grow(&p->sets[i], pane_n_groups(p));
		if ((p->plan->loads
			    ? load(&p->sets[i], why, &rows, in->args[i])
			    : agg_update(&p->sets[i], why, &rows, in->args[i]))
		    == -1)
			return -1;
		measure(p, i, rows.group, sel, rows.group == NULL ? 1 : n);
	}
	return 0;
}

static void
track_merged(struct pane *p, const struct pane *from, const uint32_t *group,
    uint32_t before)
{
	uint32_t n = pane_n_groups(from);

	p->last =
	    mem_grow(p->last, &p->cap_last, pane_n_groups(p), sizeof(*p->last));
	for (uint32_t g = 0; g < n; g++) {
		uint32_t to = group[g];

		if (to >= before || from->last[g] > p->last[to])
			p->last[to] = from->last[g];
	}
	if (from->newest > p->newest)
		p->newest = from->newest;
}

void
pane_add_run(struct pane *p, struct run *x)
{
	p->runs = mem_grow(
	    p->runs, &p->cap_runs, p->n_runs + 1, sizeof(struct run *));
	p->runs[p->n_runs++] = x;
}

void
pane_to_run(struct pane *p, struct run *x)
{
	release_groups(p);
	init_groups(p);
	pane_add_run(p, x);
}

int
pane_merge(struct pane *p, const char **why, const struct pane *from)
{
	uint32_t n = pane_n_groups(from);
	/* Of one group without keys it is as good as new before a row. */
	uint32_t before = p->plan->n_keys > 0 ? p->keys.map.n : p->newest > 0;
	uint32_t *group = mem_zero(n, sizeof(*group));
	int rc;

	if (p->plan->n_keys > 0)
		keys_merge(&p->keys, group, &from->keys);
	rc = check_size(p, why);
	if (p->plan->track)
		track_merged(p, from, group, before);
	for (size_t i = 0; i < p->plan->n_states && rc == 0; i++) {
		agg_set_grow(&p->sets[i], pane_n_groups(p));
		rc = agg_merge(&p->sets[i], why, &from->sets[i], group);
		measure(p, i, group, NULL, n);
	}
	free(group);
	for (size_t i = 0; i < from->n_runs; i++)
		pane_add_run(p, run_ref(from->runs[i]));
	return rc;
}

void
pane_keep(struct pane *p, const uint32_t *keep, uint32_t n)
{
	for (uint32_t i = 0; p->plan->track && i < n; i++)
		p->last[i] = p->last[keep[i]];
	keys_keep(&p->keys, keep, n);
	for (size_t i = 0; i < p->plan->n_states; i++)
		agg_keep(&p->sets[i], keep, n);
}

void
pane_weigh(struct pane *p)
{
	uint32_t n = pane_n_groups(p);
	uint32_t *group = mem_resize(NULL, n, sizeof(*group));

	for (uint32_t g = 0; g < n; g++)
		group[g] = g;
	for (size_t i = 0; i < p->plan->n_states; i++)
		measure(p, i, group, NULL, n);
	free(group);
}
