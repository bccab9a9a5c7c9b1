/* SPDX-License-Identifier: ISC */
/* States that the user updates row by row.  sreduce(1), --fold. */
#include "group/fold.h"

#include <stdlib.h>
#include <string.h>

#include "group/group_int.h"

#define STEP_ROWS 4096 /* groups that begin at a time */

static int
add_state(struct fold *f, struct stage *st, const struct expr_item *item)
{
	const char *name = item->name;

	if (item->star)
		return stage_fail(st, TOOL_USAGE,
		    "--fold: states begin with values, such as 0 as n");
	if (schema_find(&st->in.schema, name, strlen(name)) != -1)
		return stage_fail(st, TOOL_USAGE,
		    "--fold: %s is a column of the input, too; write \"as\" "
		    "and another name",
		    name);
	if (schema_add(&f->states, name, strlen(name), expr_type(item->expr))
	    == NULL)
		return stage_fail(
		    st, TOOL_USAGE, "--fold: two states are named %s", name);
	return 0;
}

static int
plan_init(struct fold *f, struct stage *st, const char *text)
{
	struct schema none;
	struct expr_error err;
	int rc;

	schema_init(&none);
	rc = expr_compile_list(&f->init, &err, &none, text);
	schema_release(&none);
	if (rc == -1)
		return group_fail_expr(st, "--fold: ", &err, text);
	for (size_t i = 0; i < f->init.n; i++)
		if (add_state(f, st, &f->init.items[i]) == -1)
			return -1;
	f->cells = mem_zero(f->states.n, sizeof(*f->cells));
	for (size_t i = 0; i < f->states.n; i++)
		cells_init(&f->cells[i], f->states.fields[i].type);
	return 0;
}

/* Append the states' columns. */
static int
add_states(const struct fold *f, struct stage *st, struct schema *s)
{
	for (size_t i = 0; i < f->states.n; i++) {
		const struct field *state = &f->states.fields[i];

		if (schema_add(s, state->name, strlen(state->name), state->type)
		    == NULL)
			return stage_fail(st, TOOL_USAGE,
			    "--fold: %s is a key, too; write \"as\" and "
			    "another name",
			    state->name);
	}
	return 0;
}

/* Which state an item is for, and whether it has the type. */
static int
plan_item(struct fold *f, struct stage *st, size_t i)
{
	const struct expr_item *item = &f->update.items[i];
	struct expr_error err;
	enum type want, have;
	struct buf list;
	int s;

	s = item->star
		? -1
		: schema_find(&f->states, item->name, strlen(item->name));
	if (s == -1) {
		buf_init(&list, 0);
		schema_list(&list, &f->states);
		stage_fail(st, TOOL_USAGE,
		    "%s is no state; --fold has %.*s: write STATE = EXPR",
		    item->star ? "*" : item->name, (int)list.len,
		    (const char *)list.data);
		buf_release(&list);
		return -1;
	}
	f->to[i] = (size_t)s;
	want = f->states.fields[s].type;
	have = expr_type(item->expr);
	if (want == TYPE_FLOAT && have == TYPE_INT
	    && expr_convert(item->expr, &err, want) == 0)
		return 0;
	if (want != have)
		return stage_fail(st, TOOL_USAGE,
		    "%s began as %s and would become %s; write (...)::%s, or "
		    "begin with another type",
		    item->name, type_name(want), type_name(have),
		    type_name(want));
	return 0;
}

static int
plan_update(struct fold *f, struct stage *st, const char *text)
{
	struct expr_error err;
	struct schema s;
	int rc;

	schema_copy(&s, &st->in.schema);
	f->n_in = s.n;
	rc = add_states(f, st, &s);
	if (rc == 0 && expr_compile_list(&f->update, &err, &s, text) == -1)
		rc = group_fail_expr(st, "the update of --fold: ", &err, text);
	schema_release(&s);
	f->to = mem_zero(f->update.n, sizeof(*f->to));
	f->used = mem_zero(f->n_in + f->states.n, sizeof(*f->used));
	for (size_t i = 0; rc == 0 && i < f->update.n; i++) {
		rc = plan_item(f, st, i);
		if (rc == 0)
			expr_mark_columns(f->update.items[i].expr, f->used);
	}
	return rc;
}

/* All states, as a list of names. */
static char *
name_states(const struct fold *f)
{
	struct buf b;
	char *s;

	buf_init(&b, 0);
	for (size_t i = 0; i < f->states.n; i++)
		buf_printf(
		    &b, "%s`%s`", i > 0 ? ", " : "", f->states.fields[i].name);
	s = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return s;
}

/* The query's items and the columns that they read. */
static int
plan_emit(struct fold *f, struct stage *st, struct group *g)
{
	struct query *q = &g->query;
	struct expr_error err;
	struct schema s;
	char *all = name_states(f);
	const char *text =
	    g->opts->fold_emit != NULL ? g->opts->fold_emit : all;
	int rc;

	schema_copy(&s, &q->key_schema);
	rc = add_states(f, st, &s);
	if (rc == 0 && expr_compile_list(&q->aggs.items, &err, &s, text) == -1)
		rc = group_fail_expr(st, "", &err, text);
	for (size_t i = 0; rc == 0 && i < q->aggs.items.n; i++)
		if (q->aggs.items.items[i].star)
			rc = stage_fail(st, TOOL_USAGE,
			    "the keys come out by themselves; write the "
			    "states, or nothing for all of them");
	if (rc == 0) {
		build_init(&q->raw, &s);
		q->raw.cols =
		    mem_resize(q->raw.cols, s.n + 2, sizeof(*q->raw.cols));
		colbuf_init(&q->raw.cols[s.n], g->in.bounds);
		colbuf_init(&q->raw.cols[s.n + 1], g->in.bounds);
		q->raw.n_cols = s.n + 2;
	}
	schema_release(&s);
	free(all);
	return rc;
}

int
fold_plan(struct fold *f, struct stage *st, struct group *g)
{
	schema_init(&f->states);
	batch_init(&f->round);
	if (plan_init(f, st, g->opts->fold) == -1
	    || plan_update(f, st, g->opts->aggs) == -1)
		return -1;
	return plan_emit(f, st, g);
}

void
fold_release(struct fold *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; f->cells != NULL && i < f->states.n; i++)
		cells_release(&f->cells[i]);
	free(f->cells);
	expr_list_release(&f->init);
	expr_list_release(&f->update);
	schema_release(&f->states);
	free(f->to);
	free(f->used);
	free(f->rank);
	free(f->sel);
	free(f->count);
	free(f->at);
	batch_release(&f->round);
	free(f);
}

static int
fail_size(const struct fold *f, struct stage *st, size_t s)
{
	return stage_fail(st, TOOL_DATA, "the states %s take more than 2 GiB",
	    f->states.fields[s].name);
}

static int
begin(struct fold *f, struct stage *st, const uint32_t *sel, uint32_t n)
{
	struct expr_env env = {.batch_us = st->now.batch_us};
	struct expr_error err;
	struct col c;

	batch_reset(&f->round, 0);
	f->round.n_rows = n;
	for (size_t i = 0; i < f->init.n; i++) {
		if (expr_eval(f->init.items[i].expr, &c, &err, &f->round.arena,
			&env, &f->round)
		    == -1)
			return group_fail_run(st, &err);
		if (cells_put(&f->cells[i], sel, &c, n) == -1)
			return fail_size(f, st, i);
	}
	return 0;
}

int
fold_begin(struct fold *f, struct stage *st, const uint32_t *sel, uint32_t n)
{
	for (uint32_t at = 0; at < n; at += STEP_ROWS) {
		uint32_t left = n - at;

		if (begin(f, st, sel + at, left < STEP_ROWS ? left : STEP_ROWS)
		    == -1)
			return -1;
	}
	return 0;
}

/* Groups that are new begin. */
int
fold_grow(struct fold *f, struct stage *st, uint32_t n_groups)
{
	uint32_t before = f->cells[0].n;

	if (n_groups == before)
		return 0;
	for (size_t i = 0; i < f->states.n; i++)
		cells_grow(&f->cells[i], n_groups);
	f->count =
	    mem_grow(f->count, &f->cap_count, n_groups, sizeof(*f->count));
	f->at = mem_grow(f->at, &f->cap_at, n_groups, sizeof(*f->at));
	for (uint32_t g = before; g < n_groups; g++) {
		f->count[g] = 0;
		f->at[g - before] = g;
	}
	return fold_begin(f, st, f->at, n_groups - before);
}

/*
 * Sort the rows by how many rows of their group come before them, so that each
 * group has at most one in a round.  Returns the ends of the rounds in sel, in
 * memory of a, and *n_rounds.
 */
static uint32_t *
make_rounds(struct fold *f, const uint32_t *group, uint32_t n,
    uint32_t *n_rounds, struct arena *a)
{
	uint32_t most = 0, *end, at = 0;

	f->rank = mem_grow(f->rank, &f->cap_rank, n, sizeof(*f->rank));
	f->sel = mem_grow(f->sel, &f->cap_sel, n, sizeof(*f->sel));
	for (uint32_t r = 0; r < n; r++) {
		f->rank[r] = f->count[group == NULL ? 0 : group[r]]++;
		if (f->rank[r] >= most)
			most = f->rank[r] + 1;
	}
	end = arena_alloc(a, ((size_t)most + 1) * sizeof(*end));
	memset(end, 0, ((size_t)most + 1) * sizeof(*end));
	for (uint32_t r = 0; r < n; r++) {
		f->count[group == NULL ? 0 : group[r]] = 0;
		end[f->rank[r]]++;
	}
	for (uint32_t i = 0; i < most; i++) {
		at += end[i];
		end[i] = at - end[i];
	}
	for (uint32_t r = 0; r < n; r++)
		f->sel[end[f->rank[r]]++] = r;
	*n_rounds = most;
	return end;
}

/* One row of each of some groups: at[i] is the group of row sel[i]. */
static int
one_round(struct fold *f, struct stage *st, struct group *g,
    const struct batch *b, const uint32_t *sel, uint32_t n)
{
	struct expr_env env = {.batch_us = st->now.batch_us};
	struct batch *in = &f->round;
	struct expr_error err;
	struct col *out;

	batch_reset(in, f->n_in + f->states.n);
	in->n_rows = n;
	for (size_t c = 0; c < f->n_in; c++) {
		if (f->used[c])
			col_gather(
			    &in->cols[c], &in->arena, &b->cols[c], sel, n);
		else
			col_const_null(&in->cols[c], b->cols[c].type, n);
	}
	for (size_t s = 0; s < f->states.n; s++)
		cells_get(
		    &f->cells[s], &in->cols[f->n_in + s], f->at, n, &in->arena);
	out = arena_alloc(&in->arena, f->update.n * sizeof(*out));
	for (size_t i = 0; i < f->update.n; i++) {
		if (expr_eval(f->update.items[i].expr, &out[i], &err,
			&in->arena, &env, in)
		    == -1)
			return stage_fail(st, TOOL_DATA, "row %ju: %s",
			    (uintmax_t)(g->order + sel[err.at] + 1), err.text);
	}
	for (size_t i = 0; i < f->update.n; i++)
		if (cells_put(&f->cells[f->to[i]], f->at, &out[i], n) == -1)
			return fail_size(f, st, f->to[i]);
	st->n_unparsed += env.n_unparsed;
	return 0;
}

int
fold_rows(struct fold *f, struct stage *st, struct group *g,
    const struct batch *b, const uint32_t *group, uint32_t n_groups)
{
	uint32_t n_rounds, from = 0, *end;
	struct arena a = {0};
	int rc = 0;

	if (fold_grow(f, st, n_groups) == -1)
		return -1;
	end = make_rounds(f, group, b->n_rows, &n_rounds, &a);
	for (uint32_t i = 0; i < n_rounds && rc == 0; i++) {
		for (uint32_t r = from; r < end[i]; r++)
			f->at[r - from] = group == NULL ? 0 : group[f->sel[r]];
		rc = one_round(f, st, g, b, f->sel + from, end[i] - from);
		from = end[i];
	}
	arena_release(&a);
	return rc;
}

void
fold_push(struct fold *f, struct group *g, const uint32_t *sel, uint32_t n)
{
	struct colbuf *to = g->query.raw.cols + g->query.keys.n;
	struct col c;

	batch_reset(&f->round, 0);
	for (size_t s = 0; s < f->states.n; s++) {
		cells_get(&f->cells[s], &c, sel, n, &f->round.arena);
		colbuf_push_rows(&to[s], &c, NULL, n);
	}
}

void
fold_keep(struct fold *f, const uint32_t *keep, uint32_t n)
{
	for (size_t s = 0; s < f->states.n; s++)
		cells_keep(&f->cells[s], keep, n);
}

void
fold_save(const struct fold *f, struct buf *out)
{
	for (size_t s = 0; s < f->states.n; s++)
		cells_save(&f->cells[s], out);
}

int
fold_load(struct fold *f, struct cur *in)
{
	for (size_t s = 0; s < f->states.n; s++)
		if (cells_load(&f->cells[s], in) == -1)
			return -1;
	return 0;
}
