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

struct pane *
pane_new(const struct pane_plan *plan)
{
	struct pane *p = mem_zero(1, sizeof(*p));

	p->plan = plan;
	keys_init(&p->keys, plan->key_types, plan->n_keys);
	p->sets = mem_resize(NULL, plan->n_states, sizeof(*p->sets));
	for (size_t i = 0; i < plan->n_states; i++)
		agg_set_init(&p->sets[i], plan->states[i]);
	begin(p);
	return p;
}

void
pane_free(struct pane *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->plan->n_states; i++)
		agg_set_release(&p->sets[i]);
	free(p->sets);
	free(p->last);
	keys_release(&p->keys);
	free(p);
}

void
pane_reset(struct pane *p)
{
	for (size_t i = 0; i < p->plan->n_states; i++)
		agg_set_reset(&p->sets[i]);
	keys_reset(&p->keys);
	p->newest = 0;
	begin(p);
}

uint32_t
pane_n_groups(const struct pane *p)
{
	return p->plan->n_keys == 0 ? 1 : p->keys.map.n;
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
		if (agg_update(&p->sets[i], why, &rows, in->args[i]) == -1)
			return -1;
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
	}
	free(group);
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
