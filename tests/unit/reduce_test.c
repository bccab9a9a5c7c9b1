/* SPDX-License-Identifier: ISC */
/* Keys, panes and windows: groups, order, closing, merging. */
#include <string.h>

#include "base/time.h"
#include "check.h"
#include "window/reduce.h"

#define US TIME_US

static const enum type str_key[] = {TYPE_STR};

/* Columns from literals. */
static void
texts(struct colbuf *b, const char *const *v, uint32_t n)
{
	colbuf_init(b, TYPE_STR);
	for (uint32_t i = 0; i < n; i++) {
		if (v[i] == NULL)
			colbuf_push_null(b);
		else
			colbuf_push_str(b, v[i], strlen(v[i]));
	}
}

static void
check_groups(const struct col *c, size_t n_cols, const uint32_t *want)
{
	struct arena a = {.blocks = NULL};
	enum type types[2] = {c[0].type, n_cols > 1 ? c[1].type : TYPE_INT};
	uint32_t group[16] = {0};
	struct keys_rows r;
	struct keys k;

	keys_init(&k, types, n_cols);
	keys_prepare(&r, c, n_cols, c->n, &a);
	for (int round = 0; round < 2; round++) {
		keys_find(&k, group, &r, NULL, c->n);
		for (uint32_t i = 0; i < c->n; i++)
			CHECK(group[i] == want[i]);
	}
	keys_release(&k);
	arena_release(&a);
}

/* One column in each encoding, two columns, nulls, all lengths of text. */
static void
test_groups(void)
{
	static const char *const v[] = {"", "a", "abcd", "abce", "abcdefgh",
	    "abcdefgi", "a sentence that is longer than sixteen bytes", "a",
	    "a sentence that is longer than sixteen bytes", ""};
	static const char *const with_null[] = {"a", NULL, "", "a", NULL};
	static const uint8_t codes[] = {1, 0, 1, 2, 0};
	static const int64_t ints[] = {5, 5, 6, 5, -5};
	static const double floats[] = {0.0, -0.0, 1, 0.0, 1};
	struct colbuf b;
	struct col c[2];

	texts(&b, v, 10);
	colbuf_view(&c[0], &b);
	check_groups(c, 1, (const uint32_t[]){0, 1, 2, 3, 4, 5, 6, 1, 6, 0});
	/* Dictionary entries 0..2 in the order in which rows have them. */
	c[0].enc = COL_DICT;
	c[0].n = 5;
	c[0].n_entries = 3;
	c[0].code_width = 1;
	c[0].codes = codes;
	check_groups(c, 1, (const uint32_t[]){0, 1, 0, 2, 1});
	c[0].enc = COL_CONST;
	c[0].n_entries = 1;
	check_groups(c, 1, (const uint32_t[]){0, 0, 0, 0, 0});
	colbuf_release(&b);

	texts(&b, with_null, 5);
	colbuf_view(&c[0], &b);
	check_groups(c, 1, (const uint32_t[]){0, 1, 2, 0, 1});
	c[1] =
	    (struct col){.type = TYPE_INT, .n = 5, .n_entries = 5, .i = ints};
	check_groups(c, 2, (const uint32_t[]){0, 1, 2, 0, 3});
	check_groups(c + 1, 1, (const uint32_t[]){0, 0, 1, 0, 2});
	c[1].type = TYPE_FLOAT;
	c[1].f = floats;
	check_groups(c + 1, 1, (const uint32_t[]){0, 0, 1, 0, 1});
	colbuf_release(&b);
}

/*
 * Two columns of codes have the groups of the same cells written plain, in
 * one table with them; what combines to no known key is not found.
 */
static void
test_combinations(void)
{
	static const char *const v[] = {"x", "yy", "zzzzz"};
	static const uint8_t codes[] = {2, 0, 0, 2, 1, 0, 2, 1, 2};
	static const uint16_t others[] = {1, 1, 0, 1, 1, 0, 0, 1, 1};
	static const uint32_t want[] = {0, 1, 2, 0, 3, 2, 4, 3, 0};
	static const int64_t ints[] = {7, -7};
	static const enum type types[] = {TYPE_STR, TYPE_INT};
	const uint32_t few[] = {0, 1, 2};
	struct arena a = {.blocks = NULL};
	struct keys_rows coded, plain;
	struct col c[2], flat[2];
	uint32_t group[9];
	struct colbuf b;
	struct keys k;

	texts(&b, v, 3);
	colbuf_view(&c[0], &b);
	c[0].enc = COL_DICT;
	c[0].n = 9;
	c[0].code_width = 1;
	c[0].codes = codes;
	c[1] = (struct col){.type = TYPE_INT,
	    .enc = COL_DICT,
	    .n = 9,
	    .n_entries = 2,
	    .code_width = 2,
	    .codes = others,
	    .i = ints};
	check_groups(c, 2, want);
	for (size_t i = 0; i < 2; i++)
		col_flatten(&flat[i], &a, &c[i]);
	keys_prepare(&coded, c, 2, 9, &a);
	keys_prepare(&plain, flat, 2, 9, &a);
	CHECK(coded.by_entry && coded.n_combos == 6 && !plain.by_entry);
	for (int order = 0; order < 2; order++) {
		keys_init(&k, types, 2);
		keys_find(&k, group, order == 0 ? &plain : &coded, few, 3);
		keys_look(&k, group, &coded);
		for (uint32_t i = 0; i < 9; i++)
			CHECK(group[i] == (want[i] < 3 ? want[i] : MAP_NONE));
		keys_find(&k, group, order == 0 ? &coded : &plain, NULL, 9);
		CHECK(k.map.n == 5);
		for (uint32_t i = 0; i < 9; i++)
			CHECK(group[i] == want[i]);
		keys_release(&k);
	}
	colbuf_release(&b);
	arena_release(&a);
}

/* An operator that counts by one text key. */
struct counter {
	const struct agg_fn *fn;
	struct pane_plan plan;
	struct reduce *r;
	struct arena a;
	uint64_t order;
};

static void
begin(struct counter *c, enum window_kind kind, int64_t size, int64_t slide)
{
	struct window_spec w = {
	    .kind = kind, .size = size * US, .slide = slide * US};

	*c = (struct counter){.fn = agg_find("count", false, 0)};
	c->plan = (struct pane_plan){
	    .key_types = str_key, .n_keys = 1, .states = &c->fn, .n_states = 1};
	c->r = reduce_new(&w, &c->plan, NULL);
}

static void
end(struct counter *c)
{
	reduce_free(c->r);
	arena_release(&c->a);
}

/* Add rows whose keys are the letters of text, in panes (seconds). */
static int
feed(struct counter *c, const char *text, const int64_t *panes)
{
	uint32_t n = (uint32_t)strlen(text), group[16];
	int64_t us[16];
	const struct col *arg = NULL;
	struct keys_rows keys;
	struct agg_rows rows = {.arena = &c->a};
	struct pane_rows in = {
	    .keys = &keys, .args = &arg, .rows = &rows, .group = group};
	struct col pane = {.type = TYPE_TIME, .n = n, .n_entries = n, .i = us};
	const char *why = NULL;
	struct colbuf b;
	struct col key;
	int rc;

	colbuf_init(&b, TYPE_STR);
	for (uint32_t i = 0; i < n; i++) {
		us[i] = panes[i] * US;
		colbuf_push_str(&b, text + i, 1);
	}
	colbuf_view(&key, &b);
	keys_prepare(&keys, &key, 1, n, &c->a);
	keys.order = c->order;
	c->order += n;
	rc = reduce_add(c->r, &why, &in, &pane, n, &c->a);
	CHECK((rc == -1) == (why != NULL));
	colbuf_release(&b);
	return rc;
}

/* The next window as "start-end a2 b1" (seconds), or "". */
static const char *
next(struct counter *c, int64_t watermark)
{
	static char out[256];
	struct reduce_window w;
	const char *why = "";
	size_t at;

	out[0] = '\0';
	if (reduce_next(c->r, &w, &why,
		watermark == INT64_MAX ? watermark : watermark * US)
	    != 1)
		return out;
	at = (size_t)snprintf(out, sizeof(out), "%lld-%lld",
	    (long long)(w.start_us / US), (long long)(w.end_us / US));
	for (uint32_t i = 0; i < pane_n_groups(w.table); i++) {
		uint32_t g = w.order == NULL ? i : w.order[i];
		struct colbuf n;
		struct col key;
		size_t len;

		colbuf_init(&n, TYPE_INT);
		colbuf_view(&key, &w.table->keys.cols[0]);
		CHECK(agg_final(&n, c->fn, &w.table->sets[0], g) == 0);
		at += (size_t)snprintf(out + at, sizeof(out) - at, " %c%lld",
		    *col_str(&key, g, &len), (long long)n.i[0]);
		colbuf_release(&n);
	}
	return out;
}

static void
test_tumbling(void)
{
	struct counter c;

	begin(&c, WINDOW_TUMBLING, 10, 0);
	CHECK(feed(&c, "bab", (const int64_t[]){10, 10, 10}) == 0);
	CHECK(feed(&c, "aabc", (const int64_t[]){30, 10, 0, 30}) == 0);
	CHECK(strcmp(next(&c, 9), "") == 0);
	CHECK(strcmp(next(&c, 20), "0-10 b1") == 0);
	CHECK(strcmp(next(&c, 20), "10-20 b2 a2") == 0);
	CHECK(strcmp(next(&c, 20), "") == 0);
	/* The pane was closed: a row for it is an error, not a new window. */
	CHECK(feed(&c, "a", (const int64_t[]){10}) == -1);
	CHECK(strcmp(next(&c, INT64_MAX), "30-40 a1 c1") == 0);
	CHECK(feed(&c, "ab", (const int64_t[]){50, 10}) == -1);
	end(&c);
}

/* Windows of 30 every 20, so panes of 10; order is that of arrival. */
static void
test_sliding(void)
{
	struct counter c;

	begin(&c, WINDOW_SLIDING, 30, 20);
	CHECK(feed(&c, "xab", (const int64_t[]){20, 10, 20}) == 0);
	CHECK(feed(&c, "ac", (const int64_t[]){20, 50}) == 0);
	CHECK(strcmp(next(&c, 30), "0-30 x1 a2 b1") == 0);
	CHECK(strcmp(next(&c, 49), "") == 0);
	CHECK(strcmp(next(&c, 50), "20-50 x1 b1 a1") == 0);
	CHECK(feed(&c, "d", (const int64_t[]){50}) == 0);
	CHECK(strcmp(next(&c, INT64_MAX), "40-70 c1 d1") == 0);
	CHECK(strcmp(next(&c, INT64_MAX), "") == 0);
	end(&c);
}

/* Merges for each of many windows of that size, times 1000; slide 10. */
static uint64_t
cost(int64_t size)
{
	const int64_t n = 4000;
	struct counter c;
	struct reduce_window w;
	const char *why = NULL;
	uint64_t before = 0, windows = 0;

	begin(&c, WINDOW_SLIDING, size, 10);
	for (int64_t i = 0; i < 2 * n; i++) {
		const int64_t pane = i * 10;

		if (i == n)
			before = reduce_merges(c.r);
		CHECK(feed(&c, "a", &pane) == 0);
		while (reduce_next(c.r, &w, &why, pane * US) == 1)
			windows += i >= n;
	}
	before = reduce_merges(c.r) - before;
	end(&c);
	CHECK(windows == (uint64_t)n);
	return before * 1000 / (uint64_t)n;
}

/*
 * At one slide a window costs less than three merges, whatever its size: k
 * panes to a window cost 3 (k - 1) / k.
 */
static void
test_sliding_cost(void)
{
	CHECK(cost(60) == 2500);
	CHECK(cost(300) > 2850 && cost(300) < 3000);
	CHECK(cost(3600) > 2950 && cost(3600) < 3000);
}

/* A gap between windows, and negative times. */
static void
test_far_apart(void)
{
	struct counter c;

	begin(&c, WINDOW_SLIDING, 10, 30);
	CHECK(feed(&c, "ab", (const int64_t[]){-30, 60}) == 0);
	CHECK(strcmp(next(&c, 0), "-30--20 a1") == 0);
	CHECK(strcmp(next(&c, 69), "") == 0);
	CHECK(strcmp(next(&c, 70), "60-70 b1") == 0);
	end(&c);
}

/* What a stream may claim but swindow never says. */
static void
test_wrong_panes(void)
{
	static const int64_t wrong[] = {5, 20, INT64_MAX / US, INT64_MIN / US};
	struct counter c;

	begin(&c, WINDOW_SLIDING, 10, 30);
	for (size_t i = 0; i < 4; i++)
		CHECK(feed(&c, "a", wrong + i) == -1);
	CHECK(strcmp(next(&c, INT64_MAX), "") == 0);
	end(&c);
}

static void
test_keyless(void)
{
	const struct agg_fn *fn = agg_find("count", false, 0);
	struct pane_plan plan = {.states = &fn, .n_states = 1};
	struct window_spec w = {.kind = WINDOW_NONE};
	struct reduce *r = reduce_new(&w, &plan, NULL);
	struct reduce_window all;
	const char *why = NULL;
	struct colbuf n;

	colbuf_init(&n, TYPE_INT);
	for (int i = 0; i < 2; i++) {
		CHECK(reduce_whole(r, &all, &why) == 0);
		CHECK(pane_n_groups(all.table) == 1);
		CHECK(agg_final(&n, fn, &all.table->sets[0], 0) == 0);
		CHECK(n.i[i] == 0);
	}
	colbuf_release(&n);
	reduce_free(r);
}

int
main(void)
{
	test_groups();
	test_combinations();
	test_tumbling();
	test_sliding();
	test_sliding_cost();
	test_far_apart();
	test_wrong_panes();
	test_keyless();
	return check_done("reduce_test");
}
