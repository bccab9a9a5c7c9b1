/* SPDX-License-Identifier: ISC */
/* The rows of a frame into the tables.  sreduce(1). */
#include "group/group_int.h"

/* Event times for first and last; without one a row is as old as can be. */
const int64_t *
group_times(const struct group *g, struct batch *b)
{
	struct col plain;
	int64_t *t;

	if (g->in.time_col == -1)
		return NULL;
	col_flatten(&plain, &b->arena, &b->cols[g->in.time_col]);
	if (plain.valid == NULL)
		return plain.i;
	t = arena_dup(&b->arena, plain.i, plain.n * sizeof(*t));
	for (uint32_t r = 0; r < plain.n; r++) {
		if (!bit_get(plain.valid, r))
			t[r] = INT64_MIN;
	}
	return t;
}

int
group_eval(struct stage *st, struct group *g, const struct frame *f,
    struct batch *b, struct group_rows *r)
{
	struct expr_env env = {.batch_us = f->h.batch_us};
	struct expr_error err;
	struct col parts;

	r->rows = (struct agg_rows){.time_us = group_times(g, b),
	    .part = f->h.part,
	    .order = g->order_base + g->order,
	    .base = g->n_frames * FRAME_MAX_ROWS,
	    .arena = &b->arena};
	if (f->h.part == 0 && g->in.part_col != -1) {
		col_flatten(&parts, &b->arena, &b->cols[g->in.part_col]);
		r->rows.parts = parts.i;
	}
	if (query_rows(&g->query, &r->in, &err, &env, &r->rows, b) == -1)
		return stage_fail(st, TOOL_DATA, "row %ju: %s",
		    (uintmax_t)(g->order + err.at + 1), err.text);
	st->n_unparsed += env.n_unparsed;
	return 0;
}

int
group_check_state(struct stage *st, const struct group *g, uint64_t keys)
{
	if (keys > g->opts->max_state)
		return stage_fail(st, TOOL_DATA,
		    "more than %ju keys at a time; --max-state sets the limit",
		    (uintmax_t)g->opts->max_state);
	return 0;
}

int
group_added(struct stage *st, struct group *g, uint32_t n, uint64_t keys)
{
	g->order += n;
	g->n_frames++;
	st->acct.used += n;
	return group_check_state(st, g, keys);
}

int
group_add(
    struct stage *st, struct group *g, const struct frame *f, struct batch *b)
{
	struct group_rows r;
	const char *why = "";

	if (group_eval(st, g, f, b, &r) == -1)
		return -1;
	if (reduce_add(g->reduce, &why, &r.in,
		g->in.windowed ? &b->cols[g->in.pane_col] : NULL, b->n_rows,
		&b->arena)
	    == -1)
		return group_fail_reduce(st, g, why);
	return group_added(
	    st, g, b->n_rows, reduce_n_groups(g->reduce) + g->kept.n_rows);
}
