/* SPDX-License-Identifier: ISC */
/*
 * funnel: how many steps were taken in order, within a time of the first.
 * Rows that match a step are kept, as one may come that goes before them.
 * sreduce(1), AGGREGATES.
 */
#include <stdlib.h>

#include "agg/agg_int.h"
#include "agg/place.h"
#include "base/num.h"

struct event {
	struct place place;
	uint32_t steps; /* bit i: it matches step i */
};

struct events {
	struct event *all;
	uint32_t n;
	uint32_t n_sorted;
	size_t cap;
};

struct funnel {
	struct events *e; /* owned; NULL = none */
};

static const char too_many[] =
    "more than 16777216 rows match a step in one group";
static const char every_row[] = "it keeps every row that matches a step";

static int
add(struct funnel *s, const struct event *x)
{
	struct events *e = s->e;

	if (e == NULL)
		e = s->e = mem_zero(1, sizeof(*e));
	if (e->n == AGG_MAX_VALUES)
		return -1;
	e->all = mem_grow(e->all, &e->cap, (size_t)e->n + 1, sizeof(*e->all));
	e->all[e->n++] = *x;
	return 0;
}

static uint32_t
steps_at(const struct col *c, size_t n, uint32_t row)
{
	uint32_t steps = 0;

	for (size_t i = 0; i < n; i++) {
		if (col_is_valid(&c[i], row)
		    && bit_get(c[i].bits, col_entry(&c[i], row)))
			steps |= UINT32_C(1) << i;
	}
	return steps;
}

static int
update(void *states, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	struct funnel *all = states;

	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = AGG_ROW(r->sel, i);
		struct event x = {.place = place_of(r, row),
		    .steps = steps_at(c, r->fn->n_cols, row)};

		if (x.steps != 0
		    && add(&all[AGG_GROUP(r, r->group, row)], &x) == -1) {
			*why = too_many;
			return -1;
		}
	}
	return 0;
}

static int
merge(void *state, const char **why, const void *from)
{
	const struct events *f = ((const struct funnel *)from)->e;

	for (uint32_t i = 0; f != NULL && i < f->n; i++) {
		if (add(state, &f->all[i]) == -1) {
			*why = too_many;
			return -1;
		}
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	return place_compare(&((const struct event *)a)->place,
	    &((const struct event *)b)->place);
}

static void
sort(struct events *e)
{
	uint32_t i = e->n_sorted > 0 ? e->n_sorted : 1;

	/* They mostly come in order. */
	while (i < e->n && compare(&e->all[i - 1], &e->all[i]) <= 0)
		i++;
	if (i < e->n)
		qsort(e->all, e->n, sizeof(*e->all), compare);
	e->n_sorted = e->n;
}

static void
save(struct buf *out, const void *state)
{
	struct events *e = ((const struct funnel *)state)->e;
	uint32_t n = e == NULL ? 0 : e->n;

	buf_put_int(out, n, 4);
	if (n > 0)
		sort(e);
	for (uint32_t i = 0; i < n; i++) {
		place_save(out, &e->all[i].place);
		buf_put_int(out, e->all[i].steps, 4);
	}
}

static int
load(void *state, struct cur *in)
{
	uint64_t n = cur_get_int(in, 4);
	struct place last = {0};

	for (uint64_t i = 0; i < n; i++) {
		struct event x = {.place = place_load(in, 0)};

		x.steps = (uint32_t)cur_get_int(in, 4);
		if (in->failed || x.steps == 0
		    || x.steps >> (EXPR_MAX_ARGS - 1) != 0
		    || (i > 0 && place_compare(&last, &x.place) > 0)
		    || add(state, &x) == -1)
			return -1;
		last = x.place;
	}
	return in->failed ? -1 : 0;
}

static void
release(void *state)
{
	struct events *e = ((struct funnel *)state)->e;

	if (e != NULL)
		free(e->all);
	free(e);
}

static size_t
owned(const void *state)
{
	const struct events *e = ((const struct funnel *)state)->e;

	return e == NULL ? 0 : sizeof(*e) + e->cap * sizeof(*e->all);
}

const struct agg_kind funnel_kind = {sizeof(struct funnel), 1, update, merge,
    save, load, release, AGG_LARGE | AGG_NULL_ANY | AGG_TIMED, every_row, owned,
    NULL};

/*
 * from[i] is the latest first step of those after which steps 0..i were taken
 * in order: whatever follows an earlier one in time, follows it in time.  One
 * row takes one step, hence from the last step down.
 */
int
funnel_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	struct events *e = ((const struct funnel *)state)->e;
	int64_t from[EXPR_MAX_ARGS], took;
	uint32_t reached = 0;

	if (e != NULL)
		sort(e);
	for (uint32_t i = 0; e != NULL && i < e->n; i++) {
		int64_t t = e->all[i].place.time_us;

		for (uint32_t k = reached + 1; k-- > 0;) {
			if ((e->all[i].steps >> k & 1) == 0)
				continue;
			if (k == 0)
				from[0] = t;
			else if (num_sub(&took, t, from[k - 1])
				 && took <= f->step
				 && (k == reached || from[k - 1] > from[k]))
				from[k] = from[k - 1];
			else
				continue;
			if (k == reached)
				reached++;
		}
	}
	colbuf_push_int(out, reached);
	return 0;
}
