/* SPDX-License-Identifier: ISC */
/* approx_count_distinct and approx_percentile keep to their error bounds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agg/agg.h"
#include "check.h"
#include "rnd.h"

#define CHUNK 4096

static int64_t
result(const struct agg_set *s, const struct agg_fn *fn)
{
	struct colbuf b;
	int64_t v;

	colbuf_init(&b, TYPE_INT);
	CHECK(agg_final(&b, fn, s, 0) == 0);
	v = b.i[0];
	colbuf_release(&b);
	return v;
}

/* Values from + 0, 1, .. n - 1, each as often as times. */
static void
add_run(struct agg_set *s, int64_t from, int64_t n, int times)
{
	static int64_t v[CHUNK];
	struct arena a = {.blocks = NULL};
	const char *why = NULL;

	for (int64_t at = 0; at < n; at += CHUNK) {
		uint32_t len = n - at < CHUNK ? (uint32_t)(n - at) : CHUNK;
		struct agg_rows rows = {.n = len, .arena = &a};
		struct col c = {
		    .type = TYPE_INT, .n = len, .n_entries = len, .i = v};

		for (uint32_t i = 0; i < len; i++)
			v[i] = from + at + i;
		for (int k = 0; k < times; k++)
			CHECK(agg_update(s, &why, &rows, &c) == 0);
	}
	arena_release(&a);
}

/*
 * Exact up to 512; above, the standard error is 1.63 %: of many runs the root
 * of the mean square is near it, none is off by five of them, and they are
 * not off to one side.
 */
static void
test_count_distinct(void)
{
	static const int64_t sizes[] = {0, 1, 2, 100, 511, 512, 513, 600, 1000,
	    3000, 5000, 10000, 12000, 20000, 50000, 200000};
	const struct agg_fn *fn =
	    agg_find("approx_count_distinct", false, TYPE_INT);
	struct agg_set s;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		int64_t n = sizes[i];
		int runs = n > 20000 ? 12 : n > 512 ? 60 : 3;
		double squares = 0, mean = 0;

		for (int k = 0; k < runs; k++) {
			double off;

			agg_set_init(&s, fn);
			agg_set_grow(&s, 1);
			add_run(&s, (int64_t)(rnd() >> 1), n, 1 + k % 2);
			off = (double)(result(&s, fn) - n)
			      / (double)(n > 0 ? n : 1);
			CHECK(n > 512 || off == 0);
			CHECK(fabs(off) <= 5 * 0.01625);
			squares += off * off;
			mean += off / runs;
			agg_set_release(&s);
		}
		CHECK(sqrt(squares / runs) <= 0.01625 * 1.6);
		CHECK(fabs(mean) <= 4 * 0.01625 / sqrt(runs));
	}
}

/* The union of overlapping sets is what their merge says. */
static void
test_merged(void)
{
	const struct agg_fn *fn =
	    agg_find("approx_count_distinct", false, TYPE_INT);
	const char *why = NULL;
	struct agg_set a, b;

	for (int64_t n = 200; n < 40000; n *= 3) {
		double off;

		agg_set_init(&a, fn);
		agg_set_grow(&a, 1);
		agg_set_init(&b, fn);
		agg_set_grow(&b, 1);
		add_run(&a, 0, n, 1);
		add_run(&b, n / 2, n, 1);
		CHECK(agg_merge_one(&a, 0, &why, &b, 0) == 0);
		off = (double)result(&a, fn) / ((double)n * 1.5) - 1;
		CHECK(fabs(off) <= 4 * 0.01625);
		CHECK(n * 3 / 2 > 512 || off == 0);
		agg_set_release(&a);
		agg_set_release(&b);
	}
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The answer of a call such as approx_percentile(x, 0.123), of v[0..n). */
static double
percentile(const char *text, const double *v, uint32_t n)
{
	static const struct expr_aggs aggs = {agg_is_name, agg_check};
	struct arena a = {.blocks = NULL};
	struct agg_rows rows = {.n = n, .arena = &a};
	struct col c = {.type = TYPE_FLOAT, .n = n, .n_entries = n, .f = v};
	struct expr_agg_list l;
	struct expr_error err;
	const char *why = NULL;
	struct schema in, keys;
	struct agg_set s;
	struct colbuf out;
	double x;

	schema_init(&in);
	schema_init(&keys);
	schema_add(&in, "x", 1, TYPE_FLOAT);
	CHECK(expr_compile_aggs(&l, &err, &in, &keys, &aggs, text) == 0);
	agg_set_init(&s, agg_of_call(l.calls));
	agg_set_grow(&s, 1);
	colbuf_init(&out, TYPE_FLOAT);
	CHECK(agg_update(&s, &why, &rows, &c) == 0);
	CHECK(agg_final(&out, s.fn, &s, 0) == 0);
	x = out.f[0];
	colbuf_release(&out);
	agg_set_release(&s);
	expr_agg_list_release(&l);
	schema_release(&in);
	schema_release(&keys);
	arena_release(&a);
	return x;
}

/* Any rank, over values of many magnitudes: within 1/256; exact at the ends. */
static void
test_percentiles(void)
{
	static double v[20000];

	for (int round = 0; round < 30; round++) {
		uint32_t n = 1 + (uint32_t)(rnd() % 20000), permille;
		char text[64];

		for (uint32_t i = 0; i < n; i++)
			v[i] = exp((double)(rnd() % 100000) / 10000)
			       * (rnd() % 3 == 0 ? -1 : 1);
		for (int k = 0; k < 10; k++) {
			double got, want;
			uint32_t rank;

			permille = k < 2 ? (uint32_t)k * 1000
					 : (uint32_t)(rnd() % 1001);
			snprintf(text, sizeof(text),
			    "approx_percentile(x, %u.%03u)", permille / 1000,
			    permille % 1000);
			got = percentile(text, v, n);
			qsort(v, n, sizeof(*v), compare);
			rank = (n * permille + 999) / 1000;
			want = v[rank == 0 ? 0 : rank - 1];
			CHECK(fabs(got - want) <= fabs(want) / 256);
			CHECK(k >= 2 || got == want);
		}
	}
}

/* percentile is what the two values beside the rank have between them. */
static void
test_exact_percentile(void)
{
	static double v[] = {4, 1, 3, 2}, one[] = {7}, equal[] = {.1, .1, .1};

	CHECK(percentile("percentile(x, 0)", v, 4) == 1);
	CHECK(percentile("percentile(x, 1)", v, 4) == 4);
	CHECK(percentile("median(x)", v, 4) == 2.5);
	CHECK(percentile("percentile(x, 0.25)", v, 4) == 1.75);
	CHECK(percentile("percentile(x, 0.3)", one, 1) == 7);
	CHECK(percentile("percentile(x, 0.3)", equal, 3) == .1);
}

int
main(void)
{
	test_count_distinct();
	test_merged();
	test_percentiles();
	test_exact_percentile();
	return check_done("agg_sketch_test");
}
