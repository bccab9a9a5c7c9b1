/* SPDX-License-Identifier: ISC */
/*
 * Every aggregate: rows in any groups, merged, saved and loaded in any order,
 * come to the same bytes and the same value; and bytes that are cut short or
 * changed do no harm.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agg/agg.h"
#include "check.h"
#include "data/batch.h"
#include "expr/expr.h"
#include "rnd.h"

#define N 1200
#define MAX_PIECES 12

static uint32_t
below(uint32_t n)
{
	return (uint32_t)(rnd() % n);
}

static double
any_double(void)
{
	uint64_t bits = rnd();
	double x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* x and y floats, i int, s str, b and c bool, t time, d dur; with nulls. */
static const struct {
	const char *name;
	enum type type;
} columns[] = {{"x", TYPE_FLOAT}, {"y", TYPE_FLOAT}, {"i", TYPE_INT},
    {"s", TYPE_STR}, {"b", TYPE_BOOL}, {"c", TYPE_BOOL}, {"t", TYPE_TIME},
    {"d", TYPE_DUR}};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const char *const calls[] = {"count", "count(x)", "count_if(b)",
    "sum(i)", "sum(d)", "sum(x)", "avg(i)", "mean(d)", "avg(y)", "min(i)",
    "max(x)", "min(s)", "max(t)", "first(x)", "last(s)", "first(b)", "any(i)",
    "any_value(s)", "min_by(x, i)", "max_by(s, x)", "min_by(b, s)",
    "max_by(s, s)", "min_by(d, b)", "max_by(i, t)", "variance(x)",
    "variance(i)", "var_pop(y)", "stddev(d)", "stddev_pop(x)", "std(i)",
    "stddev_samp(y)", "covar(x, y)", "covar_pop(i, y)", "corr(i, y)",
    "corr(x, y)", "median(i)", "median(x)", "median(d)", "percentile(y, 0.9)",
    "p50(i)", "p99(x)", "approx_percentile(d, 0.25)", "count(distinct i)",
    "count(distinct x)", "count(distinct s)", "count(distinct b)",
    "approx_count_distinct(x)", "approx_count_distinct(s)",
    "approx_count_distinct(b)", "approx_count_distinct(i)", "top(3, s)",
    "top(7, y)", "top(2, b)", "top(4, t)", "mode(i)", "mode(s)", "mode(y)",
    "histogram(i, 1000000)", "histogram(y, 0.1)", "histogram(d, 1h)",
    "histogram(t, 5s)", "bool_and(b)", "bool_or(c)", "string_agg(s, ', ')",
    "funnel(3s, b, c, x > 0)", "sum(x) filter (where b)",
    "corr(i, y) filter (where c)", "min_by(s, i) filter (where b)",
    "funnel(1m, b, c) filter (where i > 5)", "count() filter (where c)"};

struct table {
	struct schema schema;
	struct build rows;
	struct batch b;
	int64_t times[N];
	int64_t parts[N];
};

static void
fill(struct table *t)
{
	bool wild = below(3) == 0;

	schema_init(&t->schema);
	for (size_t i = 0; i < N_COLUMNS; i++)
		schema_add(&t->schema, columns[i].name, 1, columns[i].type);
	build_init(&t->rows, &t->schema);
	for (uint32_t r = 0; r < N; r++) {
		struct colbuf *c = t->rows.cols;
		char s[8];
		int len = snprintf(s, sizeof(s), "%u", below(800));

		colbuf_push_float(&c[0], wild              ? any_double()
					 : below(400) == 0 ? (double)INFINITY
					 : below(3) == 0
					     ? ldexp(1, (int)below(2000) - 1000)
					     : (double)below(9000) / 7);
		colbuf_push_float(&c[1], (double)below(500) / 100 - 2);
		colbuf_push_int(&c[2], (int64_t)rnd() >> (24 + below(40)));
		colbuf_push_str(&c[3], s, (size_t)len - (below(50) == 0));
		colbuf_push_bool(&c[4], below(2) == 0);
		colbuf_push_bool(&c[5], below(30) != 0);
		t->times[r] = 1000000 * (int64_t)below(50);
		t->parts[r] = 1 + below(3);
		colbuf_push_int(&c[6], t->times[r]);
		colbuf_push_int(&c[7], (int64_t)below(1u << 31) * 1000);
		for (size_t i = 0; i < N_COLUMNS; i++)
			if (below(9) == 0)
				colbuf_set_null(&c[i], r);
	}
	t->rows.n_rows = N;
	batch_init(&t->b);
	build_view(&t->b, &t->rows);
}

static void
empty(struct table *t)
{
	batch_release(&t->b);
	build_release(&t->rows);
	schema_release(&t->schema);
}

/* One call over the rows. */
struct call {
	struct expr_agg_list list;
	const struct agg_fn *fn;
	struct col *cols; /* NULL for none */
	struct agg_rows rows;
	struct arena a;
};

static void
eval(struct call *c, const struct table *t)
{
	const struct expr_call *call = c->list.calls;
	struct expr_env env = {0};
	struct expr_error err;
	struct col filter;
	size_t n;
	struct expr *const *args = agg_args(call, &n);

	c->cols = arena_alloc(&c->a, (n + 1) * sizeof(*c->cols));
	for (size_t i = 0; i < n; i++)
		CHECK(expr_eval(args[i], &c->cols[i], &err, &c->a, &env, &t->b)
		      == 0);
	if (call->filter != NULL) {
		CHECK(expr_eval(call->filter, &filter, &err, &c->a, &env, &t->b)
		      == 0);
		agg_filter(c->cols, n, &filter, &c->a);
	} else if (n == 0) {
		c->cols = NULL;
	}
}

static bool
begin(struct call *c, const char *text, const struct table *t)
{
	static const struct expr_aggs aggs = {agg_is_name, agg_check};
	struct expr_error err;
	struct schema keys;
	int rc;

	*c = (struct call){.cols = NULL};
	schema_init(&keys);
	rc = expr_compile_aggs(&c->list, &err, &t->schema, &keys, &aggs, text);
	schema_release(&keys);
	if (rc == -1) {
		fprintf(stderr, "%s: %s\n", text, err.text);
		FAIL("does not compile");
		return false;
	}
	c->fn = agg_of_call(c->list.calls);
	c->rows = (struct agg_rows){
	    .n = N, .time_us = t->times, .parts = t->parts, .arena = &c->a};
	eval(c, t);
	return true;
}

static void
end(struct call *c)
{
	expr_agg_list_release(&c->list);
	arena_release(&c->a);
}

static void
start(struct agg_set *s, const struct agg_fn *fn)
{
	agg_set_init(s, fn);
	agg_set_grow(s, 1);
}

/* The value as a column of one row compares equal. */
static void
check_same_value(
    const struct call *c, const struct agg_set *x, const struct agg_set *y)
{
	struct colbuf a;
	struct col v;
	int rc, rc_y;

	colbuf_init(&a, agg_result(c->fn));
	rc = agg_final(&a, c->fn, x, 0);
	rc_y = agg_final(&a, c->fn, y, 0);
	CHECK(rc == rc_y);
	colbuf_view(&v, &a);
	if (rc == 0) {
		CHECK(v.n == 2 && col_is_valid(&v, 0) == col_is_valid(&v, 1));
		if (type_is_bytes(v.type)) {
			size_t len, len_y;
			const char *p = col_str(&v, 0, &len);
			const char *q = col_str(&v, 1, &len_y);

			CHECK(len == len_y && memcmp(p, q, len) == 0);
		} else if (type_is_wide(v.type) && col_is_valid(&v, 0)) {
			CHECK(v.i[0] == v.i[1]);
		} else if (v.type == TYPE_BOOL) {
			CHECK(bit_get(v.bits, 0) == bit_get(v.bits, 1));
		}
	}
	colbuf_release(&a);
}

/* Into sum the pieces, in random order, some of them by way of bytes. */
static void
gather(struct agg_set *sum, struct agg_set *pieces, uint32_t n)
{
	const char *why = NULL;
	struct cur in;
	struct buf b;

	buf_init(&b, 0);
	while (n > 0) {
		uint32_t i = below(n);

		if (below(2) == 0) {
			CHECK(agg_merge_one(sum, 0, &why, &pieces[i], 0) == 0);
		} else {
			buf_reset(&b);
			agg_save(&b, &pieces[i], 0);
			cur_init(&in, b.data, b.len);
			CHECK(agg_load(sum, 0, &in) == 0 && in.left == 0);
		}
		agg_set_release(&pieces[i]);
		pieces[i] = pieces[--n];
	}
	buf_release(&b);
}

/* Each row into a piece of its own choice. */
static void
split(struct agg_set *pieces, uint32_t n, const struct call *c)
{
	uint32_t group[N], sel[N];
	const char *why = NULL;

	for (uint32_t r = 0; r < N; r++)
		group[r] = below(n);
	for (uint32_t i = 0; i < n; i++) {
		struct agg_rows rows = c->rows;

		start(&pieces[i], c->fn);
		rows.n = 0;
		rows.sel = sel;
		for (uint32_t r = 0; r < N; r++) {
			if (group[r] == i)
				sel[rows.n++] = r;
		}
		CHECK(agg_update(&pieces[i], &why, &rows, c->cols) == 0);
	}
}

/* All rows one by one, the last first. */
static void
one_by_one(struct agg_set *s, const struct call *c)
{
	const char *why = NULL;

	start(s, c->fn);
	for (uint32_t r = N; r-- > 0;)
		CHECK(agg_one(s, &why, &c->rows, c->cols, r) == 0);
}

static void
check_bytes(const struct agg_set *x, const struct agg_set *y)
{
	struct buf a, b;

	buf_init(&a, 0);
	buf_init(&b, 0);
	agg_save(&a, x, 0);
	agg_save(&b, y, 0);
	CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
	buf_release(&a);
	buf_release(&b);
}

/* Every shorter string of bytes is refused; a changed one does no harm. */
static void
check_damage(const struct call *c, const struct agg_set *s)
{
	struct buf b;
	struct cur in;
	struct agg_set t;
	struct colbuf out;

	buf_init(&b, 0);
	agg_save(&b, s, 0);
	for (size_t len = 0; len < b.len; len += 1 + b.len / 300) {
		start(&t, c->fn);
		cur_init(&in, b.data, len);
		CHECK(agg_load(&t, 0, &in) == -1);
		agg_set_release(&t);
	}
	for (int i = 0; i < 200; i++) {
		uint32_t at = below((uint32_t)b.len);
		uint8_t old = b.data[at];

		b.data[at] = (uint8_t)below(256);
		start(&t, c->fn);
		colbuf_init(&out, agg_result(c->fn));
		cur_init(&in, b.data, b.len);
		if (agg_load(&t, 0, &in) == 0
		    && agg_final(&out, c->fn, &t, 0) == 0)
			CHECK(out.n == 1);
		colbuf_release(&out);
		agg_set_release(&t);
		b.data[at] = old;
	}
	buf_release(&b);
}

static void
check_call(const char *text, const struct table *t)
{
	struct agg_set whole, sum, ones, pieces[MAX_PIECES];
	int before = check_n_failed;
	const char *why = NULL;
	uint32_t n = 1 + below(MAX_PIECES);
	struct call c;

	if (!begin(&c, text, t))
		return;
	start(&whole, c.fn);
	CHECK(agg_update(&whole, &why, &c.rows, c.cols) == 0);
	split(pieces, n, &c);
	start(&sum, c.fn);
	gather(&sum, pieces, n);
	one_by_one(&ones, &c);
	check_bytes(&whole, &sum);
	check_bytes(&whole, &ones);
	check_same_value(&c, &whole, &sum);
	check_same_value(&c, &whole, &ones);
	check_damage(&c, &whole);
	agg_set_release(&whole);
	agg_set_release(&sum);
	agg_set_release(&ones);
	end(&c);
	if (check_n_failed > before)
		fprintf(stderr, "%s\n", text);
}

/* What may not go over the wire, and what is large, by name. */
static void
test_facts(void)
{
	static const char *const refused[] = {
	    "median", "percentile", "top", "mode", "string_agg", "funnel"};
	static const enum type types[] = {
	    TYPE_INT, TYPE_INT, TYPE_STR, TYPE_INT, TYPE_STR, TYPE_BOOL};

	for (size_t i = 0; i < 6; i++) {
		const struct agg_fn *f = agg_find(refused[i], false, types[i]);

		CHECK(agg_no_partial(f) != NULL && !agg_is_small(f));
	}
	CHECK(agg_no_partial(agg_find("count", true, TYPE_INT)) != NULL);
	CHECK(agg_no_partial(agg_find("p50", false, TYPE_INT)) == NULL);
	CHECK(agg_no_partial(agg_find("variance", false, TYPE_FLOAT)) == NULL);
	CHECK(agg_no_partial(agg_find("histogram", false, TYPE_INT)) == NULL);
	CHECK(agg_needs_time(agg_find("funnel", false, TYPE_BOOL)));
	CHECK(!agg_needs_time(agg_find("first", false, TYPE_BOOL)));
	CHECK(agg_is_small(agg_find("corr", false, TYPE_FLOAT)));
}

int
main(void)
{
	for (int round = 0; round < 4; round++) {
		struct table *t = mem_zero(1, sizeof(*t));

		fill(t);
		for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
			check_call(calls[i], t);
		empty(t);
		free(t);
	}
	test_facts();
	return check_done("agg_group_test");
}
