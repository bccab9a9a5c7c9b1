/* SPDX-License-Identifier: ISC */
/* Keys in the order in which they come. */
#include "text/keyguess.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

void
keyguess_init(struct keyguess *g)
{
	*g = (struct keyguess){.n = 1};
	map_init(&g->map);
	g->keys = mem_grow(NULL, &g->cap, 1, sizeof(*g->keys));
	/* No key begins with NULs, so this one is never met. */
	g->keys[0] = (struct keyguess_key){
	    .mask = {UINT64_MAX, UINT64_MAX}, .value = KEYGUESS_NONE};
}

void
keyguess_release(struct keyguess *g)
{
	free(g->keys);
	map_release(&g->map);
	free(g->hashes);
	*g = (struct keyguess){.n = 0};
}

uint32_t
keyguess_find(struct keyguess *g, uint32_t prev, const char *s, size_t len)
{
	uint64_t h = hash_bytes(s, len, hash_seed());
	size_t at = map_first(&g->map, h, g->hashes);
	uint32_t i;

	for (; (i = map_at(&g->map, &at, h)) != MAP_NONE; at++)
		if (g->keys[i + 1].len == len
		    && memcmp(g->keys[i + 1].text, s, len) == 0)
			return g->keys[prev].next = i + 1;
	return 0;
}

uint32_t
keyguess_add(
    struct keyguess *g, size_t max, const char *s, size_t len, uint32_t value)
{
	uint64_t h = hash_bytes(s, len, hash_seed());
	struct keyguess_key *k;
	size_t at;

	if (len > KEYGUESS_MAX || g->n > max)
		return 0;
	at = map_first(&g->map, h, g->hashes);
	while (map_at(&g->map, &at, h) != MAP_NONE)
		at++;
	g->keys = mem_grow(g->keys, &g->cap, g->n + 1, sizeof(*g->keys));
	g->hashes =
	    mem_grow(g->hashes, &g->cap_hashes, g->n, sizeof(*g->hashes));
	g->hashes[map_insert(&g->map, at, h)] = h;
	k = &g->keys[g->n];
	*k = (struct keyguess_key){.len = (uint32_t)len, .value = value};
	memcpy(k->text, s, len);
	memset(k->mask, 0xff, len < 16 ? len : 16);
	memcpy(k->word, k->text, 16);
	for (size_t i = 0; i < 2; i++) {
		k->mask[i] = cell_load((const char *)&k->mask[i]);
		k->word[i] = cell_load((const char *)&k->word[i]);
	}
	return (uint32_t)g->n++;
}
