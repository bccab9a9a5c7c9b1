/* SPDX-License-Identifier: ISC */
/* Growth of the open-addressing map. */
#include "base/map.h"

#include <stdlib.h>

#include "base/mem.h"

#define MAP_MIN 16

void
map_init(struct map *m)
{
	*m = (struct map){.slots = NULL};
}

void
map_release(struct map *m)
{
	free(m->slots);
	map_init(m);
}

void
map_reset(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		m->slots[i].index = MAP_NONE;
	m->n = 0;
}

void
map_grow(struct map *m, const uint64_t *hashes)
{
	uint32_t n = m->n;

	free(m->slots);
	m->cap = m->cap == 0 ? MAP_MIN : m->cap * 2;
	m->slots = mem_resize(NULL, m->cap, sizeof(*m->slots));
	map_reset(m);
	while (m->n < n) {
		uint64_t h = hashes[m->n];
		size_t at = (size_t)h & (m->cap - 1);

		while (m->slots[at & (m->cap - 1)].index != MAP_NONE)
			at++;
		map_insert(m, at, h);
	}
}
