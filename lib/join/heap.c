/* SPDX-License-Identifier: ISC */
/* A binary heap of rows. */
#include "join/heap.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

void
heap_release(struct heap *h)
{
	free(h->v);
	*h = (struct heap){.v = NULL};
}

static inline bool
before(const struct heap_item *a, const struct heap_item *b)
{
	return a->at != b->at ? a->at < b->at : a->row < b->row;
}

void
heap_push(struct heap *h, int64_t at, uint32_t row)
{
	struct heap_item it = {.at = at, .row = row};
	size_t i = h->n++;

	h->v = mem_grow(h->v, &h->cap, h->n, sizeof(*h->v));
	for (; i > 0 && before(&it, &h->v[(i - 1) / 2]); i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = it;
}

void
heap_pop(struct heap *h)
{
	struct heap_item it = h->v[--h->n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n && before(&h->v[child + 1], &h->v[child]))
			child++;
		if (!before(&h->v[child], &it))
			break;
		h->v[i] = h->v[child];
		i = child;
	}
	h->v[i] = it;
}
