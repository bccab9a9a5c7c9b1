/* SPDX-License-Identifier: ISC */
/*
 * sum and avg.  Ints are summed in 128 bits.  Floats are summed exactly: as
 * two doubles while those hold the exact sum, else with a wide fixed-point
 * number beside them.  sreduce(1), NUMBERS.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "agg/agg_int.h"
#include "agg/exact.h"

#if defined(__FAST_MATH__) || FLT_EVAL_METHOD != 0
#error "exact sums need IEEE 754 arithmetic as written"
#endif

__extension__ typedef __int128 sum_wide;

struct sum_int {
	sum_wide sum;
	uint64_t n;
};

AGG_INLINE int
add_ints(struct sum_int *states, const struct agg_rows *r, const uint32_t *sel,
    const uint32_t *group, const struct col *c)
{
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = AGG_ROW(sel, i);
		struct sum_int *s = &states[AGG_GROUP(r, group, row)];

		s->sum += c->i[row];
		s->n++;
	}
	return 0;
}

static int
sum_int_update(void *states, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	(void)why;
	return AGG_SHAPES(add_ints, states, r, c);
}

static int
sum_int_merge(void *state, const char **why, const void *from)
{
	struct sum_int *s = state;
	const struct sum_int *f = from;

	(void)why;
	s->sum += f->sum;
	s->n += f->n;
	return 0;
}

static void
sum_int_save(struct buf *out, const void *state)
{
	const struct sum_int *s = state;

	buf_put_int(out, s->n, 8);
	buf_put_int(out, (uint64_t)s->sum, 8);
	buf_put_int(out, (uint64_t)(s->sum >> 64), 8);
}

static int
sum_int_load(void *state, struct cur *in)
{
	struct sum_int *s = state, add;
	uint64_t low;

	add.n = cur_get_int(in, 8);
	low = cur_get_int(in, 8);
	add.sum = (sum_wide)(int64_t)cur_get_int(in, 8) * ((sum_wide)1 << 64);
	add.sum += low;
	/* n int64 values stay within n * 2^63. */
	if (in->failed || s->n > INT64_MAX || add.n > INT64_MAX - s->n
	    || add.sum > (sum_wide)add.n * INT64_MAX
	    || add.sum < (sum_wide)add.n * INT64_MIN)
		return -1;
	return sum_int_merge(s, NULL, &add);
}

const struct agg_kind sum_int_kind = {sizeof(struct sum_int), 1, sum_int_update,
    sum_int_merge, sum_int_save, sum_int_load, NULL, 0, NULL, NULL, NULL};

int
sum_int_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct sum_int *s = state;

	(void)f;
	if (s->n == 0) {
		colbuf_push_null(out);
		return 0;
	}
	if (s->sum > INT64_MAX || s->sum < INT64_MIN)
		return -1;
	colbuf_push_int(out, (int64_t)s->sum);
	return 0;
}

int
sum_int_avg(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct sum_int *s = state;

	(void)f;
	if (s->n == 0)
		colbuf_push_null(out);
	else
		colbuf_push_float(out, (double)s->sum / (double)s->n);
	return 0;
}

/* To the nearest microsecond, halves to the even one. */
int
sum_dur_avg(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct sum_int *s = state;
	sum_wide q, rest, n = (sum_wide)s->n;

	(void)f;
	if (n == 0) {
		colbuf_push_null(out);
		return 0;
	}
	q = s->sum / n;
	rest = s->sum % n;
	if (rest < 0) {
		rest += n;
		q--;
	}
	if (2 * rest > n || (2 * rest == n && (q & 1) != 0))
		q++;
	colbuf_push_int(out, (int64_t)q);
	return 0;
}

/* What the two doubles cannot hold. */
struct sum_side {
	struct exact exact;
	uint64_t n_nan;
	uint64_t n_plus; /* infinities */
	uint64_t n_minus;
};

/*
 * The sum of the finite values is exactly hi + lo + side->exact; n counts
 * all values.
 */
struct sum_float {
	double hi;
	double lo;
	uint64_t n;
	struct sum_side *side; /* owned; NULL = 0 */
};

static struct sum_side *
side_of(struct sum_float *s)
{
	if (s->side == NULL)
		s->side = mem_zero(1, sizeof(*s->side));
	return s->side;
}

/* x did not fit in beside hi and lo. */
static __attribute__((noinline)) void
spill(struct sum_float *s, double x)
{
	struct sum_side *side = side_of(s);

	if (isnan(x)) {
		side->n_nan++;
	} else if (isinf(x)) {
		side->n_plus += x > 0;
		side->n_minus += x < 0;
	} else {
		exact_add(&side->exact, s->hi);
		exact_add(&side->exact, s->lo);
		s->hi = x;
		s->lo = 0;
	}
}

/*
 * Two error-free additions (Knuth's TwoSum): x onto hi, the error onto lo.
 * What is lost there is not 0, or NaN when anything was not finite.
 */
AGG_INLINE void
add_one(struct sum_float *s, double x)
{
	double hi = s->hi + x;
	double b = hi - s->hi;
	double err = (s->hi - (hi - b)) + (x - b);
	double lo = s->lo + err;
	double d = lo - s->lo;
	double lost = (s->lo - (lo - d)) + (err - d);

	if (__builtin_expect(lost == 0, 1)) {
		s->hi = hi;
		s->lo = lo;
	} else {
		spill(s, x);
	}
}

AGG_INLINE int
add_floats(struct sum_float *states, const struct agg_rows *r,
    const uint32_t *sel, const uint32_t *group, const struct col *c)
{
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = AGG_ROW(sel, i);
		struct sum_float *s = &states[AGG_GROUP(r, group, row)];

		add_one(s, c->f[row]);
		s->n++;
	}
	return 0;
}

static int
sum_float_update(void *states, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	(void)why;
	return AGG_SHAPES(add_floats, states, r, c);
}

static int
sum_float_merge(void *state, const char **why, const void *from)
{
	struct sum_float *s = state;
	const struct sum_float *f = from;

	(void)why;
	add_one(s, f->hi);
	add_one(s, f->lo);
	s->n += f->n;
	if (f->side != NULL) {
		struct sum_side *side = side_of(s);

		exact_merge(&side->exact, &f->side->exact);
		side->n_nan += f->side->n_nan;
		side->n_plus += f->side->n_plus;
		side->n_minus += f->side->n_minus;
	}
	return 0;
}

/* The finite values' exact sum; to be released. */
static void
whole(struct exact *e, const struct sum_float *s)
{
	*e = (struct exact){.base = 0};
	if (s->side != NULL)
		exact_merge(e, &s->side->exact);
	exact_add(e, s->hi);
	exact_add(e, s->lo);
}

static void
sum_float_save(struct buf *out, const void *state)
{
	const struct sum_float *s = state;
	struct exact e;

	whole(&e, s);
	buf_put_int(out, s->n, 8);
	buf_put_int(out, s->side == NULL ? 0 : s->side->n_nan, 8);
	buf_put_int(out, s->side == NULL ? 0 : s->side->n_plus, 8);
	buf_put_int(out, s->side == NULL ? 0 : s->side->n_minus, 8);
	exact_save(out, &e);
	exact_release(&e);
}

/* The two doubles hold most sums; the wide number is a hundred times larger. */
static void
add_exact(struct sum_float *s, const struct exact *e)
{
	struct big b;
	double v;

	exact_value(&b, e);
	if (b.n > EXACT_FINITE) {
		exact_merge(&side_of(s)->exact, e);
		return;
	}
	for (unsigned i = b.n; i-- > 0;) {
		v = ldexp(b.d[i], 32 * ((int)i - EXACT_POINT));
		if (b.d[i] != 0)
			add_one(s, b.negative ? -v : v);
	}
}

static int
sum_float_load(void *state, struct cur *in)
{
	struct sum_float *s = state;
	uint64_t n_nan, n_plus, n_minus;
	int rc;
	struct exact e = {.base = 0};

	s->n += cur_get_int(in, 8);
	n_nan = cur_get_int(in, 8);
	n_plus = cur_get_int(in, 8);
	n_minus = cur_get_int(in, 8);
	if ((n_nan | n_plus | n_minus) != 0) {
		struct sum_side *side = side_of(s);

		side->n_nan += n_nan;
		side->n_plus += n_plus;
		side->n_minus += n_minus;
	}
	rc = exact_load(&e, in);
	if (rc == 0)
		add_exact(s, &e);
	exact_release(&e);
	return rc;
}

static void
sum_float_release(void *state)
{
	struct sum_float *s = state;

	if (s->side != NULL)
		exact_release(&s->side->exact);
	free(s->side);
}

static size_t
sum_float_owned(const void *state)
{
	const struct sum_float *s = state;

	return s->side == NULL
		   ? 0
		   : sizeof(*s->side) + exact_owned(&s->side->exact);
}

const struct agg_kind sum_float_kind = {sizeof(struct sum_float), 2,
    sum_float_update, sum_float_merge, sum_float_save, sum_float_load,
    sum_float_release, 0, NULL, sum_float_owned, NULL};

static double
rounded(const struct sum_float *s)
{
	const struct sum_side *side = s->side;
	struct exact e;
	double v;

	/* One addition rounds once. */
	if (side == NULL)
		return s->hi + s->lo;
	if (side->n_nan > 0 || (side->n_plus > 0 && side->n_minus > 0))
		return (double)NAN;
	if (side->n_plus > 0 || side->n_minus > 0)
		return side->n_plus > 0 ? (double)INFINITY : -(double)INFINITY;
	whole(&e, s);
	v = exact_round(&e);
	exact_release(&e);
	return v;
}

int
sum_float_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct sum_float *s = state;

	(void)f;
	if (s->n == 0)
		colbuf_push_null(out);
	else
		colbuf_push_float(out, rounded(s));
	return 0;
}

int
sum_float_avg(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct sum_float *s = state;

	(void)f;
	if (s->n == 0)
		colbuf_push_null(out);
	else
		colbuf_push_float(out, rounded(s) / (double)s->n);
	return 0;
}
