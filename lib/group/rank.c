/* SPDX-License-Identifier: ISC */
/* The order of the results: --sort, --top.  sreduce(1). */
#include "group/rank.h"

#include <stdio.h>

#include "data/order.h"
#include "group/group_int.h"

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
	return 0;
}

void
rank_release(struct rank *r)
{
	for (size_t i = 0; i < GROUP_MAX_SORTS; i++)
		expr_free(r->sorts[i]);
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

int
rank_rows(const struct rank *r, struct stage *st, uint32_t *sel, uint32_t *n,
    struct batch *b, const struct col *ends)
{
	struct expr_env env = {.batch_us = st->now.batch_us};
	struct order_key keys[GROUP_MAX_SORTS + 1];
	const struct group_opts *o = r->opts;
	struct expr_error err;

	*n = b->n_rows;
	for (uint32_t i = 0; i < b->n_rows; i++)
		sel[i] = i;
	keys[0] = (struct order_key){.col = *ends};
	for (size_t i = 0; i < o->n_sorts; i++) {
		if (expr_eval(
			r->sorts[i], &keys[i + 1].col, &err, &b->arena, &env, b)
		    == -1)
			return group_fail_run(st, &err);
		keys[i + 1].descending = o->sorts[i].descending;
	}
	order_rows(sel, *n, keys, o->n_sorts + 1);
	if (o->top > 0)
		*n = cut(sel, *n, ends->i, o->top);
	return 0;
}
