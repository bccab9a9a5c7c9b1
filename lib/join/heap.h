/* SPDX-License-Identifier: ISC */
/* Rows that wait for their time, the earliest first. */
#ifndef MILLRACE_JOIN_HEAP_H
#define MILLRACE_JOIN_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_item {
	int64_t at;
	uint32_t row;
};

/*
 * Invariant: v[i] does not come before v[(i - 1) / 2]; items come in the
 * order of at, then of row.  All zero bytes is an empty one.
 */
struct heap {
	struct heap_item *v; /* owned */
	size_t n;
	size_t cap;
};

void heap_release(struct heap *h);

/* heap_pop: take v[0] away; n > 0. */
void heap_push(struct heap *h, int64_t at, uint32_t row);
void heap_pop(struct heap *h);

#endif
