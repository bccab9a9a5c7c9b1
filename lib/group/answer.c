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
#define MAX_KEPT_BYTES (UINT64_C(2) << 30)

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
	head_no_partials(&st->out);
	if (g->emit == GROUP_COMPLETE)
		st->out.mode = MODE_COMPLETE;
	return g->emit == GROUP_UPDATE ? update_plan(
		   st, g, (g->in.windowed ? 2u : 0u) + g->query.keys.n)
				       : 0;
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

	batch_reset(b, n - skip + g->has_batch_time + g->update.on);
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
	if (g->update.on)
		colbuf_view(&b->cols[b->n_cols - 1], &g->update.op);
	return 0;
}

/* Which of the rows go out, into sel and *n. */
static int
pick(struct stage *st, struct group *g, uint32_t *sel, uint32_t *n)
{
	struct col holds;

	if (g->update.on)
		return update_rows(st, g, &g->out, sel, n);
	if (rank_having(&g->rank, st, &holds, &g->out) == -1)
		return -1;
	*n = expr_select(sel, &holds);
	return 0;
}

/*
 * The results that wait as rows that go out: *b with the ends of their
 * windows.  They wait no longer.
 */
static int
take(struct stage *st, struct group *g, struct batch **b, struct col *ends)
{
	uint32_t *sel, n;

	if (make_rows(st, g, ends) == -1)
		return -1;
	*b = &g->out;
	if (g->rank.having != NULL || g->update.on) {
		sel = arena_alloc(&g->out.arena, g->out.n_rows * sizeof(*sel));
		if (pick(st, g, sel, &n) == -1)
			return -1;
		*b = &g->picked;
		batch_gather(*b, &g->out, sel, n);
		col_gather(ends, &g->picked.arena, ends, sel, n);
	}
	return 0;
}

static void
forget_results(struct group *g)
{
	query_reset(&g->query);
	if (g->update.on)
		colbuf_reset(&g->update.op);
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
	struct batch *b;
	struct col ends;

	if (take(st, g, &b, &ends) == -1)
		return -1;
	if (b->n_rows > 0
	    && (rank_is_plain(&g->rank)
		       ? stage_emit(st, b, 0, st->watermark, false)
		       : rank_hold(&g->rank, st, b, &ends))
		   == -1)
		return -1;
	forget_results(g);
	return 0;
}

/* Groups sel[0..n) of the table of w, to be added to the results. */
static int
add_groups(struct stage *st, struct group *g, const struct reduce_window *w,
    const uint32_t *sel, uint32_t n)
{
	int64_t start = w->start_us, end = w->end_us, per = g->in.per_window;
	struct expr_error err = {.at = 0};

	if (per > 0
	    && (!num_mul(&start, start, per) || !num_mul(&end, end, per)))
		return stage_fail(
		    st, TOOL_DATA, "a row number is beyond the range of int");
	if (g->fold != NULL)
		fold_push(g->fold, g, sel, n);
	if (query_add_groups(&g->query, &err, w->table, sel, n, start, end)
	    == -1)
		return group_fail_run(st, &err);
	for (uint32_t i = 0; g->update.on && i < n; i++)
		colbuf_push_int(&g->update.op, MODE_PUT);
	return 0;
}

int
group_collect(struct stage *st, struct group *g, const struct reduce_window *w,
    const uint32_t *sel, uint32_t n)
{
	for (uint32_t at = 0; at < n; at += STEP_ROWS) {
		uint32_t step = n - at < STEP_ROWS ? n - at : STEP_ROWS;

		if (add_groups(st, g, w, sel + at, step) == -1
		    || (is_full(g) && settle(st, g) == -1))
			return -1;
	}
	return 0;
}

static int
collect_table(struct stage *st, struct group *g, const struct reduce_window *w)
{
	uint32_t n = pane_n_groups(w->table), sel[STEP_ROWS];

	if (w->order != NULL)
		return group_collect(st, g, w, w->order, n);
	for (uint32_t at = 0; at < n; at += STEP_ROWS) {
		uint32_t step = n - at < STEP_ROWS ? n - at : STEP_ROWS;

		for (uint32_t i = 0; i < step; i++)
			sel[i] = at + i;
		if (group_collect(st, g, w, sel, step) == -1)
			return -1;
	}
	return 0;
}

int
group_collect_all(
    struct stage *st, struct group *g, const struct reduce_window *w)
{
	struct reduce_window part = *w;
	const char *why = "";
	int rc;

	do {
		if (collect_table(st, g, &part) == -1)
			return -1;
		rc = reduce_more(g->reduce, &part, &why);
	} while (rc == 1);
	return rc == -1 ? group_fail_reduce(st, g, why) : 0;
}

void
group_collect_gone(struct group *g, const struct reduce_window *w,
    const uint32_t *sel, uint32_t n)
{
	query_add_keys(&g->query, w->table, sel, n, w->start_us, w->end_us);
	for (uint32_t i = 0; i < n; i++)
		colbuf_push_int(&g->update.op, MODE_DELETE);
}

void
group_begin_kept(struct group *g)
{
	const struct build *raw = &g->query.raw;

	g->kept.n_cols = raw->n_cols;
	g->kept.cols = mem_zero(raw->n_cols, sizeof(*g->kept.cols));
	for (size_t i = 0; i < raw->n_cols; i++)
		colbuf_init(&g->kept.cols[i], raw->cols[i].type);
}

int
group_keep(struct stage *st, struct group *g, const struct reduce_window *w)
{
	const struct build *raw = &g->query.raw;

	if (g->kept.cols == NULL)
		group_begin_kept(g);
	if (add_groups(st, g, w, w->order, pane_n_groups(w->table)) == -1)
		return -1;
	build_append(&g->kept, raw, 0, raw->n_rows);
	query_reset(&g->query);
	if (build_bytes(&g->kept) > MAX_KEPT_BYTES)
		return stage_fail(st, TOOL_DATA,
		    "the whole result takes more than 2 GiB; write --emit "
		    "update");
	return 0;
}

int
group_collect_kept(struct stage *st, struct group *g)
{
	const struct build *kept = &g->kept;

	for (uint32_t at = 0; at < kept->n_rows; at += STEP_ROWS) {
		uint32_t left = kept->n_rows - at;

		build_append(&g->query.raw, kept, at,
		    left < STEP_ROWS ? left : STEP_ROWS);
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
	struct batch *b;
	struct col ends;
	int rc;

	if (take(st, g, &b, &ends) == -1)
		return -1;
	if (rank_is_plain(&g->rank)) {
		rc = stage_emit(st, b, 0, watermark, last);
	} else {
		rc = rank_hold(&g->rank, st, b, &ends);
		if (rc == 0)
			rc = emit_ordered(st, g, watermark, last);
	}
	forget_results(g);
	return rc;
}

int
group_relieve(struct stage *st, struct group *g)
{
	return group_n_waiting(g) >= GROUP_FLUSH_ROWS
		   ? group_flush(st, g, st->watermark, false)
		   : 0;
}
