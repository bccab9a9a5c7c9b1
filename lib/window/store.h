/* SPDX-License-Identifier: ISC */
/* Rows that are held, and bags of them in the order of event time. */
#ifndef MILLRACE_WINDOW_STORE_H
#define MILLRACE_WINDOW_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/batch.h"

#define STORE_ROWS 8192 /* of a chunk, and of what is given at once */

/* A row: what it is sorted by, and its number in the store. */
struct store_row {
	int64_t t; /* INT64_MIN when it has no event time */
	int64_t part;
	uint64_t at; /* grows from row to row, in the order of arrival */
};

/* Rows that leave together. */
struct bag {
	struct store_row *rows;
	size_t n;
	size_t cap;
	bool is_sorted;
};

struct store_chunk;

/*
 * Rows in chunks.  Invariants: chunks ascend by the number of their first
 * row; n_live of the n_held rows are in a bag, each in one; a chunk without
 * such a row is freed.
 */
struct store {
	const struct schema *schema; /* borrowed */
	struct store_chunk **chunks;
	size_t n_chunks;
	size_t cap;
	uint64_t next; /* number of the next row */
	uint64_t n_held;
	uint64_t n_live;
	uint32_t *sel; /* scratch */
	size_t cap_sel;
};

void store_init(struct store *s, const struct schema *schema);
void store_release(struct store *s);

/*
 * store_add: hold rows cols[0..n_cols) of n rows, each of which the caller
 * puts into a bag; returns the number of the first.
 * store_copy: append the rows [from, from + n) of a bag, in the order of event
 * time, then part, then arrival, to out.
 * store_drop: the rows of b are held no more; b is empty then.
 */
uint64_t store_add(struct store *s, const struct col *cols, uint32_t n);
void store_copy(
    struct store *s, struct build *out, struct bag *b, size_t from, uint32_t n);
void store_drop(struct store *s, struct bag *b);

/*
 * Whether rows that nobody wants take most of the memory; then the owner of
 * all bags gives them to store_pack, and their rows are numbered anew.
 */
bool store_is_sparse(const struct store *s);
void store_pack(struct store *s, struct bag **bags, size_t n_bags);

/*
 * The rows of bags, which are all there are, for a restart: the bags get back
 * what they had, each with its rows in order.  store_load: into an empty store
 * and bags; 0, or -1 when it is malformed.
 */
void store_save(
    struct store *s, struct buf *out, struct bag *const *bags, size_t n_bags);
int store_load(
    struct store *s, struct cur *in, struct bag *const *bags, size_t n_bags);

/*
 * bag_push: a row.  bag_join: all rows of from, which is empty then.
 * bag_release: the memory, not the rows.
 */
void bag_push(struct bag *b, int64_t t, int64_t part, uint64_t at);
void bag_join(struct bag *b, struct bag *from);
void bag_release(struct bag *b);

#endif
