/* SPDX-License-Identifier: ISC */
/* count(distinct x), exact and bounded.  sreduce(1), AGGREGATES. */
#include <stdlib.h>

#include "agg/agg_int.h"
#include "agg/values.h"
#include "agg/wide.h"

struct dist {
	struct values *v; /* owned; NULL = none */
};

static const char too_many[] = "count(distinct) has more than 16777216 values "
			       "in one group";
static const char every_value[] =
    "it keeps every value; write approx_count_distinct(x)";

static struct values *
values_of(struct dist *s)
{
	if (s->v == NULL)
		s->v = mem_zero(1, sizeof(*s->v));
	return s->v;
}

static uint32_t
str_number(struct values *v, const struct col *c, uint32_t row)
{
	size_t len;
	const char *p = col_str(c, row, &len);

	return values_bytes(v, p, len, AGG_MAX_VALUES);
}

#define KERNEL(name, number)                                                   \
	static int name(void *states, const char **why,                        \
	    const struct agg_rows *r, const struct col *c)                     \
	{                                                                      \
		struct dist *all = states;                                     \
                                                                               \
		for (uint32_t i = 0; i < r->n; i++) {                          \
			uint32_t row = AGG_ROW(r->sel, i);                     \
			struct values *v =                                     \
			    values_of(&all[AGG_GROUP(r, r->group, row)]);      \
                                                                               \
			if (number == VALUES_FULL) {                           \
				*why = too_many;                               \
				return -1;                                     \
			}                                                      \
		}                                                              \
		return 0;                                                      \
	}

KERNEL(wide_update, values_wide(v, c->i[row], AGG_MAX_VALUES))
KERNEL(float_update, values_wide(v, wide_same(c->f[row]), AGG_MAX_VALUES))
KERNEL(bool_update,
    values_wide(v, bit_get(c->bits, col_entry(c, row)), AGG_MAX_VALUES))
KERNEL(str_update, str_number(v, c, row))

static int
merge(void *state, const char **why, const void *from)
{
	const struct values *f = ((const struct dist *)from)->v;

	for (uint32_t i = 0; f != NULL && i < f->map.n; i++) {
		if (values_from(values_of(state), f, i, AGG_MAX_VALUES)
		    == VALUES_FULL) {
			*why = too_many;
			return -1;
		}
	}
	return 0;
}

static void
save(struct buf *out, const void *state)
{
	struct values *v = ((const struct dist *)state)->v;
	uint32_t n = v == NULL ? 0 : v->map.n, *order;

	buf_put_int(out, n, 4);
	if (n == 0)
		return;
	order = values_order(v);
	for (uint32_t i = 0; i < n; i++)
		values_save(out, v, order[i]);
	free(order);
}

static int
load(struct dist *s, struct cur *in, bool is_str)
{
	uint64_t n = cur_get_int(in, 4);
	uint32_t last = 0;

	for (uint64_t i = 0; i < n; i++) {
		struct values *v = values_of(s);
		uint32_t at = values_load(v, in, AGG_MAX_VALUES, is_str);

		if (at == VALUES_FULL
		    || (i > 0 && values_compare(v, last, at) >= 0))
			return -1;
		last = at;
	}
	return in->failed ? -1 : 0;
}

static int
wide_load(void *state, struct cur *in)
{
	return load(state, in, false);
}

static int
str_load(void *state, struct cur *in)
{
	return load(state, in, true);
}

static void
release(void *state)
{
	struct values *v = ((struct dist *)state)->v;

	if (v == NULL)
		return;
	values_release(v);
	free(v);
}

int
dist_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct values *v = ((const struct dist *)state)->v;

	(void)f;
	colbuf_push_int(out, v == NULL ? 0 : v->map.n);
	return 0;
}

static size_t
owned(const void *state)
{
	const struct values *v = ((const struct dist *)state)->v;

	return v == NULL ? 0 : sizeof(*v) + values_owned(v);
}

const struct agg_kind dist_wide = {sizeof(struct dist), 1, wide_update, merge,
    save, wide_load, release, AGG_LARGE, every_value, owned, NULL};
const struct agg_kind dist_float = {sizeof(struct dist), 1, float_update, merge,
    save, wide_load, release, AGG_LARGE, every_value, owned, NULL};
const struct agg_kind dist_bool = {sizeof(struct dist), 1, bool_update, merge,
    save, wide_load, release, AGG_LARGE, every_value, owned, NULL};
const struct agg_kind dist_str = {sizeof(struct dist), 1, str_update, merge,
    save, str_load, release, AGG_LARGE, every_value, owned, NULL};
