/* SPDX-License-Identifier: ISC */
/*
 * Matching of the rows of one window, or of one batch.  Rows of windows wait
 * in the order of their panes; the window at hand has those that lie in it,
 * in the order in which they came.
 */
#include "join/match_int.h"

void
match_scope_add(struct match *m, enum plan_side side, uint32_t from)
{
	const struct side *s = &m->side[side];

	for (uint32_t i = from; i < s->rows.n_rows; i++) {
		if (m->o.way == MATCH_WINDOW)
			heap_push(&m->due[side], s->at[i], i);
		else
			rowlist_add(&m->open[side], i);
	}
}

/* The open rows of a side as chains, one for each key. */
static void
chain(struct match *m, enum plan_side side)
{
	struct side *s = &m->side[side];

	for (uint32_t i = 0; i < m->open[side].n; i++) {
		uint32_t row = m->open[side].row[i];
		struct match_group *g;

		if (s->group[row] == SIDE_NONE)
			continue;
		g = &m->groups[s->group[row]];
		if (g->scope[side] != m->scope)
			g->chain[side].head = row;
		else
			s->next[g->chain[side].tail] = row;
		g->scope[side] = m->scope;
		g->chain[side].tail = row;
		s->next[row] = SIDE_NONE;
	}
}

static int
give_left(struct match *m, uint32_t row)
{
	const struct side *r = &m->side[PLAN_R];
	uint32_t g = m->side[PLAN_L].group[row];
	bool has = g != SIDE_NONE && m->groups[g].scope[PLAN_R] == m->scope;

	if (has ? m->some : m->none)
		return pairs_add(&m->pairs, row, SIDE_NONE);
	if (!has || !m->pairs_out)
		return 0;
	for (uint32_t i = m->groups[g].chain[PLAN_R].head; i != SIDE_NONE;
	     i = r->next[i])
		if (pairs_add(&m->pairs, row, i) == -1)
			return -1;
	return 0;
}

static int
give_rest(struct match *m)
{
	const struct rowlist *open = &m->open[PLAN_R];

	chain(m, PLAN_L);
	for (uint32_t i = 0; i < open->n; i++) {
		uint32_t row = open->row[i];
		uint32_t g = m->side[PLAN_R].group[row];

		if ((g == SIDE_NONE || m->groups[g].scope[PLAN_L] != m->scope)
		    && pairs_add(&m->pairs, SIDE_NONE, row) == -1)
			return -1;
	}
	return 0;
}

int
match_scope_run(struct match *m)
{
	const struct rowlist *open = &m->open[PLAN_L];

	if (m->o.scope != NULL)
		return m->o.scope(m->pairs.arg);
	m->scope++;
	chain(m, PLAN_R);
	for (uint32_t i = 0; i < open->n; i++)
		if (give_left(m, open->row[i]) == -1)
			return -1;
	return m->rest ? give_rest(m) : 0;
}

/* The ends of the first and the last window over a pane. */
static void
ends(const struct match *m, int64_t *first, int64_t *last, int64_t pane)
{
	int64_t start, end;

	/* match_add has seen that it is a pane. */
	(void)grid_pane(&m->grid, &start, &end, pane);
	(void)grid_ends(&m->grid, first, last, start, end);
}

/* The end of the next window that holds a row; false without rows. */
static bool
next_end(const struct match *m, int64_t *end)
{
	int64_t first, last;
	bool has = false;

	if (m->open[PLAN_L].n > 0 || m->open[PLAN_R].n > 0) {
		*end = grid_next(&m->grid, m->closed_us);
		has = true;
	}
	for (int side = 0; side < 2; side++) {
		if (m->due[side].n == 0)
			continue;
		ends(m, &first, &last, m->due[side].v[0].at);
		if (!has || first < *end)
			*end = first;
		has = true;
	}
	return has;
}

static void
open_rows(struct match *m, enum plan_side side, int64_t end)
{
	struct heap *due = &m->due[side];

	while (due->n > 0 && due->v[0].at < end) {
		rowlist_add(&m->open[side], due->v[0].row);
		heap_pop(due);
	}
	rowlist_sort(&m->open[side]);
}

/* Forget the open rows that are in no later window. */
static void
close_rows(struct match *m, enum plan_side side)
{
	struct rowlist *open = &m->open[side];
	const int64_t *at = m->side[side].at;
	int64_t first, last = INT64_MIN, pane = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < open->n; i++) {
		if (i == 0 || at[open->row[i]] != pane) {
			pane = at[open->row[i]];
			ends(m, &first, &last, pane);
		}
		if (last > m->closed_us)
			open->row[n++] = open->row[i];
	}
	open->n = n;
}

int
match_window_advance(struct match *m)
{
	int64_t end = 0;

	while (next_end(m, &end) && end <= m->until_us) {
		open_rows(m, PLAN_L, end);
		open_rows(m, PLAN_R, end);
		m->pairs.start_us = grid_start(&m->grid, end);
		m->pairs.end_us = end;
		m->last_us = end - 1;
		if (match_scope_run(m) == -1)
			return -1;
		m->closed_us = end;
		close_rows(m, PLAN_L);
		close_rows(m, PLAN_R);
	}
	return 0;
}

void
match_window_live(struct match *m, uint8_t *const live[2])
{
	for (int side = 0; side < 2; side++) {
		for (size_t i = 0; i < m->due[side].n; i++)
			bit_set(live[side], m->due[side].v[i].row);
		for (uint32_t i = 0; i < m->open[side].n; i++)
			bit_set(live[side], m->open[side].row[i]);
	}
}

void
match_window_moved(struct match *m, uint32_t *const map[2])
{
	for (int side = 0; side < 2; side++) {
		for (size_t i = 0; i < m->due[side].n; i++)
			m->due[side].v[i].row =
			    map[side][m->due[side].v[i].row];
		for (uint32_t i = 0; i < m->open[side].n; i++)
			m->open[side].row[i] = map[side][m->open[side].row[i]];
	}
}

/* Row row of a side with all rows of its key that the other one has. */
static int
give_arrived(struct match *m, enum plan_side side, uint32_t row)
{
	enum plan_side other = side == PLAN_L ? PLAN_R : PLAN_L;
	const struct side *o = &m->side[other];
	struct match_group *g = &m->groups[m->side[side].group[row]];

	for (uint32_t i = g->chain[other].head; i != SIDE_NONE; i = o->next[i])
		if (pairs_add(&m->pairs, side == PLAN_L ? row : i,
			side == PLAN_L ? i : row)
		    == -1)
			return -1;
	return 0;
}

int
match_arrival_add(struct match *m, enum plan_side side, uint32_t from)
{
	struct side *s = &m->side[side];

	for (uint32_t i = from; i < s->rows.n_rows; i++) {
		struct match_chain *l = &m->groups[s->group[i]].chain[side];

		if (l->head == SIDE_NONE)
			l->head = i;
		else
			s->next[l->tail] = i;
		l->tail = i;
		if (give_arrived(m, side, i) == -1)
			return -1;
	}
	return 0;
}
