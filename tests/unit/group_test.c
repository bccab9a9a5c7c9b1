/* SPDX-License-Identifier: ISC */
/* Values that are replaced, and the periods of --early. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "group/cells.h"
#include "group/early.h"

#define N 300u
#define MAX_LEN 400u

/* What cells should hold. */
struct model {
	char text[MAX_LEN];
	uint32_t len;
	bool valid;
};

static uint32_t
next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static bool
agrees(const struct cells *c, const struct model *m, uint32_t n)
{
	struct arena a = {0};
	uint32_t at[N] = {0};
	struct col out;
	bool ok = true;

	for (uint32_t i = 0; i < n; i++)
		at[i] = n - 1 - i;
	cells_get(c, &out, at, n, &a);
	col_check(&out);
	for (uint32_t i = 0; i < n; i++) {
		const struct model *want = &m[at[i]];
		size_t len;
		const char *p = col_str(&out, i, &len);

		ok = ok && col_is_valid(&out, i) == want->valid
		     && (!want->valid
			 || (len == want->len
			     && memcmp(p, want->text, len) == 0));
	}
	arena_release(&a);
	return ok;
}

/* Some cells, each other than the one before, get texts of any length. */
static void
put_some(struct cells *c, struct model *m, uint64_t *seed)
{
	uint32_t at[N], n = 0;
	struct colbuf b;
	struct col col;

	colbuf_init(&b, TYPE_STR);
	for (uint32_t i = next_random(seed) % 5; i < N;
	     i += 1 + next_random(seed) % 9) {
		struct model *x = &m[i];

		at[n++] = i;
		x->valid = next_random(seed) % 8 != 0;
		x->len = next_random(seed) % MAX_LEN;
		memset(x->text, 'a' + (char)(next_random(seed) % 26), x->len);
		if (x->valid)
			colbuf_push_str(&b, x->text, x->len);
		else
			colbuf_push_null(&b);
	}
	colbuf_view(&col, &b);
	CHECK(cells_put(c, at, &col, n) == 0);
	colbuf_release(&b);
}

static void
texts(void)
{
	struct model *m = mem_zero(N, sizeof(*m));
	uint32_t keep[N], n = 0;
	uint64_t seed = 7;
	struct cells c;

	cells_init(&c, TYPE_STR);
	cells_grow(&c, N);
	CHECK(agrees(&c, m, N));
	for (int round = 0; round < 300; round++) {
		put_some(&c, m, &seed);
		CHECK(agrees(&c, m, N));
		/* What was replaced does not pile up. */
		CHECK(c.heap_len < 2 * c.live + (65u << 10) + N * MAX_LEN);
	}
	for (uint32_t i = 1; i < N; i += 3) {
		m[n] = m[i];
		keep[n++] = i;
	}
	cells_keep(&c, keep, n);
	CHECK(c.n == n && c.heap_len == c.live);
	CHECK(agrees(&c, m, n));
	cells_release(&c);
	free(m);
}

static void
others(void)
{
	static const uint32_t at[] = {2, 0}, all[] = {0, 1, 2};
	struct arena a = {0};
	struct colbuf b;
	struct cells c;
	struct col col;

	colbuf_init(&b, TYPE_BOOL);
	colbuf_push_bool(&b, true);
	colbuf_push_bool(&b, false);
	colbuf_view(&col, &b);
	cells_init(&c, TYPE_BOOL);
	cells_grow(&c, 3);
	CHECK(cells_put(&c, at, &col, 2) == 0);
	cells_get(&c, &col, all, 3, &a);
	CHECK(bit_get(col.bits, 2) && !bit_get(col.bits, 0));
	CHECK(col_is_valid(&col, 0) && !col_is_valid(&col, 1));
	cells_release(&c);
	colbuf_release(&b);

	/* One value for many cells. */
	cells_init(&c, TYPE_FLOAT);
	cells_grow(&c, 3);
	col_const_null(&col, TYPE_FLOAT, 2);
	col.valid = NULL;
	col.f = (const double[]){2.5};
	CHECK(cells_put(&c, at, &col, 2) == 0);
	cells_get(&c, &col, all, 3, &a);
	CHECK(col.f[0] == 2.5 && col.f[2] == 2.5 && !col_is_valid(&col, 1));
	cells_release(&c);
	arena_release(&a);
}

/* Answers come before rows 0-based 3 and 5, however the rows are framed. */
static void
periods(void)
{
	static const int64_t times[] = {
	    INT64_MIN, 5, -3, 10, 9, 35, INT64_MIN, 39, 12};
	const uint32_t n = sizeof(times) / sizeof(times[0]);
	struct early e = {.every_us = 10};

	CHECK(early_run(&e, times, 0, n) == 3);
	CHECK(early_run(&e, times, 3, n) == 2);
	CHECK(early_run(&e, times, 5, n) == n - 5);

	e = (struct early){.every_us = 10};
	CHECK(early_run(&e, times, 0, 3) == 3);
	CHECK(early_run(&e, times, 3, 4) == 0);
	CHECK(early_run(&e, times, 3, 4) == 1);
	CHECK(early_run(&e, times, 4, n) == 1);
	CHECK(early_run(&e, times, 5, n) == n - 5);

	/* There is no period behind the last. */
	e = (struct early){.every_us = INT64_MAX};
	CHECK(early_run(&e, (const int64_t[]){1, INT64_MAX}, 0, 2) == 1);
}

int
main(void)
{
	texts();
	others();
	periods();
	return check_done("group");
}
