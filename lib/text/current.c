/* SPDX-License-Identifier: ISC */
/* The rows of an upsert stream that stand. */
#include "text/current.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

#define MIN_SWEEP 1024 /* deleted rows that are not worth a sweep */

struct current_row {
	struct table_row row;
	char *key; /* owned */
	size_t key_len;
	uint32_t order; /* where it stands, or MAP_NONE */
};

void
current_init(struct current *c, uint32_t *keys, size_t n_keys)
{
	*c = (struct current){.keys = keys, .n_keys = n_keys};
	map_init(&c->map);
}

static void
row_release(struct current_row *r)
{
	table_row_release(&r->row);
	free(r->key);
}

void
current_release(struct current *c)
{
	for (uint32_t i = 0; i < c->map.n; i++)
		row_release(&c->rows[i]);
	free(c->rows);
	free(c->hashes);
	free(c->order);
	free(c->keys);
	map_release(&c->map);
	buf_release(&c->key);
}

/* The keys as bytes, equal iff the keys are; null equals null. */
static void
make_key(
    struct buf *out, const struct current *c, const struct batch *b, uint32_t r)
{
	buf_reset(out);
	/* So that the key of no columns has memory, too. */
	buf_putc(out, 'k');
	for (size_t i = 0; i < c->n_keys; i++) {
		const struct col *k = &b->cols[c->keys[i]];
		uint32_t e = col_entry(k, r);
		size_t len;

		buf_putc(out, col_is_valid(k, r) ? 'v' : 'n');
		if (!col_is_valid(k, r))
			continue;
		if (k->type == TYPE_BOOL) {
			buf_putc(out, (char)('0' + bit_get(k->bits, e)));
		} else if (type_is_wide(k->type)) {
			buf_put(out, &k->i[e], sizeof(k->i[e]));
		} else {
			const char *s = col_str(k, r, &len);

			buf_put(out, &len, sizeof(len));
			buf_put(out, s, len);
		}
	}
}

/* The number of the row with the key at hand; MAP_NONE and *at without one. */
static uint32_t
find(struct current *c, size_t *at, uint64_t h)
{
	uint32_t i;

	for (*at = map_first(&c->map, h, c->hashes);
	     (i = map_at(&c->map, at, h)) != MAP_NONE; ++*at)
		if (c->rows[i].key_len == c->key.len
		    && memcmp(c->rows[i].key, c->key.data, c->key.len) == 0)
			break;
	return i;
}

static uint32_t
insert(struct current *c, size_t at, uint64_t h, struct current_row row)
{
	uint32_t n = c->map.n;

	c->hashes =
	    mem_grow(c->hashes, &c->cap_hashes, n + 1, sizeof(*c->hashes));
	c->rows = mem_grow(c->rows, &c->cap_rows, n + 1, sizeof(*c->rows));
	c->hashes[n] = h;
	c->rows[n] = row;
	return map_insert(&c->map, at, h);
}

static void
stand(struct current *c, uint32_t i)
{
	c->order = mem_grow(c->order, &c->cap_order, c->n_order + 1, sizeof(i));
	c->rows[i].order = (uint32_t)c->n_order;
	c->order[c->n_order++] = i;
	c->n++;
}

/*
 * Forget what was deleted once it is more than what stands: a stream that
 * gives ever new keys and deletes the old ones may go on for ever.
 */
static void
sweep(struct current *c)
{
	struct current old = *c;

	if (old.n_order - old.n <= old.n + MIN_SWEEP
	    && old.map.n - old.n <= old.n + MIN_SWEEP)
		return;
	current_init(c, old.keys, old.n_keys);
	for (size_t k = 0; k < old.n_order; k++) {
		uint32_t i = old.order[k];
		size_t at;

		if (i == MAP_NONE)
			continue;
		at = map_first(&c->map, old.hashes[i], c->hashes);
		while (map_at(&c->map, &at, old.hashes[i]) != MAP_NONE)
			at++;
		stand(c, insert(c, at, old.hashes[i], old.rows[i]));
		old.rows[i] = (struct current_row){.key = NULL};
	}
	c->key = old.key;
	old.key = (struct buf){.max = 0};
	old.keys = NULL;
	current_release(&old);
}

static uint64_t
hash_key(const struct current *c)
{
	return hash_bytes(c->key.data, c->key.len, hash_seed());
}

/* The row of the key at hand. */
static struct table_row *
put(struct current *c)
{
	uint64_t h = hash_key(c);
	size_t at;
	uint32_t i;

	i = find(c, &at, h);
	if (i == MAP_NONE) {
		struct current_row row = {.key_len = c->key.len,
		    .key = mem_dup(c->key.data, c->key.len),
		    .order = MAP_NONE};

		i = insert(c, at, h, row);
	}
	if (c->rows[i].order == MAP_NONE)
		stand(c, i);
	return &c->rows[i].row;
}

struct table_row *
current_put(struct current *c, const struct batch *b, uint32_t r)
{
	sweep(c);
	make_key(&c->key, c, b, r);
	return put(c);
}

struct table_row *
current_add(struct current *c)
{
	buf_reset(&c->key);
	buf_put_int(&c->key, c->map.n, 4);
	return put(c);
}

void
current_delete(struct current *c, const struct batch *b, uint32_t r)
{
	size_t at;
	uint32_t i;

	make_key(&c->key, c, b, r);
	i = find(c, &at, hash_key(c));
	if (i == MAP_NONE || c->rows[i].order == MAP_NONE)
		return;
	c->order[c->rows[i].order] = MAP_NONE;
	c->rows[i].order = MAP_NONE;
	c->n--;
}

struct table_row *
current_next(const struct current *c, size_t *at)
{
	while (*at < c->n_order) {
		uint32_t i = c->order[(*at)++];

		if (i != MAP_NONE)
			return &c->rows[i].row;
	}
	return NULL;
}
