/* SPDX-License-Identifier: ISC */
/* Matching: rows in, and what is no longer needed out. */
#include "join/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "join/match_int.h"

#define SLACK_GROUPS 4096 /* so few keys are not looked through */
#define MAX_KEY_BYTES (UINT32_C(2) << 30) /* text of one key column */

int64_t
match_plus(int64_t a, int64_t b)
{
	int64_t sum;

	if (a == INT64_MAX || num_add(&sum, a, b))
		return a == INT64_MAX ? a : sum;
	return b > 0 ? INT64_MAX : INT64_MIN + 1;
}

void
rowlist_add(struct rowlist *l, uint32_t row)
{
	l->row = mem_grow(l->row, &l->cap, (size_t)l->n + 1, sizeof(*l->row));
	l->row[l->n++] = row;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void
rowlist_sort(struct rowlist *l)
{
	for (uint32_t i = 1; i < l->n; i++) {
		if (l->row[i] < l->row[i - 1]) {
			qsort(l->row, l->n, sizeof(*l->row), by_number);
			return;
		}
	}
}

/* What the kind of join lets out. */
static void
set_kind(struct match *m, enum plan_kind kind)
{
	m->pairs_out = kind == PLAN_INNER || kind == PLAN_LEFT
		       || kind == PLAN_RIGHT || kind == PLAN_FULL;
	m->some = kind == PLAN_SEMI;
	m->none = kind == PLAN_LEFT || kind == PLAN_FULL || kind == PLAN_ANTI
		  || kind == PLAN_UNION;
	m->rest = kind == PLAN_RIGHT || kind == PLAN_FULL || kind == PLAN_UNION;
}

struct match *
match_new(const struct match_opts *o, const struct schema *const sides[2],
    const enum type *key_types, size_t n_keys, int (*full)(void *arg),
    void *arg, char **why)
{
	struct match *m = mem_zero(1, sizeof(*m));

	m->o = *o;
	set_kind(m, o->kind);
	for (int i = 0; i < 2; i++) {
		side_init(&m->side[i], sides[i]);
		m->mark[i] = TIME_NONE;
	}
	keys_init(&m->keys, key_types, n_keys);
	m->until_us = m->last_us = m->closed_us = TIME_NONE;
	m->pairs.full = full;
	m->pairs.arg = arg;
	m->has_grid = o->window != NULL && o->window->kind != WINDOW_NONE
		      && o->window->kind != WINDOW_SESSION;
	if (m->has_grid && *o->window->tz != '\0') {
		m->zone = zone_open(o->window->tz, why);
		if (m->zone == NULL) {
			match_free(m);
			return NULL;
		}
	}
	if (m->has_grid)
		grid_init(&m->grid, o->window, m->zone);
	return m;
}

void
match_free(struct match *m)
{
	if (m == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		side_release(&m->side[i]);
		heap_release(&m->due[i]);
		free(m->open[i].row);
	}
	keys_release(&m->keys);
	heap_release(&m->alone);
	heap_release(&m->seen);
	free(m->found.row);
	free(m->groups);
	zone_close(m->zone);
	free(m);
}

/* Entries for the keys that are new. */
static void
add_groups(struct match *m, uint32_t known)
{
	m->groups = mem_grow(
	    m->groups, &m->cap_groups, m->keys.map.n, sizeof(*m->groups));
	for (uint32_t g = known; g < m->keys.map.n; g++)
		m->groups[g] = (struct match_group){
		    .chain = {{SIDE_NONE, SIDE_NONE}, {SIDE_NONE, SIDE_NONE}},
		    .last = TIME_NONE};
}

/*
 * The groups of the rows, SIDE_NONE for those with a null key; sel gets those
 * with a key, *n_sel many.
 */
static void
find_groups(struct match *m, uint32_t *group, uint32_t *sel, uint32_t *n_sel,
    const struct match_rows *in, struct arena *a)
{
	uint32_t n = in->b->n_rows, k = 0, known = m->keys.map.n;
	struct keys_rows rows;

	for (uint32_t r = 0; r < n; r++)
		group[r] = SIDE_NONE;
	if (m->keys.n_cols > 0)
		k = plan_whole(sel, in->keys, m->keys.n_cols, n);
	*n_sel = k;
	if (k == 0)
		return;
	keys_prepare(&rows, in->keys, m->keys.n_cols, n, a);
	keys_find(&m->keys, group, &rows, sel, k);
	add_groups(m, known);
}

static bool
keys_fit(const struct match *m)
{
	for (size_t c = 0; c < m->keys.n_cols; c++)
		if (type_is_bytes(m->keys.cols[c].type)
		    && m->keys.cols[c].bytes_len > MAX_KEY_BYTES)
			return false;
	return true;
}

/* Whether all rows come before none that could have come before them. */
static const char *
check_times(const struct match *m, const struct match_rows *in)
{
	int64_t mark = m->mark[in->side], start, end, pane = 0, pane_end = 0;

	for (uint32_t i = 0; in->at != NULL && i < in->b->n_rows; i++) {
		int64_t at = in->at[i];

		if (!m->has_grid) {
			end = match_plus(at, 1);
		} else if (i > 0 && at == pane) {
			end = pane_end;
		} else if (!grid_pane(&m->grid, &start, &end, at)
			   || start != at) {
			return "a row has a pane that is none of the windows'";
		}
		pane = at;
		pane_end = end;
		if (end <= mark)
			return "a row came behind the watermark; put what "
			       "reorders rows before swindow";
	}
	return NULL;
}

/* All rows of a frame. */
static uint32_t
all_rows(uint32_t *sel, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sel[i] = i;
	return n;
}

int
match_add(struct match *m, uint32_t *n_used, const char **why,
    const struct match_rows *in, struct arena *a)
{
	uint32_t n = in->b->n_rows, from = m->side[in->side].rows.n_rows;
	uint32_t *group = arena_alloc(a, n * sizeof(*group));
	uint32_t *sel = arena_alloc(a, (n + 1) * sizeof(*sel));

	*why = check_times(m, in);
	if (*why != NULL)
		return -1;
	find_groups(m, group, sel, n_used, in, a);
	if (!keys_fit(m)) {
		*why = "the keys have more than 2 GiB of text";
		return -1;
	}
	if (in->side == PLAN_L ? m->none : m->rest)
		*n_used = all_rows(sel, n);
	if (side_add(
		&m->side[in->side], why, in->b, sel, *n_used, in->at, group)
	    == -1)
		return -1;
	switch (m->o.way) {
	case MATCH_TIME:
	case MATCH_ASOF:
		match_time_add(m, in->side, from);
		return 0;
	case MATCH_ARRIVAL:
		return match_arrival_add(m, in->side, from);
	case MATCH_WINDOW:
	case MATCH_BATCH:
	default:
		match_scope_add(m, in->side, from);
		return 0;
	}
}

void
match_mark(struct match *m, enum plan_side side, int64_t us)
{
	if (us > m->mark[side])
		m->mark[side] = us;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* As match_plus, but no watermark stays none. */
static int64_t
shift(int64_t mark, int64_t by)
{
	return mark == TIME_NONE ? mark : match_plus(mark, by);
}

int64_t
match_lag(const struct match *m, enum plan_side side)
{
	int64_t mark = m->mark[side];
	int64_t reach = side == PLAN_L ? m->o.lo : -m->o.hi;

	if (m->o.way != MATCH_TIME || m->o.kind == PLAN_UNION)
		return mark;
	if (side == PLAN_L)
		return m->rest ? sooner(mark, shift(mark, reach)) : mark;
	return m->rest ? sooner(mark, shift(mark, reach)) : shift(mark, reach);
}

/* Keys that no row has any more, and that no row to come looks for. */
static void
drop_groups(struct match *m)
{
	uint32_t n = m->keys.map.n, k = 0;
	uint32_t *map = mem_resize(NULL, n, sizeof(*map));
	uint32_t *keep = mem_resize(NULL, n, sizeof(*keep));

	memset(map, 0xff, n * sizeof(*map));
	for (int side = 0; side < 2; side++)
		for (uint32_t i = 0; i < m->side[side].rows.n_rows; i++)
			if (m->side[side].group[i] != SIDE_NONE)
				map[m->side[side].group[i]] = 0;
	for (size_t i = 0; i < m->seen.n; i++)
		map[m->seen.v[i].row] = 0;
	for (uint32_t g = 0; g < n; g++) {
		int64_t last = m->groups[g].last;

		if (map[g] == SIDE_NONE
		    && (last == TIME_NONE
			|| last < match_plus(m->until_us, -m->o.hi)))
			continue;
		map[g] = k;
		m->groups[k] = m->groups[g];
		keep[k++] = g;
	}
	keys_keep(&m->keys, keep, k);
	for (int side = 0; side < 2; side++)
		for (uint32_t i = 0; i < m->side[side].rows.n_rows; i++)
			if (m->side[side].group[i] != SIDE_NONE)
				m->side[side].group[i] =
				    map[m->side[side].group[i]];
	for (size_t i = 0; i < m->seen.n; i++)
		m->seen.v[i].row = map[m->seen.v[i].row];
	m->n_groups = k;
	free(map);
	free(keep);
}

/* Let go of rows that nothing needs any more, once there may be many. */
static void
drop_rows(struct match *m)
{
	uint32_t *map[2];
	uint8_t *live[2];

	if (!side_is_due(&m->side[PLAN_L]) && !side_is_due(&m->side[PLAN_R]))
		return;
	for (int i = 0; i < 2; i++) {
		uint32_t n = m->side[i].rows.n_rows;

		live[i] = mem_zero(bit_bytes(n) + 1, 1);
		map[i] = mem_resize(NULL, (size_t)n + 1, sizeof(*map[i]));
		memset(map[i], 0xff, n * sizeof(*map[i]));
	}
	if (m->o.way == MATCH_WINDOW)
		match_window_live(m, live);
	else
		match_time_live(m, live);
	for (int i = 0; i < 2; i++)
		side_keep(&m->side[i], map[i], live[i]);
	if (m->o.way == MATCH_WINDOW)
		match_window_moved(m, map);
	else
		match_time_moved(m, map);
	for (int i = 0; i < 2; i++) {
		free(live[i]);
		free(map[i]);
	}
	if (m->keys.map.n / 2 > m->n_groups + SLACK_GROUPS)
		drop_groups(m);
}

int
match_advance(struct match *m, int64_t *us)
{
	int64_t until;

	*us = TIME_NONE;
	if (m->o.way == MATCH_BATCH || m->o.way == MATCH_ARRIVAL)
		return 0;
	until = sooner(match_lag(m, PLAN_L), match_lag(m, PLAN_R));
	until = sooner(until, m->mark[PLAN_L]);
	*us = until;
	/* Rows of the pane that the watermark is in may still come. */
	if (m->has_grid && m->o.way == MATCH_TIME && until != TIME_NONE
	    && until != INT64_MAX) {
		int64_t end;

		(void)grid_pane(&m->grid, &until, &end, until);
	}
	if (until <= m->until_us)
		return 0;
	m->until_us = until;
	return m->o.way == MATCH_WINDOW ? match_window_advance(m)
					: match_time_advance(m);
}

int
match_batch(struct match *m)
{
	return match_scope_run(m);
}

void
match_tidy(struct match *m)
{
	if (m->o.way == MATCH_ARRIVAL)
		return;
	if (m->o.way != MATCH_BATCH) {
		drop_rows(m);
		return;
	}
	for (int i = 0; i < 2; i++) {
		side_reset(&m->side[i]);
		m->open[i].n = 0;
	}
	keys_reset(&m->keys);
}

int64_t
match_last(const struct match *m)
{
	return m->last_us;
}

struct pairs *
match_pairs(struct match *m)
{
	return &m->pairs;
}

const struct build *
match_side(const struct match *m, enum plan_side side)
{
	return &m->side[side].rows;
}

const uint32_t *
match_open(uint32_t *n, const struct match *m, enum plan_side side)
{
	*n = m->open[side].n;
	return m->open[side].row;
}
