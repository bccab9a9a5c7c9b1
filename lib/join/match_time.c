/* SPDX-License-Identifier: ISC */
/*
 * Matching by event time.  Left rows are gone through in the order of their
 * times; the right rows in reach of one of them are then, for each key, a
 * stretch of the right rows in the order of theirs, both ends of which only
 * move forward.
 */
#include "base/time.h"
#include "join/match_int.h"

void
match_time_add(struct match *m, enum plan_side side, uint32_t from)
{
	const struct side *s = &m->side[side];
	bool is_union = m->o.kind == PLAN_UNION;

	for (uint32_t i = from; i < s->rows.n_rows; i++) {
		uint32_t g = s->group[i];

		if (side == PLAN_L || (g != SIDE_NONE && !is_union))
			heap_push(&m->due[side], s->at[i], i);
		if (side == PLAN_R && m->rest)
			heap_push(&m->alone, s->at[i], i);
		if (side == PLAN_L && m->rest && g != SIDE_NONE)
			heap_push(&m->seen, s->at[i], g);
	}
}

/* Right rows of times up to until_us can now be matched. */
static void
enter(struct match *m, int64_t until_us)
{
	struct heap *due = &m->due[PLAN_R];
	struct side *s = &m->side[PLAN_R];

	while (due->n > 0 && due->v[0].at <= until_us) {
		uint32_t row = due->v[0].row;
		struct match_chain *g = &m->groups[s->group[row]].chain[PLAN_R];

		heap_pop(due);
		if (g->head == SIDE_NONE || m->o.way == MATCH_ASOF)
			g->head = row;
		else
			s->next[g->tail] = row;
		g->tail = row;
	}
}

/* Let go of a group's right rows before from_us. */
static void
leave(const struct match *m, struct match_chain *g, int64_t from_us)
{
	const struct side *s = &m->side[PLAN_R];

	while (g->head != SIDE_NONE && s->at[g->head] < from_us)
		g->head = m->o.way == MATCH_ASOF ? SIDE_NONE : s->next[g->head];
}

/* The matches of a left row, in the order in which they came. */
static void
find(struct match *m, uint32_t row, int64_t at)
{
	const struct side *r = &m->side[PLAN_R];
	uint32_t g = m->side[PLAN_L].group[row];

	m->found.n = 0;
	enter(m, match_plus(at, m->o.hi));
	if (g == SIDE_NONE)
		return;
	leave(m, &m->groups[g].chain[PLAN_R], match_plus(at, m->o.lo));
	for (uint32_t i = m->groups[g].chain[PLAN_R].head; i != SIDE_NONE;
	     i = r->next[i]) {
		rowlist_add(&m->found, i);
		if (!m->pairs_out || m->o.way == MATCH_ASOF)
			break;
	}
	rowlist_sort(&m->found);
}

static int
give_left(struct match *m, uint32_t row, int64_t at)
{
	if (m->o.kind != PLAN_UNION)
		find(m, row, at);
	m->last_us = at;
	if (m->found.n == 0)
		return m->none ? pairs_add(&m->pairs, row, SIDE_NONE) : 0;
	if (m->some)
		return pairs_add(&m->pairs, row, SIDE_NONE);
	for (uint32_t i = 0; m->pairs_out && i < m->found.n; i++)
		if (pairs_add(&m->pairs, row, m->found.row[i]) == -1)
			return -1;
	return 0;
}

/* A right row comes out when no left row of its key is in reach. */
static int
give_right(struct match *m, uint32_t row, int64_t at)
{
	uint32_t g = m->side[PLAN_R].group[row];
	int64_t upto = match_plus(at, -m->o.lo);

	while (m->seen.n > 0 && m->seen.v[0].at <= upto) {
		m->groups[m->seen.v[0].row].last = m->seen.v[0].at;
		heap_pop(&m->seen);
	}
	if (g != SIDE_NONE && m->groups[g].last != TIME_NONE
	    && m->groups[g].last >= match_plus(at, -m->o.hi))
		return 0;
	m->last_us = at;
	return pairs_add(&m->pairs, SIDE_NONE, row);
}

int
match_time_advance(struct match *m)
{
	struct heap *l = &m->due[PLAN_L], *r = &m->alone;
	struct heap_item it;
	bool has_l, has_r;

	for (;;) {
		has_l = l->n > 0 && l->v[0].at < m->until_us;
		has_r = r->n > 0 && r->v[0].at < m->until_us;
		if (!has_l && !has_r)
			return 0;
		if (has_l && (!has_r || l->v[0].at <= r->v[0].at)) {
			it = l->v[0];
			heap_pop(l);
			if (give_left(m, it.row, it.at) == -1)
				return -1;
		} else {
			it = r->v[0];
			heap_pop(r);
			if (give_right(m, it.row, it.at) == -1)
				return -1;
		}
	}
}

static void
set_heap(uint8_t *live, const struct heap *h)
{
	for (size_t i = 0; i < h->n; i++)
		bit_set(live, h->v[i].row);
}

void
match_time_live(struct match *m, uint8_t *const live[2])
{
	const struct side *r = &m->side[PLAN_R];
	int64_t from_us = match_plus(m->until_us, m->o.lo);

	set_heap(live[PLAN_L], &m->due[PLAN_L]);
	set_heap(live[PLAN_R], &m->due[PLAN_R]);
	set_heap(live[PLAN_R], &m->alone);
	for (uint32_t g = 0; g < m->keys.map.n; g++) {
		struct match_chain *c = &m->groups[g].chain[PLAN_R];

		if (m->until_us != TIME_NONE)
			leave(m, c, from_us);
		for (uint32_t i = c->head; i != SIDE_NONE; i = r->next[i])
			bit_set(live[PLAN_R], i);
	}
}

static void
move_heap(struct heap *h, const uint32_t *map)
{
	/* New numbers are in the order of the old ones. */
	for (size_t i = 0; i < h->n; i++)
		h->v[i].row = map[h->v[i].row];
}

void
match_time_moved(struct match *m, uint32_t *const map[2])
{
	move_heap(&m->due[PLAN_L], map[PLAN_L]);
	move_heap(&m->due[PLAN_R], map[PLAN_R]);
	move_heap(&m->alone, map[PLAN_R]);
	for (uint32_t g = 0; g < m->keys.map.n; g++) {
		struct match_chain *of = &m->groups[g].chain[PLAN_R];

		if (of->head == SIDE_NONE)
			continue;
		of->head = map[PLAN_R][of->head];
		of->tail = map[PLAN_R][of->tail];
	}
}
