/* SPDX-License-Identifier: ISC */
/* percentile and median, exact: all values are kept.  sreduce(1), AGGREGATES.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agg/agg_int.h"
#include "agg/wide.h"

/* Invariant: v[0..n_sorted) ascend. */
struct sample {
	int64_t *v; /* doubles by wide_order */
	uint32_t n;
	uint32_t n_sorted;
	size_t cap;
};

struct nth {
	struct sample *s; /* owned; NULL = nothing */
};

static const char too_many[] =
    "more than 16777216 values in one group; write approx_percentile(x, p)";
static const char every_value[] =
    "it keeps every value; write approx_percentile(x, p)";

static int
add(struct nth *state, int64_t v)
{
	struct sample *s = state->s;

	if (s == NULL)
		s = state->s = mem_zero(1, sizeof(*s));
	if (s->n == AGG_MAX_VALUES)
		return -1;
	if (s->n == s->cap)
		s->v = mem_grow(s->v, &s->cap, s->n == 0 ? 4 : (size_t)s->n + 1,
		    sizeof(*s->v));
	s->v[s->n++] = v;
	return 0;
}

#define KERNEL(name, value)                                                    \
	static int name(void *states, const char **why,                        \
	    const struct agg_rows *r, const struct col *c)                     \
	{                                                                      \
		struct nth *all = states;                                      \
                                                                               \
		for (uint32_t i = 0; i < r->n; i++) {                          \
			uint32_t row = AGG_ROW(r->sel, i);                     \
                                                                               \
			if (add(&all[AGG_GROUP(r, r->group, row)], value)      \
			    == -1) {                                           \
				*why = too_many;                               \
				return -1;                                     \
			}                                                      \
		}                                                              \
		return 0;                                                      \
	}

KERNEL(int_update, c->i[row])
KERNEL(float_update, wide_order(c->f[row] + 0.0))

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Sort what has come since the last time, and merge it from behind. */
static void
sort(struct sample *s)
{
	uint32_t n = s->n - s->n_sorted, i = s->n_sorted, at = s->n;
	int64_t *fresh;

	qsort(s->v + s->n_sorted, n, sizeof(*s->v), compare);
	if (n > 0 && i > 0) {
		fresh = mem_dup(s->v + i, n * sizeof(*fresh));
		while (n > 0)
			s->v[--at] = i > 0 && s->v[i - 1] > fresh[n - 1]
					 ? s->v[--i]
					 : fresh[--n];
		free(fresh);
	}
	s->n_sorted = s->n;
}

static int
merge(void *state, const char **why, const void *from)
{
	const struct sample *f = ((const struct nth *)from)->s;

	for (uint32_t i = 0; f != NULL && i < f->n; i++) {
		if (add(state, f->v[i]) == -1) {
			*why = too_many;
			return -1;
		}
	}
	return 0;
}

static void
save(struct buf *out, const void *state)
{
	struct sample *s = ((const struct nth *)state)->s;
	uint32_t n = s == NULL ? 0 : s->n;

	buf_put_int(out, n, 4);
	if (n > 0)
		sort(s);
	for (uint32_t i = 0; i < n; i++)
		buf_put_int(out, (uint64_t)s->v[i], 8);
}

static int
load(void *state, struct cur *in)
{
	uint64_t n = cur_get_int(in, 4);
	int64_t last = INT64_MIN, v;

	for (uint64_t i = 0; i < n; i++, last = v) {
		v = (int64_t)cur_get_int(in, 8);
		if (in->failed || v < last || add(state, v) == -1)
			return -1;
	}
	return in->failed ? -1 : 0;
}

static void
release(void *state)
{
	struct sample *s = ((struct nth *)state)->s;

	if (s != NULL)
		free(s->v);
	free(s);
}

static size_t
owned(const void *state)
{
	const struct sample *s = ((const struct nth *)state)->s;

	return s == NULL ? 0 : sizeof(*s) + s->cap * sizeof(*s->v);
}

const struct agg_kind nth_int = {sizeof(struct nth), 1, int_update, merge, save,
    load, release, AGG_LARGE, every_value, owned, NULL};
const struct agg_kind nth_float = {sizeof(struct nth), 1, float_update, merge,
    save, load, release, AGG_LARGE, every_value, owned, NULL};

static double
as_double(const struct agg_fn *f, int64_t v)
{
	return f->kind == &nth_float ? wide_double(v) : (double)v;
}

/*
 * Between the two values beside (n - 1) * p, as Spark's percentile has it.
 */
int
nth_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	struct sample *s = ((const struct nth *)state)->s;
	double at, v;
	int64_t low, high;

	if (s == NULL) {
		colbuf_push_null(out);
		return 0;
	}
	sort(s);
	at = (double)(s->n - 1) * f->p;
	low = s->v[(uint32_t)floor(at)];
	high = s->v[(uint32_t)ceil(at)];
	v = as_double(f, low);
	if (low != high)
		v = (ceil(at) - at) * v + (at - floor(at)) * as_double(f, high);
	if (f->result == TYPE_FLOAT)
		colbuf_push_float(out, v);
	else if (low == high || v <= (double)low)
		colbuf_push_int(out, low);
	else
		colbuf_push_int(out, v >= (double)high ? high : llrint(v));
	return 0;
}
