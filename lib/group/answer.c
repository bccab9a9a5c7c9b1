/* SPDX-License-Identifier: ISC */
/* Results: their schema, their columns, when they go out.  sreduce(1). */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "group/group_int.h"

/*
 * Expressions over the results may make text that is many times longer, and
 * has the bound of a frame.
 */
#define FLUSH_BYTES (4u << 20)
#define STEP_ROWS 512 /* between two looks at those */

static int
add_field(struct stage *st, const char *name, enum type type, bool untyped)
{
	struct field *f = schema_add(&st->out.schema, name, strlen(name), type);

	if (f == NULL)
		return stage_fail(st, TOOL_USAGE,
		    "two columns would be named %s; write \"as\" and another "
		    "name",
		    name);
	f->untyped = untyped;
	return 0;
}

/* The columns in front of the keys. */
static int
add_front(struct stage *st, const struct group *g)
{
	struct schema *s = &st->out.schema;

	if (g->in.windowed
	    && (add_field(st, "window_start", g->in.bounds, false) == -1
		|| add_field(st, "window_end", g->in.bounds, false) == -1))
		return -1;
	if (g->in.windowed && g->in.bounds == TYPE_TIME) {
		s->time_col = 1;
		s->time_off = -1;
	}
	if (g->has_batch_time) {
		if (add_field(st, "batch_time", TYPE_TIME, false) == -1)
			return -1;
		s->time_col = st->in.windowed ? -1 : 0;
	}
	return 0;
}

int
group_schema(struct stage *st, struct group *g)
{
	const struct expr_list *items = &g->query.aggs.items;
	struct schema *s = &st->out.schema;

	schema_release(s);
	schema_init(s);
	if (add_front(st, g) == -1)
		return -1;
	for (size_t i = 0; i < g->query.keys.n; i++) {
		const struct field *f = &g->query.key_schema.fields[i];

		if (add_field(st, f->name, f->type, f->untyped) == -1)
			return -1;
	}
	for (size_t i = 0; i < items->n; i++) {
		if (add_field(st, items->items[i].name,
			expr_type(items->items[i].expr), false)
		    == -1)
			return -1;
	}
	window_spec_reset(&st->out.window);
	return 0;
}

/* The results so far as the columns of the output. */
static int
make_rows(struct stage *st, struct group *g, struct col *ends)
{
	size_t n = 2 + g->query.keys.n + g->query.aggs.items.n;
	size_t skip = g->in.windowed ? 0 : 2;
	struct expr_env env = {.batch_us = st->now.batch_us};
	struct batch *b = &g->out;
	struct expr_error err;
	struct col *cols;
	int64_t *time;

	batch_reset(b, n - skip + g->has_batch_time);
	b->n_rows = g->query.raw.n_rows;
	cols = arena_alloc(&b->arena, n * sizeof(*cols));
	if (query_columns(&g->query, cols, &err, &b->arena, &env) == -1)
		return group_fail_run(st, &err);
	st->n_unparsed += env.n_unparsed;
	*ends = cols[1];
	if (g->has_batch_time) {
		time = arena_alloc(&b->arena, sizeof(*time));
		*time = st->now.batch_us;
		b->cols[0] = (struct col){.type = TYPE_TIME,
		    .enc = COL_CONST,
		    .n = b->n_rows,
		    .n_entries = 1,
		    .i = time};
	}
	memcpy(b->cols + g->has_batch_time, cols + skip,
	    (n - skip) * sizeof(*cols));
	return 0;
}

/* Whether so many results wait that they go on before more are made. */
static bool
is_full(const struct group *g)
{
	return g->query.raw.n_rows >= GROUP_FLUSH_ROWS
	       || build_bytes(&g->query.raw) >= FLUSH_BYTES;
}

/* Make of the results that wait rows to send, or to order first. */
static int
settle(struct stage *st, struct group *g)
{
	struct col ends;

	if (make_rows(st, g, &ends) == -1
	    || (rank_is_plain(&g->rank)
		       ? stage_emit(st, &g->out, 0, st->watermark, false)
		       : rank_hold(&g->rank, st, &g->out, &ends))
		   == -1)
		return -1;
	query_reset(&g->query);
	return 0;
}

int
group_collect(struct stage *st, struct group *g, const struct reduce_window *w)
{
	uint32_t n = pane_n_groups(w->table), sel[STEP_ROWS];
	struct expr_error err = {.at = 0};
	int64_t start = w->start_us, end = w->end_us, per = g->in.per_window;

	if (per > 0
	    && (!num_mul(&start, start, per) || !num_mul(&end, end, per)))
		return stage_fail(
		    st, TOOL_DATA, "a row number is beyond the range of int");
	for (uint32_t at = 0; at < n; at += STEP_ROWS) {
		uint32_t step = n - at < STEP_ROWS ? n - at : STEP_ROWS;

		for (uint32_t i = 0; i < step; i++)
			sel[i] = w->order == NULL ? at + i : w->order[at + i];
		if (query_add_groups(
			&g->query, &err, w->table, sel, step, start, end)
		    == -1)
			return group_fail_run(st, &err);
		if (is_full(g) && settle(st, g) == -1)
			return -1;
	}
	return 0;
}

/* Send the rows that were held, ordered. */
static int
emit_ordered(struct stage *st, struct group *g, int64_t watermark, bool last)
{
	uint32_t n, at = 0, step;
	uint32_t *sel = rank_order(&g->rank, &n);
	struct batch b;
	int rc;

	batch_init(&b);
	do {
		step = n - at < GROUP_FLUSH_ROWS ? n - at : GROUP_FLUSH_ROWS;
		rank_rows(&g->rank, &b, sel + at, step);
		at += step;
		rc = stage_emit(st, &b, 0, at == n ? watermark : st->watermark,
		    at == n && last);
	} while (rc == 0 && at < n);
	batch_release(&b);
	free(sel);
	rank_reset(&g->rank);
	return rc;
}

uint32_t
group_n_waiting(const struct group *g)
{
	return g->query.raw.n_rows + g->rank.held.n_rows;
}

int
group_flush(struct stage *st, struct group *g, int64_t watermark, bool last)
{
	struct col ends;
	int rc;

	if (make_rows(st, g, &ends) == -1)
		return -1;
	if (rank_is_plain(&g->rank)) {
		rc = stage_emit(st, &g->out, 0, watermark, last);
	} else {
		rc = rank_hold(&g->rank, st, &g->out, &ends);
		if (rc == 0)
			rc = emit_ordered(st, g, watermark, last);
	}
	query_reset(&g->query);
	return rc;
}
