/* SPDX-License-Identifier: ISC */
/* Rows in one piece of memory are the rows. */
#include "data/flat.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static const enum type types[] = {
    TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_STR, TYPE_TIME, TYPE_DUR, TYPE_BIN};

#define N_TYPES (sizeof(types) / sizeof(types[0]))

static void
begin(struct build *b, size_t n_cols)
{
	b->n_cols = n_cols;
	b->n_rows = 0;
	b->cols = mem_zero(n_cols, sizeof(*b->cols));
	for (size_t i = 0; i < n_cols; i++)
		colbuf_init(&b->cols[i], types[(size_t)rand() % N_TYPES]);
}

static void
push(struct colbuf *c)
{
	static const char text[] = "any text of some length";

	if (rand() % 7 == 0)
		colbuf_push_null(c);
	else if (c->type == TYPE_BOOL)
		colbuf_push_bool(c, rand() % 2 == 0);
	else if (c->type == TYPE_STR || c->type == TYPE_BIN)
		colbuf_push_str(c, text, (size_t)rand() % sizeof(text));
	else
		colbuf_push_int(c, rand());
}

static bool
same_cell(const struct colbuf *pa, const struct colbuf *pb, uint32_t r)
{
	struct col a, b;
	size_t len_a, len_b;
	const char *s;

	colbuf_view(&a, pa);
	colbuf_view(&b, pb);
	if (a.type != b.type || col_is_valid(&a, r) != col_is_valid(&b, r))
		return false;
	if (!col_is_valid(&a, r))
		return true;
	if (a.type == TYPE_BOOL)
		return bit_get(a.bits, r) == bit_get(b.bits, r);
	if (!type_is_bytes(a.type))
		return a.i[r] == b.i[r];
	s = col_str(&a, r, &len_a);
	return memcmp(col_str(&b, r, &len_b), s, len_a) == 0 && len_a == len_b;
}

/* The rows of a view, and those appended from it, are those of b. */
static void
check_rows(struct build *b)
{
	size_t len = flat_len(b);
	char *p = mem_alloc(len + 8);
	struct build view = {.n_cols = b->n_cols}, copy = view;
	uint32_t from = b->n_rows == 0 ? 0 : (uint32_t)rand() % b->n_rows;

	memset(p, 0x5a, len + 8);
	flat_put(p, b);
	CHECK(len % 8 == 0 && p[len] == 0x5a);
	view.cols = mem_zero(b->n_cols, sizeof(*view.cols));
	copy.cols = mem_zero(b->n_cols, sizeof(*copy.cols));
	for (size_t i = 0; i < b->n_cols; i++)
		view.cols[i].type = copy.cols[i].type = b->cols[i].type;
	flat_view(&view, p);
	CHECK(view.n_rows == b->n_rows);
	build_append(&copy, b, 0, from);
	build_append(&copy, &view, from, b->n_rows - from);
	for (size_t i = 0; i < b->n_cols; i++)
		for (uint32_t r = 0; r < b->n_rows; r++)
			CHECK(same_cell(&view.cols[i], &b->cols[i], r)
			      && same_cell(&copy.cols[i], &b->cols[i], r));
	CHECK(build_bytes(&view) == build_bytes(b));
	flat_forget(&view);
	build_release(&view);
	build_release(&copy);
	free(p);
}

/* Rows reach a size with the row that passes it. */
static void
check_reach(const struct build *b)
{
	for (size_t have = 0; have < 50; have += 7)
		for (uint32_t at = 0; at < b->n_rows; at++) {
			uint32_t n = build_reach(b, at, have, 300), k = 0;
			struct build part = {.n_cols = b->n_cols};
			size_t bytes = have;

			part.cols = mem_zero(b->n_cols, sizeof(*part.cols));
			for (size_t i = 0; i < b->n_cols; i++)
				part.cols[i].type = b->cols[i].type;
			while (bytes < 300 && at + k < b->n_rows) {
				build_append(&part, b, at + k++, 1);
				bytes = have + build_bytes(&part);
			}
			CHECK(n == (bytes < 300 ? 0 : k));
			build_release(&part);
		}
}

int
main(void)
{
	for (unsigned seed = 1; seed <= 200; seed++) {
		struct build b;

		srand(seed);
		begin(&b, (size_t)rand() % 6);
		b.n_rows = (uint32_t)rand() % 40;
		for (size_t i = 0; i < b.n_cols; i++)
			for (uint32_t r = 0; r < b.n_rows; r++)
				push(&b.cols[i]);
		check_rows(&b);
		check_reach(&b);
		build_release(&b);
	}
	return check_done("flat");
}
