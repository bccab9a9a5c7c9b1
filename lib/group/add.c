/* SPDX-License-Identifier: ISC */
/* The rows of a frame into the tables.  sreduce(1). */
#include "group/group_int.h"

/* Event times for first and last; without one a row is as old as can be. */
static const int64_t *
event_times(const struct group *g, struct batch *b)
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
group_add(
    struct stage *st, struct group *g, const struct frame *f, struct batch *b)
{
	struct expr_env env = {.batch_us = f->h.batch_us};
	struct agg_rows rows = {.time_us = event_times(g, b),
	    .part = f->h.part,
	    .order = g->order,
	    .arena = &b->arena};
	struct pane_rows in;
	struct expr_error err;
	struct col parts;
	const char *why = "";

	if (f->h.part == 0 && g->in.part_col != -1) {
		col_flatten(&parts, &b->arena, &b->cols[g->in.part_col]);
		rows.parts = parts.i;
	}
	if (query_rows(&g->query, &in, &err, &env, &rows, b) == -1)
		return stage_fail(st, TOOL_DATA, "row %ju: %s",
		    (uintmax_t)(g->order + err.at + 1), err.text);
	if (reduce_add(g->reduce, &why, &in,
		g->in.windowed ? &b->cols[g->in.pane_col] : NULL, b->n_rows,
		&b->arena)
	    == -1)
		return stage_fail(st, TOOL_DATA, "%s", why);
	g->order += b->n_rows;
	st->n_unparsed += env.n_unparsed;
	st->acct.used += b->n_rows;
	return 0;
}
