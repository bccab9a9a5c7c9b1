/* SPDX-License-Identifier: ISC */
/* Rows that wait for their turn or time, and rows taken out of the middle. */
#include "io/merge.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "io/pace.h"
#include "io/range.h"
#include "rnd.h"

static uint64_t
draw(uint64_t below)
{
	return rnd() % below;
}

static void
init_rows(struct build *b)
{
	struct schema s;

	schema_init(&s);
	schema_add(&s, "t", 1, TYPE_TIME);
	schema_add(&s, "s", 1, TYPE_STR);
	schema_add(&s, "b", 1, TYPE_BOOL);
	build_init(b, &s);
	schema_release(&s);
}

/* Row number i: a time, a text and a bool that follow from it; some null. */
static void
push(struct build *b, int64_t t, uint64_t i)
{
	static const char text[] = "abcdefghijklmnop";
	uint32_t row = b->n_rows;

	colbuf_push_int(&b->cols[0], t);
	colbuf_push_str(&b->cols[1], text + i % 5, i % 12);
	colbuf_push_bool(&b->cols[2], i % 3 == 0);
	if (i % 7 == 0)
		colbuf_set_null(&b->cols[1], row);
	if (i % 11 == 0)
		colbuf_set_null(&b->cols[2], row);
	b->n_rows++;
}

static bool
same_row(const struct build *a, uint32_t i, const struct build *b, uint32_t j)
{
	for (size_t c = 0; c < a->n_cols; c++) {
		struct col x, y;
		size_t n, m;
		const char *p, *q;

		colbuf_view(&x, &a->cols[c]);
		colbuf_view(&y, &b->cols[c]);
		if (col_is_valid(&x, i) != col_is_valid(&y, j))
			return false;
		if (!col_is_valid(&x, i))
			continue;
		if (c == 0 && x.i[i] != y.i[j])
			return false;
		if (c == 2 && bit_get(x.bits, i) != bit_get(y.bits, j))
			return false;
		if (c != 1)
			continue;
		p = col_str(&x, i, &n);
		q = col_str(&y, j, &m);
		if (n != m || memcmp(p, q, n) != 0)
			return false;
	}
	return true;
}

static void
keep_and_append(void)
{
	struct build all, some, two;
	uint32_t sel[300], n, from, at;
	bool good = true;

	for (int round = 0; round < 200; round++) {
		init_rows(&all);
		init_rows(&some);
		init_rows(&two);
		n = (uint32_t)draw(200) + 1;
		for (uint32_t i = 0; i < n; i++) {
			push(&all, (int64_t)i, draw(1000));
		}
		/* Any row may be a part's end, in the middle of a byte. */
		at = (uint32_t)draw(n + 1);
		build_append(&two, &all, 0, at);
		build_append(&two, &all, at, n - at);
		good &= two.n_rows == n;
		for (uint32_t i = 0; i < n; i++)
			good &= same_row(&all, i, &two, i);
		from = (uint32_t)draw(n + 1);
		at = 0;
		for (uint32_t i = from; i < n; i++)
			if (draw(2) == 0)
				sel[at++] = i;
		build_keep(&two, from, sel, at);
		good &= two.n_rows == from + at;
		for (uint32_t i = 0; i < two.n_rows; i++)
			good &= same_row(
			    &all, i < from ? i : sel[i - from], &two, i);
		/* What comes behind is not spoilt. */
		build_append(&two, &all, 0, n);
		for (uint32_t i = 0; i < n; i++)
			good &= same_row(&all, i, &two, from + at + i);
		build_release(&all);
		build_release(&some);
		build_release(&two);
	}
	CHECK(good);
}

/* Merge sorted runs and compare with what sorting them gives. */
static void
merge(void)
{
	bool good = true;

	for (int round = 0; round < 100; round++) {
		struct merge m = {.time_col = 0};
		struct merge_run runs[9], *r;
		size_t n = draw(9) + 1, left = 0;
		int64_t last = INT64_MIN, t, key;
		uint32_t last_part = 0, len;

		for (size_t i = 0; i < n; i++) {
			runs[i] = (struct merge_run){.part = (uint32_t)i + 1};
			init_rows(&runs[i].rows);
			t = 0;
			for (uint64_t k = draw(50) + 1; k > 0; k--) {
				t += (int64_t)draw(3);
				push(&runs[i].rows, t, k);
				left++;
			}
			merge_add(&m, &runs[i]);
		}
		while ((r = merge_first(&m, &key)) != NULL) {
			good &=
			    key > last || (key == last && r->part >= last_part);
			len = merge_len(&m, (uint32_t)draw(10) + 1, INT64_MAX);
			good &= len > 0;
			last = r->rows.cols[0].i[r->at + len - 1];
			last_part = r->part;
			merge_took(&m, len);
			left -= len;
		}
		good &= left == 0;
		for (size_t i = 0; i < n; i++)
			build_release(&runs[i].rows);
		merge_release(&m);
	}
	CHECK(good);
}

static void
merge_odd(void)
{
	struct merge m = {.time_col = 0};
	struct merge_run a = {.part = 1}, b = {.part = 2};
	int64_t t;

	init_rows(&a.rows);
	init_rows(&b.rows);
	push(&a.rows, 5, 1);
	push(&a.rows, 3, 1); /* out of order: it goes along */
	push(&a.rows, 9, 1);
	colbuf_set_null(&a.rows.cols[0], 2);
	push(&b.rows, 5, 1);
	merge_add(&m, &b);
	merge_add(&m, &a);
	CHECK(merge_first(&m, &t) == &a && t == 5);
	CHECK(merge_len(&m, 99, 4) == 0);
	CHECK(merge_len(&m, 99, 5) == 3);
	merge_took(&m, 3);
	CHECK(merge_first(&m, &t) == &b && t == 5);
	CHECK(merge_len(&m, 99, INT64_MAX) == 1);
	merge_took(&m, 1);
	CHECK(merge_first(&m, &t) == NULL);
	merge_release(&m);
	build_release(&a.rows);
	build_release(&b.rows);
}

static void
pace(void)
{
	struct pace p = {.rate = 0};
	double v;

	CHECK(pace_parse_rate(&v, "1000") == 0 && v == 1000);
	CHECK(pace_parse_rate(&v, "30/m") == 0 && v == 0.5);
	CHECK(pace_parse_rate(&v, "7200/h") == 0 && v == 2);
	CHECK(pace_parse_rate(&v, "2.5/s") == 0 && v == 2.5);
	CHECK(pace_parse_rate(&v, "0") == -1);
	CHECK(pace_parse_rate(&v, "-1") == -1);
	CHECK(pace_parse_rate(&v, "5/") == -1);
	CHECK(pace_parse_rate(&v, "5/d") == -1);
	CHECK(pace_parse_rate(&v, "5/sec") == -1);
	CHECK(pace_parse_rate(&v, "inf") == -1);
	CHECK(pace_parse_rate(&v, "") == -1);
	CHECK(pace_parse_speed(&v, "10x") == 0 && v == 10);
	CHECK(pace_parse_speed(&v, "0.5") == 0 && v == 0.5);
	CHECK(pace_parse_speed(&v, "x") == -1);
	CHECK(pace_parse_speed(&v, "0") == -1);
	CHECK(pace_room(&p, 77, 1000000) == 77);
	p.rate = 10;
	CHECK(pace_room(&p, 77, 1000000) == 1);
	pace_took(&p, 1);
	CHECK(pace_room(&p, 77, 1000001) == 0);
	CHECK(pace_wait_us(&p, INT64_MIN) == 1100000);
	CHECK(pace_room(&p, 77, 1100000) == 1);
	pace_took(&p, 1);
	/* What was not used is not saved up. */
	CHECK(pace_room(&p, 77, 900000000) == 2);
	p = (struct pace){.speed = 10};
	CHECK(pace_due(&p, 5000, 1000) == 5000);
	CHECK(pace_due(&p, 9000, 1100) == 6000);
	CHECK(pace_wait_us(&p, 7000) == 1200);
	CHECK(pace_due(&p, 0, INT64_MAX / 2) == INT64_MAX);
	CHECK(pace_wait_us(&p, INT64_MAX) > 1200);
	p = (struct pace){.speed = 1};
	CHECK(pace_due(&p, INT64_MAX - 5, 1000) == INT64_MAX);
	p = (struct pace){.speed = 1};
	CHECK(pace_due(&p, INT64_MIN + 1, 1000) == INT64_MIN + 1);
}

static void
range(void)
{
	int64_t t = 7;
	bool end;

	CHECK(range_parse(&t, &end, "start", 100) == 0 && t == 7 && !end);
	CHECK(range_parse(&t, &end, "end", 100) == 0 && t == 7 && end);
	CHECK(range_parse(&t, &end, "-15m", 1000000000) == 0 && t == 100000000
	      && !end);
	CHECK(range_parse(&t, &end, "1970-01-01T00:00:01Z", 0) == 0
	      && t == 1000000);
	CHECK(range_parse(&t, &end, "1970-01-02", 0) == 0
	      && t == INT64_C(86400000000));
	CHECK(range_parse(&t, &end, "15m", 0) == -1);
	CHECK(range_parse(&t, &end, "", 0) == -1);
	CHECK(range_parse(&t, &end, "noon", 0) == -1);
}

int
main(void)
{
	keep_and_append();
	merge();
	merge_odd();
	pace();
	range();
	return check_done("merge");
}
