/* SPDX-License-Identifier: ISC */
/*
 * Keys to group numbers, against a table of what each number's first row was:
 * small tables and large ones, texts, integers, and two columns.
 */
#include <stdlib.h>

#include "check.h"
#include "rnd.h"
#include "window/keys.h"

#define N_BATCH 1000

enum shape { TEXT, INT, BOTH, N_SHAPES };

static const enum type types[N_SHAPES][2] = {
    {TYPE_STR}, {TYPE_INT}, {TYPE_INT, TYPE_STR}};

static uint32_t
below(uint32_t n)
{
	return (uint32_t)(rnd() >> 20) % n;
}

/* The key that stands for v: texts of 1 to 40 bytes. */
static void
push(struct colbuf *b, uint32_t v)
{
	char text[64];
	int len;

	if (b->type == TYPE_INT) {
		colbuf_push_int(b, (int64_t)v * 1000003);
		return;
	}
	len = snprintf(text, sizeof(text), "%x%.*s", v, (int)(v % 33),
	    "--------------------------------");
	colbuf_push_str(b, text, (size_t)len);
}

/* A batch of keys below n_keys: whether each has the number it should have. */
static bool
batch_is_right(struct keys *k, uint32_t *number, uint32_t *n_known,
    enum shape shape, uint32_t n_keys)
{
	uint32_t v[N_BATCH], group[N_BATCH], known[N_BATCH];
	struct arena a = {.blocks = NULL};
	struct colbuf b[2];
	struct col cols[2];
	struct keys_rows rows;
	bool right = true;

	for (size_t c = 0; c < k->n_cols; c++)
		colbuf_init(&b[c], types[shape][c]);
	for (uint32_t i = 0; i < N_BATCH; i++) {
		/* Now and then one that was just there. */
		v[i] = i > 0 && below(4) == 0 ? v[i - 1] : below(n_keys);
		for (size_t c = 0; c < k->n_cols; c++)
			push(&b[c], v[i]);
	}
	for (size_t c = 0; c < k->n_cols; c++)
		colbuf_view(&cols[c], &b[c]);
	keys_prepare(&rows, cols, k->n_cols, N_BATCH, &a);
	keys_look(k, known, &rows);
	keys_find(k, group, &rows, NULL, N_BATCH);
	for (uint32_t i = 0; i < N_BATCH; i++) {
		right &= known[i] == MAP_NONE || known[i] == number[v[i]];
		if (number[v[i]] == MAP_NONE)
			number[v[i]] = (*n_known)++;
		right &= group[i] == number[v[i]];
	}
	for (size_t c = 0; c < k->n_cols; c++)
		colbuf_release(&b[c]);
	arena_release(&a);
	return right;
}

static void
test_numbers(enum shape shape, uint32_t n_keys)
{
	uint32_t *number = mem_resize(NULL, n_keys, sizeof(*number));
	uint32_t n_known = 0;
	struct keys k;

	for (uint32_t i = 0; i < n_keys; i++)
		number[i] = MAP_NONE;
	keys_init(&k, types[shape], shape == BOTH ? 2 : 1);
	for (uint32_t i = 0; i < 10 + 3 * n_keys / N_BATCH; i++)
		CHECK(batch_is_right(&k, number, &n_known, shape, n_keys));
	CHECK(n_known == k.map.n);
	keys_release(&k);
	free(number);
}

int
main(void)
{
	for (enum shape shape = TEXT; shape < N_SHAPES; shape++) {
		test_numbers(shape, 1);
		test_numbers(shape, 300);
		test_numbers(shape, 40000);
	}
	return check_done("keys_test");
}
