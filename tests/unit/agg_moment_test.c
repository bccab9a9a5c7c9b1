/* SPDX-License-Identifier: ISC */
/* variance, stddev, covar and corr against whole numbers of 128 bits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agg/agg.h"
#include "agg/exact.h"
#include "check.h"
#include "rnd.h"

#define N 1000

__extension__ typedef __int128 wide;

static bool
same(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

/* The value over v (and w); NaN with *null for null. */
static double
value(
    bool *null, const char *name, const double *v, const double *w, uint32_t n)
{
	const struct agg_fn *fn = agg_find(name, false, TYPE_FLOAT);
	struct col c[2] = {{.type = TYPE_FLOAT, .n = n, .n_entries = n, .f = v},
	    {.type = TYPE_FLOAT, .n = n, .n_entries = n, .f = w}};
	struct arena a = {.blocks = NULL};
	struct agg_rows rows = {.n = n, .arena = &a};
	const char *why = NULL;
	struct agg_set s;
	struct colbuf out;
	double x;

	agg_set_init(&s, fn);
	agg_set_grow(&s, 1);
	colbuf_init(&out, TYPE_FLOAT);
	CHECK(agg_update(&s, &why, &rows, c) == 0);
	CHECK(agg_final(&out, fn, &s, 0) == 0);
	*null = out.has_nulls;
	x = *null ? (double)NAN : out.f[0];
	colbuf_release(&out);
	agg_set_release(&s);
	arena_release(&a);
	return x;
}

static double
var(const double *v, uint32_t n)
{
	bool null;

	return value(&null, "variance", v, NULL, n);
}

/* Whole numbers times 2^-12: the sums of squares fit in 128 bits. */
static void
test_against_ints(void)
{
	static double v[N], w[N], far[N];
	bool null;

	for (int round = 0; round < 50; round++) {
		wide x = 0, y = 0, xx = 0, xy = 0, n = 2 + rnd() % (N - 2);
		double want;

		for (uint32_t i = 0; i < (uint32_t)n; i++) {
			int64_t j = (int64_t)(rnd() % 1000000) - 300000;
			int64_t k = (int64_t)(rnd() % 1000000) - 700000;

			v[i] = ldexp((double)j, -12);
			w[i] = ldexp((double)k, -12);
			far[i] = 1e9 + v[i];
			x += j;
			y += k;
			xx += (wide)j * j;
			xy += (wide)j * k;
		}
		want = ldexp(
		    (double)(n * xx - x * x) / ((double)n * (double)(n - 1)),
		    -24);
		CHECK(same(var(v, (uint32_t)n), want));
		/* What stands on 1e9 varies as much. */
		CHECK(same(var(far, (uint32_t)n), want));
		CHECK(same(value(&null, "stddev", v, NULL, (uint32_t)n),
			  sqrt(want))
		      || fabs(value(&null, "stddev", v, NULL, (uint32_t)n)
			      - sqrt(want))
			     <= sqrt(want) * 0x1p-52);
		want = ldexp(
		    (double)(n * xx - x * x) / ((double)n * (double)n), -24);
		CHECK(
		    same(value(&null, "var_pop", v, NULL, (uint32_t)n), want));
		want = ldexp(
		    (double)(n * xy - x * y) / ((double)n * (double)(n - 1)),
		    -24);
		CHECK(same(value(&null, "covar", v, w, (uint32_t)n), want));
		CHECK(same(value(&null, "covar", w, far, (uint32_t)n), want));
	}
}

static void
test_corr(void)
{
	static const double up[] = {1, 2, 3, 4}, down[] = {4, 3, 2, 1};
	static const double flat[] = {5, 5, 5, 5}, some[] = {1, 3, 2, 5};
	static const double huge[] = {1e300, 2e300, 3e300, 4e300};
	static const double tiny[] = {1e-300, 2e-300, 3e-300, 4e-300};
	bool null;

	CHECK(same(value(&null, "corr", up, up, 4), 1) && !null);
	CHECK(same(value(&null, "corr", up, down, 4), -1));
	CHECK(same(value(&null, "corr", huge, tiny, 4), 1));
	value(&null, "corr", up, flat, 4);
	CHECK(null);
	value(&null, "corr", up, up, 1);
	CHECK(null);
	/* 5.5 / sqrt(5 * 8.75) */
	CHECK(fabs(value(&null, "corr", up, some, 4) - 5.5 / sqrt(43.75))
	      < 1e-15);
}

/* Squares leave the range of doubles, the results do not. */
static void
test_range(void)
{
	static const double huge[] = {1e200, 3e200}, tiny[] = {1e-200, 3e-200};
	static const double least[] = {5e-324, 15e-324};
	static const double most[] = {1.7e308, -1.7e308};
	static const double odd[] = {1, NAN}, over[] = {INFINITY, 2};
	bool null;

	CHECK(isinf(var(huge, 2)) && same(var(tiny, 2), 0));
	CHECK(fabs(value(&null, "stddev_pop", huge, NULL, 2) - 1e200) <= 1e185);
	CHECK(
	    fabs(value(&null, "stddev_pop", tiny, NULL, 2) - 1e-200) <= 1e-215);
	CHECK(same(value(&null, "stddev_pop", least, NULL, 2), 5e-324));
	CHECK(same(value(&null, "stddev_pop", most, NULL, 2), 1.7e308));
	CHECK(isnan(value(&null, "variance", odd, NULL, 2)) && !null);
	CHECK(isnan(value(&null, "stddev", over, NULL, 2)) && !null);
	value(&null, "variance", huge, NULL, 1);
	CHECK(null);
	CHECK(same(value(&null, "var_pop", huge, NULL, 1), 0) && !null);
	value(&null, "covar", huge, huge, 1);
	CHECK(null);
}

/* Products of any doubles add up to 0 with their opposites, in any order. */
static void
test_products(void)
{
	struct exact e = {.base = 0}, f = {.base = 0};
	static double v[N], w[N];
	struct big b;

	for (uint32_t i = 0; i < N; i++) {
		v[i] =
		    ldexp((double)(int64_t)rnd(), (int)(rnd() % 1900) - 1000);
		w[i] =
		    ldexp((double)(int64_t)rnd(), (int)(rnd() % 1900) - 1100);
		exact_add_product(&e, v[i], w[i]);
	}
	for (uint32_t i = 0; i < N; i += 2)
		exact_add_product(&f, w[i], v[i]);
	for (uint32_t i = 1; i < N; i += 2)
		exact_add_product(&f, v[i], w[i]);
	exact_value(&b, &e);
	CHECK(b.n > 60);
	for (uint32_t i = 0; i < N; i++)
		exact_add_product(&e, -v[i], w[i]);
	exact_value(&b, &e);
	CHECK(b.n == 0 && !b.negative);
	exact_merge(&e, &f);
	for (uint32_t i = N; i-- > 1;)
		exact_add_product(&e, v[i], -w[i]);
	exact_add_product(&f, 0, 1);
	exact_value(&b, &e);
	exact_release(&f);
	f = (struct exact){.base = 0};
	exact_add_product(&f, v[0], w[0]);
	CHECK(same(exact_round(&e), exact_round(&f)));
	exact_release(&e);
	exact_release(&f);
}

/* n limbs of ones from one on, with a sign: 1 or 2. */
static void
put_limbs(struct buf *b, int sign, unsigned first, unsigned n)
{
	buf_reset(b);
	buf_put_int(b, (uint64_t)sign, 1);
	buf_put_int(b, first, 1);
	buf_put_int(b, n, 1);
	for (unsigned i = 0; i < n; i++)
		buf_put_int(b, UINT32_MAX, 4);
}

/* Any limbs are loaded and saved as they were; too high ones are refused. */
static void
test_limbs(void)
{
	static const unsigned lengths[] = {1, 2, 6, 7, 8, 9, 40};
	struct buf b = {0}, saved = {0};
	struct cur in;

	for (unsigned first = 0; first <= EXACT_LIMBS; first++) {
		for (size_t k = 0; k < 7; k++) {
			unsigned n = lengths[k];
			bool fits = first + n <= EXACT_LIMBS - 3;
			struct exact e = {.base = 0};

			exact_add(&e, 3.5);
			put_limbs(&b, 1 + (int)(first % 2), first, n);
			cur_init(&in, b.data, b.len);
			CHECK(exact_load(&e, &in) == (fits ? 0 : -1));
			exact_add(&e, -3.5);
			buf_reset(&saved);
			exact_save(&saved, &e);
			CHECK(!fits
			      || (saved.len == b.len
				  && memcmp(saved.data, b.data, b.len) == 0));
			put_limbs(&b, 2 - (int)(first % 2), first, n);
			cur_init(&in, b.data, b.len);
			CHECK(exact_load(&e, &in) == (fits ? 0 : -1));
			CHECK(same(exact_round(&e), 0));
			exact_release(&e);
		}
	}
	buf_release(&b);
	buf_release(&saved);
}

int
main(void)
{
	test_limbs();
	test_against_ints();
	test_corr();
	test_range();
	test_products();
	return check_done("agg_moment_test");
}
