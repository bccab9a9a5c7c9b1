/* SPDX-License-Identifier: ISC */
/* Aggregates: exact sums, sketches, merges in any grouping, saved bytes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agg/agg.h"
#include "agg/exact.h"
#include "check.h"
#include "rnd.h"

#define N 2000

static uint32_t
below(uint32_t n)
{
	return (uint32_t)(rnd() % n);
}

/* Any finite double. */
static double
any_double(void)
{
	uint64_t bits;
	double x;

	do {
		bits = rnd();
		memcpy(&x, &bits, sizeof(x));
	} while (!isfinite(x));
	return x;
}

static void
shuffle(double *v, uint32_t n)
{
	for (uint32_t i = n; i > 1; i--) {
		uint32_t j = below(i);
		double t = v[i - 1];

		v[i - 1] = v[j];
		v[j] = t;
	}
}

static struct col
floats(const double *v, uint32_t n)
{
	return (struct col){.type = TYPE_FLOAT, .n = n, .n_entries = n, .f = v};
}

static struct col
ints(const int64_t *v, uint32_t n)
{
	return (struct col){.type = TYPE_INT, .n = n, .n_entries = n, .i = v};
}

static void
add(struct agg_set *s, const struct col *c, uint32_t from, uint32_t n)
{
	static uint32_t sel[N];
	struct arena a = {.blocks = NULL};
	const char *why = NULL;
	struct agg_rows r = {.n = n, .sel = sel, .arena = &a};

	for (uint32_t i = 0; i < n; i++)
		sel[i] = from + i;
	agg_set_grow(s, 1);
	CHECK(agg_update(s, &why, &r, c) == 0);
	arena_release(&a);
}

static double
final_float(const struct agg_set *s, const struct agg_fn *fn)
{
	struct colbuf b;
	double v;

	colbuf_init(&b, agg_result(fn));
	CHECK(agg_final(&b, fn, s, 0) == 0);
	v = agg_result(fn) == TYPE_FLOAT ? b.f[0] : (double)b.i[0];
	colbuf_release(&b);
	return v;
}

static bool
same(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static double
sum_of(const double *v, uint32_t n)
{
	const struct agg_fn *fn = agg_find("sum", false, TYPE_FLOAT);
	struct agg_set s;
	struct col c = floats(v, n);
	double x;

	agg_set_init(&s, fn);
	add(&s, &c, 0, n);
	x = final_float(&s, fn);
	agg_set_release(&s);
	return x;
}

static void
test_known_sums(void)
{
	static const double cancel[] = {1e16, 1, -1e16};
	static const double wide[] = {1e308, 1e308, -1e308, -1e308, 5e-324};
	static const double over[] = {1e308, 1e308, 1};
	static const double tie[] = {9007199254740992.0, 1, 5e-324};
	static const double half[] = {9007199254740992.0, 1};
	static const double tenth[] = {.1, .1, .1, .1, .1, .1, .1, .1, .1, .1};
	double nan[] = {1, NAN}, both[] = {INFINITY, -INFINITY};
	double plus[] = {1e308, INFINITY, 1e308}, zero[] = {-0.0, -0.0};

	CHECK(same(sum_of(cancel, 3), 1));
	CHECK(same(sum_of(wide, 5), 5e-324));
	CHECK(sum_of(over, 3) == (double)INFINITY);
	CHECK(same(sum_of(tie, 3), 9007199254740994.0));
	CHECK(same(sum_of(half, 2), 9007199254740992.0));
	CHECK(same(sum_of(tenth, 10), 1));
	CHECK(isnan(sum_of(nan, 2)));
	CHECK(isnan(sum_of(both, 2)));
	CHECK(sum_of(plus, 3) == (double)INFINITY);
	CHECK(same(sum_of(zero, 2), 0));
}

/* The wide number alone and the quick path agree for every order. */
static void
test_any_order(void)
{
	static double v[N];

	for (int round = 0; round < 60; round++) {
		struct exact e = {.base = 0};
		uint32_t n = 1 + below(300);
		double want;

		for (uint32_t i = 0; i < n; i++) {
			v[i] = round % 3 == 0 ? any_double()
			       : round % 3 == 1
				   ? (double)below(100000) / 100
				   : ldexp((double)below(1000) - 500,
				       (int)below(200) - 100);
			exact_add(&e, v[i]);
		}
		want = exact_round(&e);
		exact_release(&e);
		CHECK(same(sum_of(v, n), want));
		shuffle(v, n);
		CHECK(same(sum_of(v, n), want));
	}
}

/* Multiples of 2^-20 whose sum 128-bit arithmetic has exactly. */
static void
test_against_ints(void)
{
	static double v[N];

	for (int round = 0; round < 30; round++) {
		__extension__ __int128 sum = 0;

		for (uint32_t i = 0; i < N; i++) {
			int64_t k = (int64_t)rnd() >> below(60);

			v[i] = (double)k;
			sum += (int64_t)v[i] == INT64_MAX
				   ? (__extension__(__int128) 1 << 63)
				   : (int64_t)v[i];
			v[i] = ldexp(v[i], -20);
		}
		CHECK(same(sum_of(v, N), ldexp((double)sum, -20)));
	}
}

/* Saved bytes of which one was changed are refused, or give some value. */
static void
check_changed(const struct agg_fn *fn, const struct buf *saved)
{
	uint8_t *p = mem_dup(saved->data, saved->len);
	struct agg_set s;
	struct colbuf out;
	struct cur in;

	p[below((uint32_t)saved->len)] = (uint8_t)below(256);
	agg_set_init(&s, fn);
	agg_set_grow(&s, 1);
	colbuf_init(&out, agg_result(fn));
	cur_init(&in, p, saved->len);
	if (agg_load(&s, 0, &in) == 0 && agg_final(&out, fn, &s, 0) == 0)
		CHECK(out.n == 1);
	colbuf_release(&out);
	agg_set_release(&s);
	free(p);
}

/* Cut into random pieces, merge or save and load them in random order. */
static void
check_grouping(const struct agg_fn *fn, const struct col *c)
{
	struct agg_set whole, parts[8], sum;
	struct buf a, b;
	uint32_t cuts[9] = {0}, zero = 0, n = 1 + below(8);
	const char *why = NULL;
	struct cur in;

	buf_init(&a, 0);
	buf_init(&b, 0);
	agg_set_init(&whole, fn);
	agg_set_init(&sum, fn);
	agg_set_grow(&sum, 1);
	add(&whole, c, 0, c->n);
	for (uint32_t i = 1; i < n; i++)
		cuts[i] = cuts[i - 1] + below(c->n - cuts[i - 1]);
	cuts[n] = c->n;
	for (uint32_t i = 0; i < n; i++) {
		agg_set_init(&parts[i], fn);
		add(&parts[i], c, cuts[i], cuts[i + 1] - cuts[i]);
	}
	for (uint32_t i = n; i-- > 0;) {
		if (below(2) == 0) {
			CHECK(agg_merge(&sum, &why, &parts[i], &zero) == 0);
			continue;
		}
		buf_reset(&b);
		agg_save(&b, &parts[i], 0);
		cur_init(&in, b.data, b.len);
		CHECK(agg_load(&sum, 0, &in) == 0 && in.left == 0);
	}
	buf_reset(&b);
	agg_save(&a, &whole, 0);
	agg_save(&b, &sum, 0);
	CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
	/* Every shorter string of bytes is refused. */
	for (size_t len = 0; len < a.len; len += 1 + a.len / 50) {
		agg_set_reset(&sum);
		agg_set_grow(&sum, 1);
		cur_init(&in, a.data, len);
		CHECK(agg_load(&sum, 0, &in) == -1);
	}
	for (uint32_t i = 0; i < 50; i++)
		check_changed(fn, &a);
	agg_set_release(&whole);
	agg_set_release(&sum);
	for (uint32_t i = 0; i < n; i++)
		agg_set_release(&parts[i]);
	buf_release(&a);
	buf_release(&b);
}

/* A percentile's bucket that no value of the type falls into is refused. */
static void
test_buckets(void)
{
	static const struct {
		enum type type;
		int32_t key;
		int rc;
	} cases[] = {{TYPE_INT, 0, 0}, {TYPE_INT, 1, -1}, {TYPE_INT, -1, -1},
	    {TYPE_INT, 1 + (1022 << 7) + 127, -1},
	    {TYPE_INT, 1 + (1023 << 7), 0}, {TYPE_INT, 1 + (1086 << 7), 0},
	    {TYPE_INT, 2 + (1086 << 7), -1}, {TYPE_INT, 1 << 18, -1},
	    {TYPE_INT, INT32_MIN, -1}, {TYPE_FLOAT, 1, 0},
	    {TYPE_FLOAT, 1 + (2047 << 7), 0}, {TYPE_FLOAT, 2 + (2047 << 7), -1},
	    {TYPE_FLOAT, 1 << 18, 0}, {TYPE_FLOAT, -(1 << 18), -1}};
	struct agg_set set;
	struct buf b;
	struct cur in;

	buf_init(&b, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		agg_set_init(&set, agg_find("p50", false, cases[i].type));
		agg_set_grow(&set, 1);
		buf_reset(&b);
		buf_put_int(&b, 1, 4);
		buf_put_int(&b, 1, 8);
		buf_put_int(&b, 5, 8);
		buf_put_int(&b, (uint32_t)cases[i].key, 4);
		buf_put_int(&b, 1, 8);
		cur_init(&in, b.data, b.len);
		CHECK(agg_load(&set, 0, &in) == cases[i].rc);
		agg_set_release(&set);
	}
	buf_release(&b);
}

static void
test_grouping(void)
{
	static const char *const numeric[] = {
	    "count", "sum", "avg", "min", "max", "first", "last", "p50", "p99"};
	static double f[N];
	static int64_t v[N];
	struct colbuf text;
	struct col c;

	colbuf_init(&text, TYPE_STR);
	for (uint32_t i = 0; i < N; i++) {
		char s[8];
		int len = snprintf(s, sizeof(s), "%u", below(500));

		f[i] = i % 100 == 0 ? (double)NAN
		       : i % 2 == 0 ? (double)below(1000000) / 1000
				    : any_double();
		v[i] = (int64_t)rnd() >> below(63);
		colbuf_push_str(&text, s, (size_t)len);
		if (i % 7 == 0)
			colbuf_set_null(&text, i);
	}
	for (size_t k = 0; k < sizeof(numeric) / sizeof(*numeric); k++) {
		c = floats(f, N);
		check_grouping(agg_find(numeric[k], false, TYPE_FLOAT), &c);
		c = ints(v, N);
		check_grouping(agg_find(numeric[k], false, TYPE_INT), &c);
	}
	c = floats(f, N);
	check_grouping(agg_find("count", true, TYPE_FLOAT), &c);
	colbuf_view(&c, &text);
	check_grouping(agg_find("count", true, TYPE_STR), &c);
	check_grouping(agg_find("min", false, TYPE_STR), &c);
	check_grouping(agg_find("max", false, TYPE_STR), &c);
	check_grouping(agg_find("last", false, TYPE_STR), &c);
	colbuf_release(&text);
}

static int
compare_ints(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Within 1/256 of the value of that rank, and exact below 256. */
static void
test_percentiles(void)
{
	static const struct {
		const char *name;
		uint32_t percent;
	} all[] = {{"p50", 50}, {"p90", 90}, {"p95", 95}, {"p99", 99}};
	static int64_t v[N];

	for (unsigned shift = 1; shift < 64; shift += 2) {
		uint32_t n = 1 + below(N);
		struct agg_set s;
		struct col c;

		for (uint32_t i = 0; i < n; i++)
			v[i] = (int64_t)rnd() >> shift >> below(3);
		c = ints(v, n);
		agg_set_init(&s, agg_find("p50", false, TYPE_INT));
		add(&s, &c, 0, n);
		qsort(v, n, sizeof(*v), compare_ints);
		for (size_t k = 0; k < 4; k++) {
			uint32_t rank = (n * all[k].percent + 99) / 100;
			double want = (double)v[rank - 1];
			double got = final_float(
			    &s, agg_find(all[k].name, false, TYPE_INT));

			CHECK(fabs(got - want) <= fabs(want) / 256);
			CHECK(fabs(want) >= 256 || same(got, want));
		}
		agg_set_release(&s);
	}
}

static void
test_float_percentiles(void)
{
	static double v[] = {-1e300, -2.5, -0.0, 1e-300, 7.3};
	const struct agg_fn *fn = agg_find("p50", false, TYPE_FLOAT);
	struct agg_set s;
	struct col c = floats(v + 4, 1);

	/* One value is itself: the middle is kept between min and max. */
	agg_set_init(&s, fn);
	add(&s, &c, 0, 1);
	CHECK(same(final_float(&s, fn), 7.3));
	agg_set_reset(&s);
	c = floats(v, 5);
	add(&s, &c, 0, 5);
	CHECK(final_float(&s, fn) == 0);
	CHECK(fabs(final_float(&s, agg_find("p99", false, TYPE_FLOAT)) - 7.3)
	      <= 7.3 / 256);
	agg_set_reset(&s);
	v[0] = (double)INFINITY;
	v[1] = (double)NAN;
	c = floats(v, 2);
	add(&s, &c, 0, 2);
	CHECK(isinf(final_float(&s, fn)));
	CHECK(isnan(final_float(&s, agg_find("p99", false, TYPE_FLOAT))));
	agg_set_release(&s);
}

static void
test_extremes_and_nulls(void)
{
	static const int64_t edge[] = {INT64_MIN, INT64_MIN};
	static const double f[] = {-0.0, 0.0, -1, 3};
	static double nan[] = {NAN, 2};
	const struct agg_fn *max = agg_find("max", false, TYPE_INT);
	const struct agg_fn *fmin = agg_find("min", false, TYPE_FLOAT);
	const struct agg_fn *fmax = agg_find("max", false, TYPE_FLOAT);
	struct colbuf out;
	struct agg_set s;
	struct col c = ints(edge, 2);

	colbuf_init(&out, TYPE_INT);
	agg_set_init(&s, max);
	agg_set_grow(&s, 1);
	CHECK(agg_final(&out, max, &s, 0) == 0);
	CHECK(!bit_get(out.valid, 0));
	add(&s, &c, 0, 2);
	CHECK(agg_final(&out, max, &s, 0) == 0);
	CHECK(bit_get(out.valid, 1) && out.i[1] == INT64_MIN);
	agg_set_release(&s);
	colbuf_release(&out);

	agg_set_init(&s, fmin);
	c = floats(f, 4);
	add(&s, &c, 0, 4);
	CHECK(same(final_float(&s, fmin), -1));
	agg_set_reset(&s);
	c = floats(nan, 2);
	add(&s, &c, 0, 2);
	CHECK(same(final_float(&s, fmin), 2));
	agg_set_release(&s);
	agg_set_init(&s, fmax);
	add(&s, &c, 0, 2);
	CHECK(isnan(final_float(&s, fmax)));
	agg_set_release(&s);
}

static void
test_int_sum_range(void)
{
	static const int64_t v[] = {INT64_MAX, 1, -1};
	const struct agg_fn *sum = agg_find("sum", false, TYPE_INT);
	struct colbuf out;
	struct agg_set s;
	struct col c = ints(v, 3);

	colbuf_init(&out, TYPE_INT);
	agg_set_init(&s, sum);
	add(&s, &c, 0, 2);
	CHECK(agg_final(&out, sum, &s, 0) == -1);
	CHECK(same(final_float(&s, agg_find("avg", false, TYPE_INT)),
	    4611686018427387904.0));
	add(&s, &c, 2, 1);
	CHECK(agg_final(&out, sum, &s, 0) == 0 && out.i[0] == INT64_MAX);
	agg_set_release(&s);
	colbuf_release(&out);
}

/* avg of durations goes to the nearest microsecond, halves to the even. */
static void
test_dur_avg(void)
{
	static const int64_t v[] = {1, 2, 2, 3, -1, -2};
	static const struct {
		uint32_t from;
		int64_t want;
	} all[] = {{0, 2}, {2, 2}, {4, -2}};
	const struct agg_fn *avg = agg_find("avg", false, TYPE_DUR);

	for (size_t i = 0; i < 3; i++) {
		struct colbuf out;
		struct agg_set s;
		struct col c = ints(v, 6);

		c.type = TYPE_DUR;
		colbuf_init(&out, TYPE_DUR);
		agg_set_init(&s, avg);
		add(&s, &c, all[i].from, 2);
		CHECK(agg_final(&out, avg, &s, 0) == 0);
		CHECK(out.i[0] == all[i].want);
		agg_set_release(&s);
		colbuf_release(&out);
	}
}

/* Equal times go by part, then by order; a merge looks at order too. */
static void
test_first_last(void)
{
	static const int64_t v[] = {10, 11, 12, 13};
	static const int64_t t[] = {5, 5, 5, 4};
	static const int64_t parts[] = {2, 1, 1, 9};
	static const char *const names[] = {"first", "last"};
	static const double want[] = {13, 10};
	struct arena a = {.blocks = NULL};
	const char *why = NULL;
	struct agg_rows r = {.n = 4, .time_us = t, .parts = parts, .arena = &a};
	struct col c = ints(v, 4);

	for (int k = 0; k < 2; k++) {
		const struct agg_fn *fn = agg_find(names[k], false, TYPE_INT);
		struct agg_set s;

		agg_set_init(&s, fn);
		agg_set_grow(&s, 1);
		r.n = 4;
		CHECK(agg_update(&s, &why, &r, &c) == 0);
		CHECK(same(final_float(&s, fn), want[k]));
		agg_set_reset(&s);
		agg_set_grow(&s, 1);
		r.n = 3;
		r.parts = NULL;
		CHECK(agg_update(&s, &why, &r, &c) == 0);
		CHECK(same(final_float(&s, fn), k == 0 ? 10 : 12));
		r.parts = parts;
		agg_set_release(&s);
	}
	arena_release(&a);
}

/* Encodings, groups, selections and nulls come to the same. */
static void
test_shapes(void)
{
	static const int64_t entries[] = {3, 5};
	static const uint8_t codes[] = {0, 1, 1, 0, 1};
	static const uint8_t valid[] = {0x1d}; /* row 1 is null */
	static const uint32_t group[] = {0, 1, 0, 1, 2};
	static const int64_t want[] = {8, 3, 5};
	const struct agg_fn *fn = agg_find("sum", false, TYPE_INT);
	struct col c = {.type = TYPE_INT,
	    .enc = COL_DICT,
	    .n = 5,
	    .n_entries = 2,
	    .code_width = 1,
	    .valid = valid,
	    .i = entries,
	    .codes = codes};
	struct arena a = {.blocks = NULL};
	struct agg_rows r = {.n = 5, .group = group, .arena = &a};
	const char *why = NULL;
	struct colbuf out;
	struct agg_set s;

	colbuf_init(&out, TYPE_INT);
	agg_set_init(&s, fn);
	agg_set_grow(&s, 3);
	CHECK(agg_update(&s, &why, &r, &c) == 0);
	for (uint32_t g = 0; g < 3; g++) {
		CHECK(agg_final(&out, fn, &s, g) == 0);
		CHECK(out.i[g] == want[g]);
	}
	agg_set_release(&s);
	colbuf_release(&out);
	arena_release(&a);
}

static void
test_registry(void)
{
	CHECK(agg_is_name("sum") && agg_is_name("p95") && !agg_is_name("su"));
	CHECK(agg_find("sum", false, TYPE_STR) == NULL);
	CHECK(agg_same_state(agg_find("sum", false, TYPE_FLOAT),
	    agg_find("avg", false, TYPE_FLOAT)));
	CHECK(!agg_same_state(agg_find("min", false, TYPE_INT),
	    agg_find("max", false, TYPE_INT)));
}

int
main(void)
{
	test_known_sums();
	test_any_order();
	test_against_ints();
	for (int i = 0; i < 5; i++)
		test_grouping();
	test_buckets();
	test_percentiles();
	test_float_percentiles();
	test_extremes_and_nulls();
	test_int_sum_range();
	test_dur_avg();
	test_first_last();
	test_shapes();
	test_registry();
	return check_done("agg_test");
}
