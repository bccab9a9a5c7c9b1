/* SPDX-License-Identifier: ISC */
/* Which results are left, and their order.  sreduce(1). */
#include "group/rank.h"

#include <stdio.h>
#include <stdlib.h>

#include "data/order.h"
#include "group/group_int.h"

#define LOOK_ROWS (64u << 10) /* held before --top is applied to them */

static int
plan_having(struct rank *r, struct stage *st, const char *text)
{
	struct expr_error err;

	if (text == NULL)
		return 0;
	if (expr_compile(&r->having, &err, &st->out.schema, text) == -1)
		return group_fail_expr(st, "--having: ", &err, text);
	if (expr_type(r->having) != TYPE_BOOL)
		return stage_fail(st, TOOL_USAGE,
		    "--having: %s is no condition but %s", text,
		    type_name(expr_type(r->having)));
	return 0;
}

int
rank_plan(struct rank *r, struct stage *st, const struct group_opts *o)
{
	struct expr_error err;

	r->opts = o;
	for (size_t i = 0; i < o->n_sorts; i++) {
		const struct group_sort *s = &o->sorts[i];
		char what[16];

		snprintf(what, sizeof(what), "%s: ", s->opt);
		if (expr_compile(&r->sorts[i], &err, &st->out.schema, s->text)
		    == -1)
			return group_fail_expr(st, what, &err, s->text);
		if (expr_is_untyped(r->sorts[i]))
			return stage_fail(st, TOOL_USAGE,
			    "%s: %s is text: write %s '%s::float', or '::str' "
			    "for the order of text",
			    s->opt, s->text, s->opt, s->text);
	}
	return plan_having(r, st, o->having);
}

void
rank_release(struct rank *r)
{
	expr_free(r->having);
	for (size_t i = 0; i < GROUP_MAX_SORTS; i++)
		expr_free(r->sorts[i]);
	build_release(&r->held);
}

int
rank_having(
    const struct rank *r, struct stage *st, struct col *holds, struct batch *b)
{
	struct expr_env env = {.batch_us = st->now.batch_us};
	struct expr_error err;

	if (expr_eval(r->having, holds, &err, &b->arena, &env, b) == -1)
		return group_fail_run(st, &err);
	return 0;
}

bool
rank_is_plain(const struct rank *r)
{
	return r->opts->n_sorts == 0;
}

/* Of each run of rows with one end, the first so many. */
static uint32_t
cut(uint32_t *sel, uint32_t n, const int64_t *ends, int64_t top)
{
	uint32_t kept = 0;
	int64_t rank = 0, end = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || ends[sel[i]] != end)
			rank = 0;
		end = ends[sel[i]];
		if (rank++ < top)
			sel[kept++] = sel[i];
	}
	return kept;
}

/* Columns for the rows of b, those of the window's end and of the sorts. */
static void
init_held(struct rank *r, const struct batch *b, const struct col *ends)
{
	struct build *h = &r->held;

	r->n_out = b->n_cols;
	h->n_cols = b->n_cols + 1 + r->opts->n_sorts;
	h->cols = mem_resize(NULL, h->n_cols, sizeof(*h->cols));
	for (size_t i = 0; i < b->n_cols; i++)
		colbuf_init(&h->cols[i], b->cols[i].type);
	colbuf_init(&h->cols[b->n_cols], ends->type);
	for (size_t i = 0; i < r->opts->n_sorts; i++)
		colbuf_init(
		    &h->cols[b->n_cols + 1 + i], expr_type(r->sorts[i]));
}

static int
push(struct stage *st, struct colbuf *b, const struct col *c)
{
	colbuf_push_rows(b, c, NULL, c->n);
	if (type_is_bytes(b->type) && b->bytes_len > UINT32_MAX - COL_MAX_BYTES)
		return stage_fail(st, TOOL_DATA,
		    "the rows to be sorted take more than 4 GiB");
	return 0;
}

/* Leave only rows sel[0..n). */
static void
leave(struct rank *r, const uint32_t *sel, uint32_t n)
{
	struct build *h = &r->held;

	for (size_t i = 0; i < h->n_cols; i++) {
		struct colbuf old = h->cols[i];
		struct col c;

		colbuf_view(&c, &old);
		colbuf_init(&h->cols[i], old.type);
		colbuf_push_rows(&h->cols[i], &c, sel, n);
		colbuf_release(&old);
	}
	h->n_rows = n;
	r->n_best = n;
}

int
rank_hold(
    struct rank *r, struct stage *st, struct batch *b, const struct col *ends)
{
	struct expr_env env = {.batch_us = st->now.batch_us};
	struct build *h = &r->held;
	struct expr_error err;
	struct col c;
	uint32_t *sel, n;

	if (h->cols == NULL)
		init_held(r, b, ends);
	for (size_t i = 0; i < b->n_cols; i++)
		if (push(st, &h->cols[i], &b->cols[i]) == -1)
			return -1;
	if (push(st, &h->cols[r->n_out], ends) == -1)
		return -1;
	for (size_t i = 0; i < r->opts->n_sorts; i++) {
		if (expr_eval(r->sorts[i], &c, &err, &b->arena, &env, b) == -1)
			return group_fail_run(st, &err);
		if (push(st, &h->cols[r->n_out + 1 + i], &c) == -1)
			return -1;
	}
	h->n_rows += b->n_rows;
	if (r->opts->top == 0 || h->n_rows < 2 * r->n_best + LOOK_ROWS)
		return 0;
	sel = rank_order(r, &n);
	leave(r, sel, n);
	free(sel);
	return 0;
}

uint32_t *
rank_order(const struct rank *r, uint32_t *n)
{
	struct order_key keys[GROUP_MAX_SORTS + 1];
	const struct group_opts *o = r->opts;
	uint32_t *sel;

	*n = r->held.n_rows;
	sel = mem_resize(NULL, *n, sizeof(*sel));
	for (uint32_t i = 0; i < *n; i++)
		sel[i] = i;
	for (size_t i = 0; i <= o->n_sorts; i++) {
		keys[i].descending = i > 0 && o->sorts[i - 1].descending;
		colbuf_view(&keys[i].col, &r->held.cols[r->n_out + i]);
	}
	order_rows(sel, *n, keys, o->n_sorts + 1);
	if (o->top > 0)
		*n = cut(sel, *n, keys[0].col.i, o->top);
	return sel;
}

void
rank_rows(
    const struct rank *r, struct batch *out, const uint32_t *sel, uint32_t n)
{
	struct col c;

	batch_reset(out, r->n_out);
	for (size_t i = 0; i < r->n_out; i++) {
		colbuf_view(&c, &r->held.cols[i]);
		col_gather(&out->cols[i], &out->arena, &c, sel, n);
	}
	out->n_rows = n;
}

void
rank_reset(struct rank *r)
{
	build_reset(&r->held);
	r->n_best = 0;
}
