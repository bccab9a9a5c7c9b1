/* SPDX-License-Identifier: ISC */
/*
 * Open addressing from a 64-bit hash to a dense number 0..n-1.  The map does
 * not know the keys: the owner keeps them by number and compares.
 */
#ifndef MILLRACE_BASE_MAP_H
#define MILLRACE_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#define MAP_NONE UINT32_MAX

/*
 * Invariants: cap is 0 or a power of two; n <= cap * 3/4; a slot is used iff
 * its index is not MAP_NONE; the used slots hold 0..n-1, each once; the order
 * of the slots never shows in any result.
 */
struct map_slot {
	uint32_t tag; /* high half of the hash */
	uint32_t index;
};

struct map {
	struct map_slot *slots;
	size_t cap;
	uint32_t n;
};

void map_init(struct map *m);
void map_release(struct map *m);
void map_reset(struct map *m); /* empty, capacity kept */

/* clang-format off */
/*
 * Walk the candidates for a hash:
 *	for (at = map_first(m, h, hashes);
 *	    (i = map_at(m, &at, h)) != MAP_NONE; at++)
 *		if (key i is the key sought)
 *			break;
 *	if (i == MAP_NONE)
 *		i = map_insert(m, at, h);
 * map_at moves *at to the next slot with this tag and returns its index, or
 * MAP_NONE with *at at the free slot where the key belongs.  map_first makes
 * room for one more, so that the free slot stays valid until map_insert.
 * map_insert returns the new number, the old m->n.
 * Rehashing needs the full hashes: the owner gives them by number in hashes.
 */
/* clang-format on */
static inline uint32_t
map_at(const struct map *m, size_t *at, uint64_t h)
{
	uint32_t tag = (uint32_t)(h >> 32);

	for (;; ++*at) {
		const struct map_slot *s = &m->slots[*at & (m->cap - 1)];

		if (s->index == MAP_NONE || s->tag == tag)
			return s->index;
	}
}

void map_grow(struct map *m, const uint64_t *hashes);

static inline size_t
map_first(struct map *m, uint64_t h, const uint64_t *hashes)
{
	if ((size_t)m->n + 1 > m->cap / 4 * 3)
		map_grow(m, hashes);
	return (size_t)h & (m->cap - 1);
}

static inline uint32_t
map_insert(struct map *m, size_t at, uint64_t h)
{
	struct map_slot *s = &m->slots[at & (m->cap - 1)];

	s->tag = (uint32_t)(h >> 32);
	s->index = m->n;
	return m->n++;
}

#endif
