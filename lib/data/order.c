/* SPDX-License-Identifier: ISC */
/* Sort the rows of a batch. */
#include "data/order.h"

#include <stdlib.h>
#include <string.h>

struct order {
	const struct order_key *keys;
	size_t n_keys;
};

static int
compare_floats(double x, double y)
{
	bool x_nan = x != x, y_nan = y != y;

	if (x_nan || y_nan)
		return x_nan - y_nan;
	return (x > y) - (x < y);
}

static int
compare_text(const struct col *c, uint32_t a, uint32_t b)
{
	size_t a_len, b_len, n;
	const char *p = col_str(c, a, &a_len), *q = col_str(c, b, &b_len);
	int order;

	n = a_len < b_len ? a_len : b_len;
	order = n == 0 ? 0 : memcmp(p, q, n);
	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int
compare_cells(const struct col *c, uint32_t a, uint32_t b)
{
	bool a_valid = col_is_valid(c, a), b_valid = col_is_valid(c, b);
	uint32_t x = col_entry(c, a), y = col_entry(c, b);

	if (!a_valid || !b_valid)
		return a_valid - b_valid;
	switch (c->type) {
	case TYPE_BOOL:
		return bit_get(c->bits, x) - bit_get(c->bits, y);
	case TYPE_FLOAT:
		return compare_floats(c->f[x], c->f[y]);
	case TYPE_STR:
	case TYPE_BIN:
		return compare_text(c, a, b);
	case TYPE_INT:
	case TYPE_TIME:
	case TYPE_DUR:
	default:
		return (c->i[x] > c->i[y]) - (c->i[x] < c->i[y]);
	}
}

static int
compare_rows(const struct order *o, uint32_t a, uint32_t b)
{
	for (size_t k = 0; k < o->n_keys; k++) {
		int order = compare_cells(&o->keys[k].col, a, b);

		if (order != 0)
			return o->keys[k].descending ? -order : order;
	}
	return 0;
}

/* Merge the sorted halves of row[0..n), which meet at mid, through spare. */
static void
merge(const struct order *o, uint32_t *row, uint32_t *spare, uint32_t mid,
    uint32_t n)
{
	uint32_t i = 0, j = mid, at = 0;

	memcpy(spare, row, mid * sizeof(*row));
	while (i < mid && j < n) {
		/* At a tie the left one, which came first. */
		if (compare_rows(o, spare[i], row[j]) <= 0)
			row[at++] = spare[i++];
		else
			row[at++] = row[j++];
	}
	memcpy(row + at, spare + i, (mid - i) * sizeof(*row));
}

void
order_rows(
    uint32_t *row, uint32_t n, const struct order_key *keys, size_t n_keys)
{
	struct order o = {.keys = keys, .n_keys = n_keys};
	uint32_t *spare = mem_resize(NULL, n, sizeof(*spare));

	for (uint32_t width = 1; width < n; width *= 2) {
		for (uint32_t at = 0; n - at > width;) {
			uint32_t left = n - at;
			uint32_t len = left < 2 * width ? left : 2 * width;

			merge(&o, row + at, spare, width, len);
			at += len;
		}
	}
	free(spare);
}
