/* SPDX-License-Identifier: ISC */
/* Sort the rows of a batch by some of its columns. */
#ifndef MILLRACE_DATA_ORDER_H
#define MILLRACE_DATA_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/col.h"

struct order_key {
	struct col col;
	bool descending;
};

/*
 * Sort row[0..n), numbers of rows of the keys' columns, by the keys in turn;
 * rows that are equal in all stay as they were.  Ascending: nulls, then
 * false before true, numbers with NaN last, text by its bytes.
 */
void order_rows(
    uint32_t *row, uint32_t n, const struct order_key *keys, size_t n_keys);

#endif
