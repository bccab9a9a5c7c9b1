/* SPDX-License-Identifier: ISC */
/* A table that a stream is joined with. */
#include "join/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "data/order.h"

#define STEP (64u << 10) /* rows looked up at a time; a multiple of 8 */

/* The groups of rows [from, from + n). */
static int
find_groups(struct table *t, uint32_t *group, struct expr_error *err,
    const struct plan *p, uint32_t from, uint32_t n)
{
	struct expr_env env = {.batch_us = 0};
	struct batch part;
	struct keys_rows kr;
	struct col *keys;
	uint32_t *sel, n_sel;
	int rc;

	batch_init(&part);
	batch_reset(&part, t->rows.n_cols);
	part.n_rows = n;
	for (size_t c = 0; c < part.n_cols; c++)
		col_slice(&part.cols[c], &t->rows.cols[c], from, n);
	keys = arena_alloc(&part.arena, (p->n_keys + 1) * sizeof(*keys));
	rc = plan_keys(p, keys, err, PLAN_R, &part, &part.arena, &env);
	t->n_unparsed += env.n_unparsed;
	if (rc == 0) {
		for (uint32_t r = 0; r < n; r++)
			group[r] = MAP_NONE;
		sel = arena_alloc(&part.arena, n * sizeof(*sel));
		if (t->asof)
			keys[p->n_keys] = part.cols[t->file.schema.time_col];
		n_sel = plan_whole(sel, keys, p->n_keys + t->asof, n);
		keys_prepare(&kr, keys, p->n_keys, n, &part.arena);
		keys_find(&t->keys, group, &kr, sel, n_sel);
	}
	batch_release(&part);
	return rc;
}

/* The rows in the order in which groups have them. */
static uint32_t *
order_of_rows(const struct table *t)
{
	uint32_t n = t->rows.n_rows;
	uint32_t *row = mem_resize(NULL, (size_t)n + 1, sizeof(*row));

	for (uint32_t r = 0; r < n; r++)
		row[r] = r;
	if (t->asof)
		order_rows(row, n,
		    &(struct order_key){
			.col = t->rows.cols[t->file.schema.time_col]},
		    1);
	return row;
}

static void
note_times(struct table *t, uint32_t n)
{
	const struct schema *s = &t->file.schema;
	const int64_t *time = t->rows.cols[s->time_col].i;

	t->when = mem_resize(NULL, (size_t)n + 1, sizeof(*t->when));
	for (uint32_t i = 0; i < n; i++)
		if (!num_add(&t->when[i], time[t->row[i]], s->time_off))
			t->when[i] = s->time_off < 0 ? INT64_MIN : INT64_MAX;
}

/* The rows by their groups. */
static void
sort_groups(struct table *t, const uint32_t *group)
{
	uint32_t n = t->rows.n_rows, n_groups = t->keys.map.n, g, at = 0, len;
	uint32_t *order = order_of_rows(t);

	t->begin = mem_zero((size_t)n_groups + 1, sizeof(*t->begin));
	for (uint32_t r = 0; r < n; r++)
		if (group[r] != MAP_NONE)
			t->begin[group[r]]++;
	for (g = 0; g < n_groups; g++) {
		len = t->begin[g];
		t->begin[g] = at;
		at += len;
	}
	t->row = mem_resize(NULL, (size_t)at + 1, sizeof(*t->row));
	for (uint32_t i = 0; i < n; i++)
		if (group[order[i]] != MAP_NONE)
			t->row[t->begin[group[order[i]]]++] = order[i];
	free(order);
	/* Each has moved to where the next one begins. */
	memmove(t->begin + 1, t->begin, n_groups * sizeof(*t->begin));
	t->begin[0] = 0;
	t->unique = at == n_groups;
	if (t->asof)
		note_times(t, at);
	if (t->unique) {
		free(t->begin);
		t->begin = NULL;
	}
}

/* The rows that were read; text with few values gets short. */
static void
view_rows(struct table *t)
{
	build_view(&t->rows, &t->file.rows);
	t->packs = mem_zero(t->rows.n_cols, sizeof(*t->packs));
	for (size_t c = 0; c < t->rows.n_cols; c++)
		if (t->rows.cols[c].type == TYPE_STR
		    && tablepack_take(&t->packs[c], &t->rows.cols[c]))
			colbuf_release(&t->file.rows.cols[c]);
}

/* Keys have been copied, so that columns that do not come out can go. */
static void
drop_columns(struct table *t, const struct plan *p)
{
	for (size_t c = 0; c < t->rows.n_cols; c++) {
		bool out = p->kind == PLAN_COGROUP;

		for (size_t i = 0; i < p->n_outs; i++)
			out |= p->outs[i].right == (int)c;
		if (out)
			continue;
		col_const_null(
		    &t->rows.cols[c], t->rows.cols[c].type, t->rows.n_rows);
		colbuf_release(&t->file.rows.cols[c]);
		if (t->packs[c].codes != NULL)
			tablepack_release(&t->packs[c]);
	}
}

int
table_index(struct table *t, struct expr_error *err, const struct plan *p)
{
	enum type *types = mem_resize(NULL, p->n_keys, sizeof(*types));
	uint32_t n, *group;
	int rc = 0;

	/* A union: nothing is looked up. */
	t->unique = p->n_keys == 0;
	view_rows(t);
	plan_key_types(p, types);
	keys_init(&t->keys, types, p->n_keys);
	free(types);
	n = t->rows.n_rows;
	group = mem_resize(NULL, (size_t)n + 1, sizeof(*group));
	for (uint32_t at = 0, len; rc == 0 && p->n_keys > 0 && at < n;
	     at += len) {
		len = n - at < STEP ? n - at : STEP;
		rc = find_groups(t, group + at, err, p, at, len);
	}
	if (rc == 0 && p->n_keys > 0)
		sort_groups(t, group);
	drop_columns(t, p);
	t->width = plan_width(p, PLAN_R, &t->rows);
	free(group);
	return rc;
}

void
table_release(struct table *t)
{
	for (size_t c = 0; t->packs != NULL && c < t->rows.n_cols; c++)
		if (t->packs[c].codes != NULL)
			tablepack_release(&t->packs[c]);
	free(t->packs);
	tablefile_release(&t->file);
	batch_release(&t->rows);
	keys_release(&t->keys);
	free(t->begin);
	free(t->row);
	free(t->when);
	*t = (struct table){.begin = NULL};
}

int
table_look(const struct table *t, uint32_t *group, struct expr_error *err,
    const struct plan *p, const struct batch *b, struct arena *a,
    struct expr_env *env)
{
	struct col *keys = arena_alloc(a, p->n_keys * sizeof(*keys));
	struct keys_rows kr;

	if (plan_keys(p, keys, err, PLAN_L, b, a, env) == -1)
		return -1;
	keys_prepare(&kr, keys, p->n_keys, b->n_rows, a);
	keys_look(&t->keys, group, &kr);
	return 0;
}

/* The place of the last of when[from, to) that is at most t; from - 1: none. */
static uint32_t
last_before(const int64_t *when, uint32_t from, uint32_t to, int64_t t)
{
	while (from < to) {
		uint32_t mid = from + (to - from) / 2;

		if (when[mid] <= t)
			from = mid + 1;
		else
			to = mid;
	}
	return from - 1;
}

void
table_asof(const struct table *t, uint32_t *group, const struct col *time,
    int64_t off, int64_t within_us)
{
	for (uint32_t r = 0; r < time->n; r++) {
		uint32_t g = group[r], from, at;
		int64_t now, oldest;

		if (g == MAP_NONE)
			continue;
		group[r] = MAP_NONE;
		if (!col_is_valid(time, r)
		    || !num_add(&now, time->i[col_entry(time, r)], off))
			continue;
		from = t->unique ? g : t->begin[g];
		at = last_before(
		    t->when, from, t->unique ? g + 1 : t->begin[g + 1], now);
		if (at + 1 == from)
			continue;
		if (!num_sub(&oldest, now, within_us))
			oldest = INT64_MIN;
		if (t->when[at] >= oldest)
			group[r] = at;
	}
}
