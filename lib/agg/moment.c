/* SPDX-License-Identifier: ISC */
/*
 * variance, stddev, covar and corr: from the exact sums of the values and of
 * their products, so that only the last steps round.  sreduce(1), AGGREGATES.
 */
#include <math.h>

#include "agg/agg_int.h"
#include "agg/exact.h"

struct moment {
	uint64_t n; /* all values */
	uint64_t n_odd; /* NaN and infinities, which are in no sum */
	struct exact x;
	struct exact xx;
};

AGG_INLINE void
note(struct moment *s, double x)
{
	s->n++;
	if (__builtin_expect(isfinite(x), 1)) {
		struct exact_parts p = exact_split(x);

		exact_add_parts(&s->x, p);
		p.s = 0;
		exact_add_both(&s->xx, p, p);
	} else {
		s->n_odd++;
	}
}

#define VALUE_FLOAT(c, row) ((c)->f[row])
#define VALUE_DUR(c, row) ((double)(c)->i[row])
#define KERNEL(name, value)                                                    \
	static int name(void *states, const char **why,                        \
	    const struct agg_rows *r, const struct col *c)                     \
	{                                                                      \
		struct moment *all = states;                                   \
                                                                               \
		(void)why;                                                     \
		for (uint32_t i = 0; i < r->n; i++) {                          \
			uint32_t row = AGG_ROW(r->sel, i);                     \
                                                                               \
			note(                                                  \
			    &all[AGG_GROUP(r, r->group, row)], value(c, row)); \
		}                                                              \
		return 0;                                                      \
	}

KERNEL(float_update, VALUE_FLOAT)
KERNEL(dur_update, VALUE_DUR)

static int
merge(void *state, const char **why, const void *from)
{
	struct moment *s = state;
	const struct moment *f = from;

	(void)why;
	s->n += f->n;
	s->n_odd += f->n_odd;
	exact_merge(&s->x, &f->x);
	exact_merge(&s->xx, &f->xx);
	return 0;
}

static void
save(struct buf *out, const void *state)
{
	const struct moment *s = state;

	buf_put_int(out, s->n, 8);
	buf_put_int(out, s->n_odd, 8);
	exact_save(out, &s->x);
	exact_save(out, &s->xx);
}

/* Counts that stay below 2^63, those of odd values being among all. */
static int
load_counts(uint64_t *n, uint64_t *n_odd, struct cur *in)
{
	uint64_t add = cur_get_int(in, 8), odd = cur_get_int(in, 8);

	if (in->failed || odd > add || *n > INT64_MAX || add > INT64_MAX - *n)
		return -1;
	*n += add;
	*n_odd += odd;
	return 0;
}

static int
load(void *state, struct cur *in)
{
	struct moment *s = state;

	if (load_counts(&s->n, &s->n_odd, in) == -1
	    || exact_load(&s->x, in) == -1)
		return -1;
	return exact_load(&s->xx, in);
}

static void
release(void *state)
{
	struct moment *s = state;

	exact_release(&s->x);
	exact_release(&s->xx);
}

static size_t
owned(const void *state)
{
	const struct moment *s = state;

	return exact_owned(&s->x) + exact_owned(&s->xx);
}

const struct agg_kind moment_float = {sizeof(struct moment), 1, float_update,
    merge, save, load, release, 0, NULL, owned, NULL};
const struct agg_kind moment_dur = {sizeof(struct moment), 1, dur_update, merge,
    save, load, release, 0, NULL, owned, NULL};

/* n times the sum of squares of what the values are off their mean. */
struct spread {
	double m; /* times 2^exp */
	int exp;
};

/* The same for products: n * sum(xy) - sum(x) * sum(y), rounded once. */
static struct spread
spread_of(uint64_t n, const struct exact *xy, const struct exact *x,
    const struct exact *y)
{
	struct big a, b, c, d;
	struct spread out;

	exact_value(&a, x);
	exact_value(&b, y);
	big_mul(&c, &a, &b);
	exact_value(&a, xy);
	big_scale(&a, n);
	big_shift(&a, EXACT_POINT);
	big_sub(&d, &a, &c);
	out.m = big_round(&d, &out.exp);
	out.exp -= 2 * 32 * EXACT_POINT;
	return out;
}

/* Make it a variance or a covariance, unless there are too few values. */
static bool
divide(struct spread *s, uint64_t n, uint64_t less)
{
	if (n <= less)
		return false;
	s->m /= (double)n * (double)(n - less);
	return true;
}

/* The variance; NaN has no exponent. */
static bool
variance(struct spread *out, const struct moment *s, uint64_t less)
{
	if (s->n_odd > 0)
		*out = (struct spread){.m = (double)NAN};
	else
		*out = spread_of(s->n, &s->xx, &s->x, &s->x);
	return divide(out, s->n, less);
}

static int
push(struct colbuf *out, bool known, double v)
{
	if (!known)
		colbuf_push_null(out);
	else if (out->type == TYPE_DUR)
		colbuf_push_int(out, llrint(v));
	else
		colbuf_push_float(out, v);
	return 0;
}

int
moment_var(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	struct spread v;
	bool known = variance(&v, state, f->less);

	return push(out, known, ldexp(v.m, v.exp));
}

/* The root is taken of what is in range where the variance may not be. */
int
moment_stddev(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	struct spread v;
	bool known = variance(&v, state, f->less);

	if (v.exp % 2 != 0) {
		v.m *= 2;
		v.exp--;
	}
	return push(out, known, ldexp(sqrt(v.m), v.exp / 2));
}

struct pairs {
	uint64_t n;
	uint64_t n_odd; /* pairs with NaN or an infinity */
	struct exact x, y, xx, yy, xy;
};

static int
pairs_update(void *states, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	struct pairs *all = states;

	(void)why;
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = AGG_ROW(r->sel, i);
		struct pairs *s = &all[AGG_GROUP(r, r->group, row)];
		double x = c[0].f[row], y = c[1].f[row];
		struct exact_parts p, q;

		s->n++;
		if (!isfinite(x) || !isfinite(y)) {
			s->n_odd++;
			continue;
		}
		p = exact_split(x);
		q = exact_split(y);
		exact_add_parts(&s->x, p);
		exact_add_parts(&s->y, q);
		exact_add_both(&s->xy, p, q);
		p.s = q.s = 0;
		exact_add_both(&s->xx, p, p);
		exact_add_both(&s->yy, q, q);
	}
	return 0;
}

static int
pairs_merge(void *state, const char **why, const void *from)
{
	struct pairs *s = state;
	const struct pairs *f = from;

	(void)why;
	s->n += f->n;
	s->n_odd += f->n_odd;
	exact_merge(&s->x, &f->x);
	exact_merge(&s->y, &f->y);
	exact_merge(&s->xx, &f->xx);
	exact_merge(&s->yy, &f->yy);
	exact_merge(&s->xy, &f->xy);
	return 0;
}

static void
pairs_save(struct buf *out, const void *state)
{
	const struct pairs *s = state;

	buf_put_int(out, s->n, 8);
	buf_put_int(out, s->n_odd, 8);
	exact_save(out, &s->x);
	exact_save(out, &s->y);
	exact_save(out, &s->xx);
	exact_save(out, &s->yy);
	exact_save(out, &s->xy);
}

static int
pairs_load(void *state, struct cur *in)
{
	struct pairs *s = state;

	if (load_counts(&s->n, &s->n_odd, in) == -1
	    || exact_load(&s->x, in) == -1 || exact_load(&s->y, in) == -1
	    || exact_load(&s->xx, in) == -1 || exact_load(&s->yy, in) == -1)
		return -1;
	return exact_load(&s->xy, in);
}

static void
pairs_release(void *state)
{
	struct pairs *s = state;

	exact_release(&s->x);
	exact_release(&s->y);
	exact_release(&s->xx);
	exact_release(&s->yy);
	exact_release(&s->xy);
}

static size_t
pairs_owned(const void *state)
{
	const struct pairs *s = state;

	return exact_owned(&s->x) + exact_owned(&s->y) + exact_owned(&s->xx)
	       + exact_owned(&s->yy) + exact_owned(&s->xy);
}

const struct agg_kind moment_pairs = {sizeof(struct pairs), 1, pairs_update,
    pairs_merge, pairs_save, pairs_load, pairs_release, 0, NULL, pairs_owned,
    NULL};

int
moment_covar(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct pairs *s = state;
	struct spread v = {.m = (double)NAN};
	bool known;

	if (s->n_odd == 0)
		v = spread_of(s->n, &s->xy, &s->x, &s->y);
	known = divide(&v, s->n, f->less);
	return push(out, known, ldexp(v.m, v.exp));
}

/* No correlation with what does not vary. */
int
moment_corr(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct pairs *s = state;
	struct spread xx, yy, xy;
	double v;

	(void)f;
	if (s->n < 2)
		return push(out, false, 0);
	if (s->n_odd > 0)
		return push(out, true, (double)NAN);
	xx = spread_of(s->n, &s->xx, &s->x, &s->x);
	yy = spread_of(s->n, &s->yy, &s->y, &s->y);
	xy = spread_of(s->n, &s->xy, &s->x, &s->y);
	if (xx.m == 0 || yy.m == 0)
		return push(out, false, 0);
	/* The exponents' sum is made even, so that its half is whole. */
	if ((xx.exp + yy.exp) % 2 != 0) {
		xx.m *= 2;
		xx.exp--;
	}
	v = ldexp(xy.m / sqrt(xx.m * yy.m), xy.exp - (xx.exp + yy.exp) / 2);
	return push(out, true, v > 1 ? 1 : v < -1 ? -1 : v);
}
