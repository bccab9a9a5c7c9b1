/* SPDX-License-Identifier: ISC */
/* The rows of both sides in one window or batch, by key. */
#include <string.h>

#include "join/streams_int.h"

static int
fail(struct streams *s, const struct expr_error *err)
{
	return stage_fail(s->st, TOOL_DATA, "%s", err->text);
}

static int
add_side(struct streams *s, enum plan_side side)
{
	/* Conversions of keys were counted when the rows came. */
	struct expr_env env = {.batch_us = s->st->now.batch_us};
	struct expr_error err = {.at = 0};
	uint64_t n_taken;
	uint32_t n;
	const uint32_t *row = match_open(&n, s->match, side);

	if (n == 0)
		return 0;
	build_view(&s->views[side], match_side(s->match, side));
	batch_gather(&s->part, &s->views[side], row, n);
	if (cogroup_add(s->cogroup, &n_taken, &err, side, &s->part, &env) == -1)
		return fail(s, &err);
	return 0;
}

static struct col
bound(const int64_t *t, uint32_t n)
{
	return (struct col){.type = TYPE_TIME,
	    .enc = COL_CONST,
	    .n = n,
	    .n_entries = 1,
	    .i = t};
}

/* Some of the groups, behind the bounds of their window. */
static int
give(struct streams *s, const struct batch *b)
{
	const struct pairs *p = match_pairs(s->match);
	size_t skip = s->with_window ? 2 : 0;

	batch_reset(&s->out, b->n_cols + skip);
	s->out.n_rows = b->n_rows;
	if (s->with_window) {
		s->out.cols[0] = bound(&p->start_us, b->n_rows);
		s->out.cols[1] = bound(&p->end_us, b->n_rows);
	}
	memcpy(s->out.cols + skip, b->cols, b->n_cols * sizeof(*b->cols));
	return stage_emit(s->st, &s->out, 0, s->st->watermark, false);
}

int
streams_cogroup(void *arg)
{
	struct streams *s = arg;
	const struct batch *b;
	struct expr_error err = {.at = 0};
	int more;

	if (add_side(s, PLAN_L) == -1 || add_side(s, PLAN_R) == -1)
		return -1;
	do {
		more = cogroup_next(s->cogroup, &b, &err);
		if (more == -1)
			return fail(s, &err);
		if (b->n_rows > 0 && give(s, b) == -1)
			return -1;
	} while (more == 1);
	cogroup_reset(s->cogroup);
	return 0;
}
