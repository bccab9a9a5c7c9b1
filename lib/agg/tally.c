/* SPDX-License-Identifier: ISC */
/*
 * top, mode and histogram: how often each value, or each bin, occurs.
 * sreduce(1), AGGREGATES.
 */
#include <math.h>
#include <stdlib.h>

#include "agg/agg_int.h"
#include "agg/values.h"
#include "agg/wide.h"
#include "base/num.h"
#include "base/time.h"
#include "text/jsonstr.h"

#define MAX_BINS 65536

struct counted {
	struct values values;
	uint64_t *n; /* by number */
	size_t cap_n;
	uint32_t n_n;
};

struct tally {
	struct counted *c; /* owned; NULL = nothing */
};

static const char too_many[] = "more than 16777216 values in one group";
static const char too_many_bins[] =
    "more than 65536 bins in one group; write a greater width";
static const char every_value[] = "it keeps every value";

static struct counted *
counted_of(struct tally *s)
{
	if (s->c == NULL)
		s->c = mem_zero(1, sizeof(*s->c));
	return s->c;
}

/* Count value i, n more times; i is VALUES_FULL when it was refused. */
static int
count(struct counted *c, uint32_t i, uint64_t n)
{
	if (i == VALUES_FULL)
		return -1;
	if (i == c->n_n) {
		c->n = mem_grow(c->n, &c->cap_n, (size_t)i + 1, sizeof(*c->n));
		c->n[c->n_n++] = 0;
	}
	c->n[i] += n;
	return 0;
}

/* One NaN, one zero, in the order of the doubles. */
static inline int64_t
float_key(double x)
{
	return wide_order(x + 0.0);
}

static uint32_t
str_number(struct values *v, const struct col *c, uint32_t row, uint32_t max)
{
	size_t len;
	const char *p = col_str(c, row, &len);

	return values_bytes(v, p, len, max);
}

/*
 * Bins begin at multiples of the width.  A width whose inverse is whole is
 * used as that, so that the bin of 0.3 with a width of 0.1 begins at 0.3.
 */
static inline double
float_bin(double x, const struct agg_fn *f)
{
	double low;

	if (!isfinite(x))
		return x;
	low = f->inverse != 0 ? floor(x * f->inverse) / f->inverse
			      : floor(x / f->width) * f->width;
	/* Where multiples are wider apart than values. */
	return isfinite(low) ? low : x;
}

static inline int64_t
int_bin(int64_t x, int64_t width)
{
	int64_t rest = num_floor_mod(x, width), low;

	return num_sub(&low, x, rest) ? low : INT64_MIN;
}

#define KERNEL(name, number, max, text)                                        \
	static int name##_update(void *states, const char **why,               \
	    const struct agg_rows *r, const struct col *c)                     \
	{                                                                      \
		struct tally *all = states;                                    \
		for (uint32_t i = 0; i < r->n; i++) {                          \
			uint32_t row = AGG_ROW(r->sel, i);                     \
			struct counted *s =                                    \
			    counted_of(&all[AGG_GROUP(r, r->group, row)]);     \
			struct values *v = &s->values;                         \
			if (count(s, number, 1) == -1) {                       \
				*why = text;                                   \
				return -1;                                     \
			}                                                      \
		}                                                              \
		return 0;                                                      \
	}                                                                      \
	static int name##_merge(                                               \
	    void *state, const char **why, const void *from)                   \
	{                                                                      \
		const struct counted *f = ((const struct tally *)from)->c;     \
		if (f == NULL || merge(counted_of(state), f, max) == 0)        \
			return 0;                                              \
		*why = text;                                                   \
		return -1;                                                     \
	}

static int
merge(struct counted *c, const struct counted *from, uint32_t max)
{
	for (uint32_t i = 0; i < from->n_n; i++) {
		if (count(c, values_from(&c->values, &from->values, i, max),
			from->n[i])
		    == -1)
			return -1;
	}
	return 0;
}

KERNEL(
    wide, values_wide(v, c->i[row], AGG_MAX_VALUES), AGG_MAX_VALUES, too_many)
KERNEL(float, values_wide(v, float_key(c->f[row]), AGG_MAX_VALUES),
    AGG_MAX_VALUES, too_many)
KERNEL(bool, values_wide(v, bit_get(c->bits, col_entry(c, row)), 2),
    AGG_MAX_VALUES, too_many)
KERNEL(str, str_number(v, c, row, AGG_MAX_VALUES), AGG_MAX_VALUES, too_many)
KERNEL(int_bins, values_wide(v, int_bin(c->i[row], r->fn->step), MAX_BINS),
    MAX_BINS, too_many_bins)
KERNEL(float_bins,
    values_wide(v, float_key(float_bin(c->f[row], r->fn)), MAX_BINS), MAX_BINS,
    too_many_bins)

static void
save(struct buf *out, const void *state)
{
	struct counted *c = ((const struct tally *)state)->c;
	uint32_t n = c == NULL ? 0 : c->n_n, *order;

	buf_put_int(out, n, 4);
	if (n == 0)
		return;
	order = values_order(&c->values);
	for (uint32_t i = 0; i < n; i++) {
		values_save(out, &c->values, order[i]);
		buf_put_int(out, c->n[order[i]], 8);
	}
	free(order);
}

static int
load(struct tally *s, struct cur *in, uint32_t max, bool is_str)
{
	uint64_t n = cur_get_int(in, 4), times;
	uint32_t last = 0;

	for (uint64_t i = 0; i < n; i++) {
		struct counted *c = counted_of(s);
		uint32_t at = values_load(&c->values, in, max, is_str);

		if (at == VALUES_FULL
		    || (i > 0 && values_compare(&c->values, last, at) >= 0))
			return -1;
		last = at;
		times = cur_get_int(in, 8);
		if (times == 0 || times > INT64_MAX || count(c, at, times) == -1
		    || c->n[at] > INT64_MAX)
			return -1;
	}
	return in->failed ? -1 : 0;
}

static int
wide_load(void *state, struct cur *in)
{
	return load(state, in, AGG_MAX_VALUES, false);
}

static int
bins_load(void *state, struct cur *in)
{
	return load(state, in, MAX_BINS, false);
}

static int
str_load(void *state, struct cur *in)
{
	return load(state, in, AGG_MAX_VALUES, true);
}

static void
release(void *state)
{
	struct counted *c = ((struct tally *)state)->c;

	if (c == NULL)
		return;
	values_release(&c->values);
	free(c->n);
	free(c);
}

static size_t
owned(const void *state)
{
	const struct counted *c = ((const struct tally *)state)->c;

	return c == NULL ? 0
			 : sizeof(*c) + values_owned(&c->values)
			       + c->cap_n * sizeof(*c->n);
}

#define KIND(name, load, no_partial)                                           \
	const struct agg_kind tally_##name = {sizeof(struct tally), 1,         \
	    name##_update, name##_merge, save, load, release, AGG_LARGE,       \
	    no_partial, owned, NULL};
KIND(wide, wide_load, every_value)
KIND(float, wide_load, every_value)
KIND(bool, wide_load, every_value)
KIND(str, str_load, every_value)
KIND(int_bins, bins_load, NULL)
KIND(float_bins, bins_load, NULL)

static void
put_text(struct buf *b, enum type type, int64_t v)
{
	char text[TIME_TEXT_MAX + NUM_TEXT_MAX];
	size_t len;

	if (type == TYPE_TIME)
		len = time_format_rfc3339(text, v);
	else
		len = num_format_float(text, wide_double(v));
	jsonstr_quote(b, text, len);
}

/* Value i as JSON, which has neither NaN nor infinity: those are strings. */
static void
put_value(struct buf *b, const struct values *v, uint32_t i, enum type type)
{
	char text[NUM_TEXT_MAX];
	const char *p;
	size_t len;

	switch (type) {
	case TYPE_STR:
	case TYPE_BIN:
		p = values_str(v, i, &len);
		jsonstr_quote(b, p, len);
		break;
	case TYPE_BOOL:
		buf_puts(b, v->wide[i] != 0 ? "true" : "false");
		break;
	case TYPE_TIME:
		put_text(b, type, v->wide[i]);
		break;
	case TYPE_FLOAT:
		if (isfinite(wide_double(v->wide[i])))
			buf_put(b, text,
			    num_format_float(text, wide_double(v->wide[i])));
		else
			put_text(b, type, v->wide[i]);
		break;
	case TYPE_INT:
		buf_put(b, text, num_format_int(text, v->wide[i]));
		break;
	case TYPE_DUR:
		buf_put(b, text, num_format_dur(text, v->wide[i]));
		break;
	}
}

/* [[value,count],...] of the n values numbered in order. */
static int
push_pairs(struct colbuf *out, const struct counted *c, const uint32_t *order,
    uint32_t n, enum type type)
{
	char text[NUM_TEXT_MAX];
	struct buf b;
	int rc = -1;

	buf_init(&b, COL_MAX_BYTES);
	for (uint32_t i = 0; i < n; i++) {
		buf_puts(&b, i == 0 ? "[[" : ",[");
		put_value(&b, &c->values, order[i], type);
		buf_putc(&b, ',');
		buf_put(
		    &b, text, num_format_int(text, (int64_t)c->n[order[i]]));
		buf_putc(&b, ']');
	}
	buf_putc(&b, ']');
	if (!b.failed) {
		colbuf_push_str(out, (const char *)b.data, b.len);
		rc = 0;
	}
	buf_release(&b);
	return rc;
}

struct ranked {
	uint64_t n;
	uint32_t rank; /* among the values */
	uint32_t i;
};

static int
by_count(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return (x->rank > y->rank) - (x->rank < y->rank);
}

int
tally_top(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	struct counted *c = ((const struct tally *)state)->c;
	struct ranked *all;
	uint32_t *order, n;
	int rc;

	if (c == NULL) {
		colbuf_push_null(out);
		return 0;
	}
	all = mem_resize(NULL, c->n_n, sizeof(*all));
	order = values_order(&c->values);
	for (uint32_t i = 0; i < c->n_n; i++)
		all[i] = (struct ranked){c->n[order[i]], i, order[i]};
	qsort(all, c->n_n, sizeof(*all), by_count);
	n = c->n_n < f->step ? c->n_n : (uint32_t)f->step;
	for (uint32_t i = 0; i < n; i++)
		order[i] = all[i].i;
	rc = push_pairs(out, c, order, n, f->arg);
	free(order);
	free(all);
	return rc;
}

int
tally_histogram(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	struct counted *c = ((const struct tally *)state)->c;
	uint32_t *order;
	int rc;

	if (c == NULL) {
		colbuf_push_null(out);
		return 0;
	}
	order = values_order(&c->values);
	rc = push_pairs(out, c, order, c->n_n, f->arg);
	free(order);
	return rc;
}

static void
push_value(struct colbuf *out, const struct values *v, uint32_t i)
{
	const char *p;
	size_t len;

	switch (out->type) {
	case TYPE_STR:
	case TYPE_BIN:
		p = values_str(v, i, &len);
		colbuf_push_str(out, p, len);
		break;
	case TYPE_BOOL:
		colbuf_push_bool(out, v->wide[i] != 0);
		break;
	case TYPE_FLOAT:
		colbuf_push_float(out, wide_double(v->wide[i]));
		break;
	case TYPE_INT:
	case TYPE_TIME:
	case TYPE_DUR:
		colbuf_push_int(out, v->wide[i]);
		break;
	}
}

int
tally_mode(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct counted *c = ((const struct tally *)state)->c;
	uint32_t best = 0;

	(void)f;
	if (c == NULL) {
		colbuf_push_null(out);
		return 0;
	}
	for (uint32_t i = 1; i < c->n_n; i++) {
		if (c->n[i] > c->n[best]
		    || (c->n[i] == c->n[best]
			&& values_compare(&c->values, i, best) < 0))
			best = i;
	}
	push_value(out, &c->values, best);
	return 0;
}
