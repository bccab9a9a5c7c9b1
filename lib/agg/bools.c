/* SPDX-License-Identifier: ISC */
/* bool_and and bool_or.  sreduce(1), AGGREGATES. */
#include "agg/agg_int.h"

enum { SAW_FALSE = 1, SAW_TRUE = 2 };

static int
update(void *states, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	uint64_t *saw = states;

	(void)why;
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = AGG_ROW(r->sel, i);

		saw[AGG_GROUP(r, r->group, row)] |=
		    bit_get(c->bits, col_entry(c, row)) ? SAW_TRUE : SAW_FALSE;
	}
	return 0;
}

static int
merge(void *state, const char **why, const void *from)
{
	(void)why;
	*(uint64_t *)state |= *(const uint64_t *)from;
	return 0;
}

static void
save(struct buf *out, const void *state)
{
	buf_put_int(out, *(const uint64_t *)state, 1);
}

static int
load(void *state, struct cur *in)
{
	uint64_t saw = cur_get_int(in, 1);

	if (in->failed || saw > (SAW_FALSE | SAW_TRUE))
		return -1;
	return merge(state, NULL, &saw);
}

const struct agg_kind bools_kind = {
    sizeof(uint64_t), 1, update, merge, save, load, NULL, 0, NULL, NULL, NULL};

int
bools_and(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	uint64_t saw = *(const uint64_t *)state;

	(void)f;
	if (saw == 0)
		colbuf_push_null(out);
	else
		colbuf_push_bool(out, (saw & SAW_FALSE) == 0);
	return 0;
}

int
bools_or(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	uint64_t saw = *(const uint64_t *)state;

	(void)f;
	if (saw == 0)
		colbuf_push_null(out);
	else
		colbuf_push_bool(out, (saw & SAW_TRUE) != 0);
	return 0;
}
