/* SPDX-License-Identifier: ISC */
/*
 * What a match keeps, at a barrier.  millrace-checkpoint(5).  No pair waits
 * then.  Chains are written as their first rows and the links between rows;
 * those of windows and batches are made anew for each.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"
#include "join/match_int.h"
#include "window/packed.h"

static bool
keeps_chains(const struct match *m)
{
	return m->o.way != MATCH_WINDOW && m->o.way != MATCH_BATCH;
}

static void
put_heap(struct buf *out, const struct heap *h)
{
	buf_put_int(out, h->n, 4);
	for (size_t i = 0; i < h->n; i++) {
		buf_put_int(out, (uint64_t)h->v[i].at, 8);
		buf_put_int(out, h->v[i].row, 4);
	}
}

static void
put_list(struct buf *out, const struct rowlist *l)
{
	buf_put_int(out, l->n, 4);
	for (uint32_t i = 0; i < l->n; i++)
		buf_put_int(out, l->row[i], 4);
}

void
match_save(const struct match *m, struct buf *out)
{
	buf_put_int(out, (uint64_t)m->until_us, 8);
	buf_put_int(out, (uint64_t)m->last_us, 8);
	buf_put_int(out, (uint64_t)m->closed_us, 8);
	packed_put_keys(out, &m->keys);
	for (uint32_t g = 0; keeps_chains(m) && g < m->keys.map.n; g++) {
		buf_put_int(out, (uint64_t)m->groups[g].last, 8);
		buf_put_int(out, m->groups[g].chain[PLAN_L].head, 4);
		buf_put_int(out, m->groups[g].chain[PLAN_R].head, 4);
	}
	for (int i = 0; i < 2; i++) {
		buf_put_int(out, (uint64_t)m->mark[i], 8);
		side_save(&m->side[i], out);
		put_heap(out, &m->due[i]);
		put_list(out, &m->open[i]);
	}
	put_heap(out, &m->alone);
	put_heap(out, &m->seen);
}

/* The groups of new keys have no rows yet. */
static int
get_groups(struct match *m, struct cur *in)
{
	uint32_t n;

	if (packed_get_keys(&m->keys, in) == -1)
		return -1;
	n = m->keys.map.n;
	if (keeps_chains(m) && in->left / 16 < n)
		return -1;
	m->groups = mem_grow(m->groups, &m->cap_groups, n, sizeof(*m->groups));
	for (uint32_t g = 0; g < n; g++) {
		struct match_group *of = &m->groups[g];

		*of = (struct match_group){
		    .chain = {{SIDE_NONE, SIDE_NONE}, {SIDE_NONE, SIDE_NONE}},
		    .last = TIME_NONE};
		if (!keeps_chains(m))
			continue;
		of->last = (int64_t)cur_get_int(in, 8);
		of->chain[PLAN_L].head = (uint32_t)cur_get_int(in, 4);
		of->chain[PLAN_R].head = (uint32_t)cur_get_int(in, 4);
	}
	return 0;
}

/* The rows of a side: their groups are there, and their panes windows'. */
static int
get_side(struct match *m, enum plan_side side, struct cur *in)
{
	struct side *s = &m->side[side];
	int64_t start, end, first, last;

	if (side_load(s, in) == -1)
		return -1;
	for (uint32_t i = 0; i < s->rows.n_rows; i++) {
		if (s->group[i] == SIDE_NONE ? m->o.way == MATCH_ARRIVAL
					     : s->group[i] >= m->keys.map.n)
			return -1;
		if (m->has_grid
		    && (!grid_pane(&m->grid, &start, &end, s->at[i])
			|| start != s->at[i]
			|| !grid_ends(&m->grid, &first, &last, start, end)))
			return -1;
	}
	return 0;
}

/* Rows that wait, below n; of groups where they must have one. */
static int
get_heap(struct heap *h, uint32_t n, const uint32_t *group, struct cur *in)
{
	uint64_t n_items = cur_get_int(in, 4);

	for (uint64_t i = 0; i < n_items; i++) {
		int64_t at = (int64_t)cur_get_int(in, 8);
		uint32_t row = (uint32_t)cur_get_int(in, 4);

		if (in->failed || row >= n
		    || (group != NULL && group[row] == SIDE_NONE))
			return -1;
		heap_push(h, at, row);
	}
	return in->failed ? -1 : 0;
}

/* Open rows; those of windows are in one that has not been closed. */
static int
get_list(struct match *m, enum plan_side side, struct cur *in)
{
	uint64_t n = cur_get_int(in, 4);
	const struct side *s = &m->side[side];
	int64_t start, end, first, last;

	for (uint64_t i = 0; i < n; i++) {
		uint32_t row = (uint32_t)cur_get_int(in, 4);

		if (in->failed || row >= s->rows.n_rows)
			return -1;
		rowlist_add(&m->open[side], row);
		if (m->o.way != MATCH_WINDOW)
			continue;
		(void)grid_pane(&m->grid, &start, &end, s->at[row]);
		(void)grid_ends(&m->grid, &first, &last, start, end);
		if (m->closed_us < first || m->closed_us >= last)
			return -1;
	}
	return in->failed ? -1 : 0;
}

/*
 * Follow the chains of a side to their ends: no row is in two, and those that
 * are in none lead nowhere.
 */
static int
tie(struct match *m, enum plan_side side)
{
	struct side *s = &m->side[side];
	uint32_t n = s->rows.n_rows;
	uint8_t *tied = mem_zero(bit_bytes(n) + 1, 1);
	int rc = 0;

	for (uint32_t g = 0; g < m->keys.map.n && rc == 0; g++) {
		struct match_chain *c = &m->groups[g].chain[side];

		for (uint32_t i = c->head; i != SIDE_NONE; i = s->next[i]) {
			if (i >= n || bit_get(tied, i)) {
				rc = -1;
				break;
			}
			bit_set(tied, i);
			c->tail = i;
		}
	}
	for (uint32_t i = 0; i < n; i++)
		if (!bit_get(tied, i))
			s->next[i] = SIDE_NONE;
	free(tied);
	return rc;
}

int
match_load(struct match *m, struct cur *in)
{
	bool by_key = (m->o.way == MATCH_TIME || m->o.way == MATCH_ASOF)
		      && m->o.kind != PLAN_UNION;

	m->until_us = (int64_t)cur_get_int(in, 8);
	m->last_us = (int64_t)cur_get_int(in, 8);
	m->closed_us = (int64_t)cur_get_int(in, 8);
	if (get_groups(m, in) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		enum plan_side side = (enum plan_side)i;
		struct side *s = &m->side[side];

		m->mark[i] = (int64_t)cur_get_int(in, 8);
		if (get_side(m, side, in) == -1
		    || get_heap(&m->due[i], s->rows.n_rows,
			   by_key && side == PLAN_R ? s->group : NULL, in)
			   == -1
		    || get_list(m, side, in) == -1 || tie(m, side) == -1)
			return -1;
	}
	if (get_heap(&m->alone, m->side[PLAN_R].rows.n_rows, NULL, in) == -1)
		return -1;
	return get_heap(&m->seen, m->keys.map.n, NULL, in);
}

void
match_resume_at(struct match *m, int64_t us)
{
	m->until_us = m->mark[PLAN_L] = m->mark[PLAN_R] = us;
}
