/* SPDX-License-Identifier: ISC */
/* Rows that are held: what is copied, dropped and packed is what was added. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "window/store.h"

#define N_BAGS 5

static uint64_t state = 11;

static uint32_t
below(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((state >> 33) % n);
}

/* What a bag should hold: the numbers of rows, each at time below(9). */
struct want {
	uint32_t *ids;
	size_t n;
	size_t cap;
};

static int64_t
time_of(uint32_t id)
{
	return (int64_t)(id * 2654435761u >> 28);
}

static int64_t
part_of(uint32_t id)
{
	return id % 3;
}

static int
by_order(const void *va, const void *vb)
{
	uint32_t a = *(const uint32_t *)va, b = *(const uint32_t *)vb;

	if (time_of(a) != time_of(b))
		return time_of(a) < time_of(b) ? -1 : 1;
	if (part_of(a) != part_of(b))
		return part_of(a) < part_of(b) ? -1 : 1;
	return (a > b) - (a < b);
}

static void
add(struct store *s, struct bag *bags, struct want *wants, uint32_t *next,
    uint32_t n)
{
	struct colbuf ids, names;
	struct col cols[2];
	uint64_t at;

	colbuf_init(&ids, TYPE_INT);
	colbuf_init(&names, TYPE_STR);
	for (uint32_t i = 0; i < n; i++) {
		colbuf_push_int(&ids, *next + i);
		if ((*next + i) % 7 == 0)
			colbuf_push_null(&names);
		else
			colbuf_push_str(&names, "abcdefgh", (*next + i) % 8);
	}
	colbuf_view(&cols[0], &ids);
	colbuf_view(&cols[1], &names);
	at = store_add(s, cols, n);
	for (uint32_t i = 0; i < n; i++, ++*next) {
		uint32_t to = below(N_BAGS);
		struct want *w = &wants[to];

		bag_push(&bags[to], time_of(*next), part_of(*next), at + i);
		w->ids = mem_grow(w->ids, &w->cap, w->n + 1, sizeof(*w->ids));
		w->ids[w->n++] = *next;
	}
	colbuf_release(&ids);
	colbuf_release(&names);
}

static void
check_bag(struct store *s, struct bag *b, struct want *w, struct build *out)
{
	size_t at = 0, len;
	struct batch rows;
	uint32_t n;

	CHECK(b->n == w->n);
	if (w->n > 0)
		qsort(w->ids, w->n, sizeof(*w->ids), by_order);
	batch_init(&rows);
	while (at < w->n) {
		n = 1 + below(3000);
		n = n < w->n - at ? n : (uint32_t)(w->n - at);
		build_reset(out);
		store_copy(s, out, b, at, n);
		build_view(&rows, out);
		CHECK(rows.n_rows == n);
		for (uint32_t r = 0; r < n; r++, at++) {
			uint32_t id = w->ids[at];

			CHECK(rows.cols[0].i[r] == id);
			CHECK(col_is_valid(&rows.cols[1], r) == (id % 7 != 0));
			if (id % 7 != 0) {
				col_str(&rows.cols[1], r, &len);
				CHECK(len == id % 8);
			}
		}
	}
	batch_release(&rows);
}

static void
drop(struct store *s, struct bag *b, struct want *w)
{
	store_drop(s, b);
	CHECK(b->n == 0);
	w->n = 0;
}

static void
test_random(struct schema *schema)
{
	struct bag bags[N_BAGS] = {{.rows = NULL}}, *list[N_BAGS];
	struct want wants[N_BAGS] = {{.ids = NULL}};
	struct build out;
	struct store s;
	uint32_t next = 0, from, n_packed = 0;

	store_init(&s, schema);
	build_init(&out, schema);
	for (int i = 0; i < N_BAGS; i++)
		list[i] = &bags[i];
	for (int step = 0; step < 600; step++) {
		add(&s, bags, wants, &next, below(3000));
		/* Bag 0 lives long; what it needs is spread over all. */
		from = 1 + below(N_BAGS - 1);
		if (step % 50 == 0)
			check_bag(&s, &bags[from], &wants[from], &out);
		if (step % 97 == 0) {
			for (size_t r = 0; r < wants[from].n; r++) {
				struct want *w = &wants[0];

				w->ids = mem_grow(
				    w->ids, &w->cap, w->n + 1, sizeof(*w->ids));
				w->ids[w->n++] = wants[from].ids[r];
			}
			wants[from].n = 0;
			bag_join(&bags[0], &bags[from]);
		} else {
			drop(&s, &bags[from], &wants[from]);
		}
		if (step % 150 == 149)
			drop(&s, &bags[0], &wants[0]);
		if (store_is_sparse(&s)) {
			store_pack(&s, list, N_BAGS);
			CHECK(s.n_held == s.n_live);
			n_packed++;
		}
		CHECK(s.n_live <= s.n_held);
	}
	for (int i = 0; i < N_BAGS; i++) {
		check_bag(&s, &bags[i], &wants[i], &out);
		drop(&s, &bags[i], &wants[i]);
		bag_release(&bags[i]);
		free(wants[i].ids);
	}
	CHECK(s.n_held == 0 && s.n_chunks == 0);
	CHECK(n_packed > 0);
	build_release(&out);
	store_release(&s);
}

/* One row of each thousand stays: memory follows what stays. */
static void
test_packed(struct schema *schema)
{
	struct bag keep = {.rows = NULL}, gone = {.rows = NULL};
	struct bag *bags[] = {&keep, &gone};
	struct col cols[2];
	int64_t v = 5;
	struct store s;
	uint64_t at;

	store_init(&s, schema);
	cols[0] = (struct col){.type = TYPE_INT,
	    .enc = COL_CONST,
	    .n = 1000,
	    .n_entries = 1,
	    .i = &v};
	col_const_null(&cols[1], TYPE_STR, 1000);
	for (int i = 0; i < 2000; i++) {
		at = store_add(&s, cols, 1000);
		bag_push(&keep, i, 1, at);
		for (uint64_t r = 1; r < 1000; r++)
			bag_push(&gone, i, 1, at + r);
		store_drop(&s, &gone);
		if (store_is_sparse(&s))
			store_pack(&s, bags, 2);
		CHECK(s.n_held < 17 * STORE_ROWS + 4 * keep.n);
	}
	CHECK(keep.n == 2000 && s.n_live == 2000);
	bag_release(&keep);
	bag_release(&gone);
	store_release(&s);
}

int
main(void)
{
	struct schema schema;

	schema_init(&schema);
	schema_add(&schema, "id", 2, TYPE_INT);
	schema_add(&schema, "name", 4, TYPE_STR);
	test_random(&schema);
	test_packed(&schema);
	schema_release(&schema);
	return check_done("store");
}
