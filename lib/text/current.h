/* SPDX-License-Identifier: ISC */
/*
 * The rows that stand, of a stream whose rows replace earlier ones: by key,
 * in the order in which the keys came.
 */
#ifndef MILLRACE_TEXT_CURRENT_H
#define MILLRACE_TEXT_CURRENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"
#include "data/batch.h"
#include "text/table.h"

struct current_row;

/*
 * Invariants: rows[0..map.n) are those of the keys ever put since the last
 * sweep, n of them stand; order[0..n_order) are numbers of rows, those that
 * stand once each, in order, and MAP_NONE where one was deleted.
 */
struct current {
	uint32_t *keys; /* owned: columns */
	size_t n_keys;
	struct map map;
	uint64_t *hashes; /* by row */
	size_t cap_hashes;
	struct current_row *rows;
	size_t cap_rows;
	uint32_t *order;
	size_t n_order;
	size_t cap_order;
	uint32_t n;
	struct buf key; /* of the row at hand */
};

/* keys are columns, taken over.  All zero bytes is an object to release. */
void current_init(struct current *c, uint32_t *keys, size_t n_keys);
void current_release(struct current *c);

/*
 * current_put: the row for the keys of row r of b; what it held is to be
 * replaced.  One that did not stand does now, behind all others.
 * current_add: one more row, where no row has keys.
 * current_delete: no row stands for these keys.
 * current_next: the row that stands at or behind *at, which is 0 to begin with
 * and moves on; NULL at the end.
 * Rows are valid until the next put.
 */
struct table_row *current_put(
    struct current *c, const struct batch *b, uint32_t r);
struct table_row *current_add(struct current *c);
void current_delete(struct current *c, const struct batch *b, uint32_t r);
struct table_row *current_next(const struct current *c, size_t *at);

#endif
