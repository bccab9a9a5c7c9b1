/* SPDX-License-Identifier: ISC */
/* count and count_if.  sreduce(1), AGGREGATES. */
#include "agg/agg_int.h"

AGG_INLINE int
add(uint64_t *states, const struct agg_rows *r, const uint32_t *sel,
    const uint32_t *group, const struct col *c)
{
	(void)c;
	if (group == NULL) {
		states[r->one] += r->n;
		return 0;
	}
	for (uint32_t i = 0; i < r->n; i++)
		states[group[AGG_ROW(sel, i)]]++;
	return 0;
}

static int
count_update(void *states, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	(void)why;
	return AGG_SHAPES(add, states, r, c);
}

static int
count_if_update(void *states, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	uint64_t *n = states;

	(void)why;
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = AGG_ROW(r->sel, i);

		n[AGG_GROUP(r, r->group, row)] +=
		    bit_get(c->bits, col_entry(c, row));
	}
	return 0;
}

static int
merge(void *state, const char **why, const void *from)
{
	(void)why;
	*(uint64_t *)state += *(const uint64_t *)from;
	return 0;
}

static void
save(struct buf *out, const void *state)
{
	buf_put_int(out, *(const uint64_t *)state, 8);
}

static int
load(void *state, struct cur *in)
{
	*(uint64_t *)state += cur_get_int(in, 8);
	return in->failed ? -1 : 0;
}

int
count_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	uint64_t n = *(const uint64_t *)state;

	(void)f;
	if (n > INT64_MAX)
		return -1;
	colbuf_push_int(out, (int64_t)n);
	return 0;
}

const struct agg_kind count_kind = {sizeof(uint64_t), 1, count_update, merge,
    save, load, NULL, 0, NULL, NULL, NULL};
const struct agg_kind count_if_kind = {sizeof(uint64_t), 1, count_if_update,
    merge, save, load, NULL, 0, NULL, NULL, NULL};
