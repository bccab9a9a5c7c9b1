/* SPDX-License-Identifier: ISC */
/* Tables of groups as bytes, for snapshots. */
#include "window/panepack.h"

#include <stdlib.h>

#include "wire/pack.h"

static struct colbuf *
new_columns(const struct pane_plan *plan)
{
	struct colbuf *cols = mem_zero(plan->n_keys + 1, sizeof(*cols));

	for (size_t c = 0; c < plan->n_keys; c++)
		colbuf_init(&cols[c], plan->key_types[c]);
	return cols;
}

static void
free_columns(struct colbuf *cols, size_t n)
{
	for (size_t c = 0; c < n; c++)
		colbuf_release(&cols[c]);
	free(cols);
}

/* The keys of all tables; of many rows when there is one table. */
static void
put_keys(struct buf *out, struct pane *const *panes, size_t n)
{
	const struct pane_plan *plan = panes[0]->plan;
	struct colbuf *cols = new_columns(plan);
	uint64_t n_rows = 0;

	for (size_t i = 0; i < n; i++)
		n_rows += panes[i]->keys.map.n;
	if (n_rows > UINT32_MAX)
		out->failed = true;
	for (size_t i = 0; i < n && !out->failed; i++)
		for (size_t c = 0; c < plan->n_keys; c++)
			colbuf_append(&cols[c], &panes[i]->keys.cols[c], 0,
			    panes[i]->keys.map.n);
	if (!out->failed)
		pack_cols(out, cols, plan->n_keys, (uint32_t)n_rows);
	free_columns(cols, plan->n_keys);
}

static void
put_groups(struct buf *out, const struct pane *p)
{
	const struct pane_plan *plan = p->plan;
	uint32_t n = pane_n_groups(p);
	/* The one group without keys may have had no row yet. */
	bool tracked = plan->track && p->last != NULL;

	for (uint32_t g = 0; g < p->keys.map.n; g++)
		buf_put_int(out, p->keys.first[g], 8);
	buf_put_int(out, p->newest, 8);
	buf_put_int(out, tracked, 1);
	for (uint32_t g = 0; tracked && g < n; g++)
		buf_put_int(out, p->last[g], 8);
	for (size_t i = 0; i < plan->n_states; i++)
		for (uint32_t g = 0; g < n; g++)
			agg_save(out, &p->sets[i], g);
}

void
panepack_put(struct buf *out, struct pane *const *panes, size_t n)
{
	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		buf_put_int(out, panes[i]->keys.map.n, 4);
	put_keys(out, panes, n);
	for (size_t i = 0; i < n; i++)
		put_groups(out, panes[i]);
}

/* Give the tables their keys: sizes[i] rows each, one behind the other. */
static int
add_keys(struct pane *const *panes, size_t n, const uint32_t *sizes,
    const struct colbuf *cols, uint32_t n_rows)
{
	const struct pane_plan *plan = panes[0]->plan;
	struct arena a = {0};
	struct col *views = arena_alloc(&a, plan->n_keys * sizeof(*views));
	uint32_t *group = arena_alloc(&a, n_rows * sizeof(*group));
	uint32_t *sel = arena_alloc(&a, n_rows * sizeof(*sel));
	struct keys_rows rows;
	uint32_t at = 0;
	int rc = 0;

	for (size_t c = 0; c < plan->n_keys; c++)
		colbuf_view(&views[c], &cols[c]);
	keys_prepare(&rows, views, plan->n_keys, n_rows, &a);
	rows.order = 0;
	for (uint32_t r = 0; r < n_rows; r++)
		sel[r] = r;
	for (size_t i = 0; i < n && rc == 0; i++) {
		keys_find(&panes[i]->keys, group, &rows, sel + at, sizes[i]);
		at += sizes[i];
		/* One that is there twice is not two. */
		rc = panes[i]->keys.map.n == sizes[i] ? 0 : -1;
	}
	arena_release(&a);
	return rc;
}

static int
get_keys(struct pane *const *panes, size_t n, const uint32_t *sizes,
    uint64_t n_rows, struct cur *in)
{
	const struct pane_plan *plan = panes[0]->plan;
	struct colbuf *cols = new_columns(plan);
	uint32_t found = 0;
	int rc = unpack_cols(cols, plan->n_keys, &found, in);

	if (rc == 0 && (found != n_rows || (plan->n_keys == 0 && found > 0)))
		rc = -1;
	if (rc == 0 && found > 0)
		rc = add_keys(panes, n, sizes, cols, found);
	free_columns(cols, plan->n_keys);
	return rc;
}

static int
get_groups(struct pane *p, struct cur *in)
{
	const struct pane_plan *plan = p->plan;
	uint32_t n = pane_n_groups(p);
	bool tracked;

	for (uint32_t g = 0; g < p->keys.map.n; g++)
		p->keys.first[g] = cur_get_int(in, 8);
	p->newest = cur_get_int(in, 8);
	tracked = cur_get_int(in, 1) != 0;
	if (in->failed || (tracked && !plan->track)
	    || (plan->track && !tracked && p->keys.map.n > 0))
		return -1;
	if (tracked)
		p->last = mem_grow(p->last, &p->cap_last, n, sizeof(*p->last));
	for (uint32_t g = 0; tracked && g < n; g++)
		p->last[g] = cur_get_int(in, 8);
	for (size_t i = 0; i < plan->n_states; i++) {
		agg_set_grow(&p->sets[i], n);
		for (uint32_t g = 0; g < n; g++)
			if (agg_load(&p->sets[i], g, in) == -1)
				return -1;
	}
	pane_weigh(p);
	return in->failed ? -1 : 0;
}

int
panepack_get(struct pane *const *panes, size_t n, struct cur *in)
{
	uint32_t *sizes;
	uint64_t n_rows = 0;
	int rc;

	if (n == 0)
		return 0;
	sizes = mem_resize(NULL, n, sizeof(*sizes));
	for (size_t i = 0; i < n; i++) {
		sizes[i] = (uint32_t)cur_get_int(in, 4);
		n_rows += sizes[i];
	}
	rc = in->failed ? -1 : get_keys(panes, n, sizes, n_rows, in);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = get_groups(panes[i], in);
	free(sizes);
	return rc;
}
