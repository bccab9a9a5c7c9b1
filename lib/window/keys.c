/* SPDX-License-Identifier: ISC */
/* Composite keys to dense group numbers. */
#include "window/keys.h"

#include <stdlib.h>
#include <string.h>

/* Keys of a table that the near caches do not hold. */
#define FAR 8192

/* A table of so many slots a key, and more, gives memory back. */
#define SPARSE 16
#define SPARSE_MIN 1024

void
keys_init(struct keys *k, const enum type *types, size_t n_cols)
{
	*k = (struct keys){.n_cols = n_cols};
	k->cols = mem_resize(NULL, n_cols, sizeof(*k->cols));
	for (size_t c = 0; c < n_cols; c++)
		colbuf_init(&k->cols[c], types[c]);
	map_init(&k->map);
}

void
keys_release(struct keys *k)
{
	for (size_t c = 0; c < k->n_cols; c++)
		colbuf_release(&k->cols[c]);
	free(k->cols);
	map_release(&k->map);
	free(k->hashes);
	free(k->first);
}

void
keys_reset(struct keys *k)
{
	for (size_t c = 0; c < k->n_cols; c++)
		colbuf_reset(&k->cols[c]);
	map_reset(&k->map);
}

/* Equal bytes of equal length, without a call for short ones. */
static inline bool
same_bytes(const char *a, const char *b, size_t len)
{
	uint64_t a0, a1, b0, b1;
	uint32_t c0, c1, d0, d1;

	if (len > 16)
		return memcmp(a, b, len) == 0;
	if (len >= 8) {
		memcpy(&a0, a, 8);
		memcpy(&a1, a + len - 8, 8);
		memcpy(&b0, b, 8);
		memcpy(&b1, b + len - 8, 8);
		return ((a0 ^ b0) | (a1 ^ b1)) == 0;
	}
	if (len >= 4) {
		memcpy(&c0, a, 4);
		memcpy(&c1, a + len - 4, 4);
		memcpy(&d0, b, 4);
		memcpy(&d1, b + len - 4, 4);
		return ((c0 ^ d0) | (c1 ^ d1)) == 0;
	}
	return len == 0
	       || (a[0] == b[0] && a[len >> 1] == b[len >> 1]
		   && a[len - 1] == b[len - 1]);
}

static bool
same_cell(const struct colbuf *b, uint32_t g, const struct col *c, uint32_t row)
{
	uint32_t e = col_entry(c, row);
	bool valid = col_is_valid(c, row);

	if (valid != (!b->has_nulls || bit_get(b->valid, g)))
		return false;
	if (!valid)
		return true;
	if (type_is_bytes(c->type)) {
		uint32_t len = c->off[e + 1] - c->off[e];

		return b->off[g + 1] - b->off[g] == len
		       && same_bytes(
			   b->bytes + b->off[g], c->bytes + c->off[e], len);
	}
	if (c->type == TYPE_BOOL)
		return bit_get(b->bits, g) == bit_get(c->bits, e);
	return b->i[g] == c->i[e];
}

static bool
same_key(const struct keys *k, uint32_t g, const struct col *cols, uint32_t row)
{
	for (size_t c = 0; c < k->n_cols; c++) {
		if (!same_cell(&k->cols[c], g, &cols[c], row))
			return false;
	}
	return true;
}

/* Row row of cols becomes a new group whose slot is at. */
static __attribute__((noinline)) uint32_t
add_key(struct keys *k, size_t at, uint64_t h, const struct col *cols,
    uint32_t row, uint64_t order)
{
	uint32_t g = map_insert(&k->map, at, h);
	size_t need = (size_t)g + 1;

	k->hashes = mem_grow(k->hashes, &k->cap_hashes, need, sizeof(uint64_t));
	k->first = mem_grow(k->first, &k->cap_first, need, sizeof(uint64_t));
	k->hashes[g] = h;
	k->first[g] = order;
	for (size_t c = 0; c < k->n_cols; c++)
		colbuf_push_cell(&k->cols[c], &cols[c], row);
	return g;
}

static uint32_t
find_any(struct keys *k, const struct col *cols, uint32_t row, uint64_t h,
    uint64_t order)
{
	size_t at = map_first(&k->map, h, k->hashes);
	uint32_t g;

	while ((g = map_at(&k->map, &at, h)) != MAP_NONE) {
		if (same_key(k, g, cols, row))
			return g;
		at++;
	}
	return add_key(k, at, h, cols, row, order);
}

#define ROW(sel, i) ((sel) == NULL ? (i) : (sel)[i])

/* Rows between asking for a slot and looking at it: a miss takes as long. */
#define NEAR 12

/* The table is not empty. */
static inline void
ask_for(const struct keys *k, uint64_t h)
{
	__builtin_prefetch(&k->map.slots[(size_t)h & (k->map.cap - 1)]);
}

/* Rows whose table entries are asked for before the first is looked at. */
#define AHEAD 32

/* From at on, the group of that key, or MAP_NONE. */
static uint32_t
look_from(const struct keys *k, size_t at, uint64_t h, const struct col *cols,
    uint32_t row)
{
	uint32_t g;

	while ((g = map_at(&k->map, &at, h)) != MAP_NONE
	       && !same_key(k, g, cols, row))
		at++;
	return g;
}

/* Whether row's cell is that of group g, for one plain column of text. */
static inline bool
same_text(const struct colbuf *b, uint32_t g, const struct col *c, uint32_t row)
{
	uint32_t len = c->off[row + 1] - c->off[row];

	return b->off[g + 1] - b->off[g] == len
	       && same_bytes(b->bytes + b->off[g], c->bytes + c->off[row], len);
}

/*
 * A large table is not in the cache: each row costs a miss for its slot, one
 * for the key's offset, one for its bytes.  Those of AHEAD rows overlap.
 */
static void
look_block(const struct keys *k, uint32_t *group, const uint64_t *hashes,
    const struct col *cols, uint32_t from, uint32_t n, bool text)
{
	const struct colbuf *b = &k->cols[0];
	size_t at[AHEAD];

	for (uint32_t i = 0; i < n; i++)
		ask_for(k, hashes[i]);
	for (uint32_t i = 0; i < n; i++) {
		at[i] = (size_t)hashes[i];
		group[i] = map_at(&k->map, &at[i], hashes[i]);
		if (group[i] != MAP_NONE && text)
			__builtin_prefetch(&b->off[group[i]]);
		else if (group[i] != MAP_NONE)
			__builtin_prefetch(&b->i[group[i]]);
	}
	for (uint32_t i = 0; text && i < n; i++)
		if (group[i] != MAP_NONE)
			__builtin_prefetch(b->bytes + b->off[group[i]]);
	for (uint32_t i = 0; i < n; i++) {
		bool same = group[i] == MAP_NONE;

		if (!same && text)
			same = same_text(b, group[i], cols, from + i);
		else if (!same)
			same = same_key(k, group[i], cols, from + i);
		if (!same)
			group[i] =
			    look_from(k, at[i] + 1, hashes[i], cols, from + i);
	}
}

/* n rows of cols, or entries of the only one. */
static void
look_all(const struct keys *k, uint32_t *group, const uint64_t *hashes,
    const struct col *cols, uint32_t n)
{
	bool text = k->n_cols == 1 && type_is_bytes(cols[0].type)
		    && cols[0].enc == COL_PLAIN && cols[0].valid == NULL
		    && !k->cols[0].has_nulls;

	for (uint32_t at = 0, len; at < n; at += len) {
		len = n - at < AHEAD ? n - at : AHEAD;
		look_block(k, group + at, hashes + at, cols, at, len, text);
	}
}

/* One plain text column without nulls. */
static void
find_text(struct keys *k, uint32_t *group, const struct keys_rows *r,
    const uint32_t *sel, uint32_t n)
{
	const struct col *c = &r->cols[0];
	const struct colbuf *b = &k->cols[0];

	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = ROW(sel, i), g;
		uint32_t len = c->off[row + 1] - c->off[row];
		const char *p = c->bytes + c->off[row];
		uint64_t h = r->hashes[row];
		size_t at = map_first(&k->map, h, k->hashes);

		if (i + NEAR < n)
			ask_for(k, r->hashes[ROW(sel, i + NEAR)]);
		while ((g = map_at(&k->map, &at, h)) != MAP_NONE) {
			if (b->off[g + 1] - b->off[g] == len
			    && same_bytes(b->bytes + b->off[g], p, len))
				break;
			at++;
		}
		if (g == MAP_NONE)
			g = add_key(k, at, h, c, row, r->order + row);
		group[row] = g;
	}
}

/* One plain 8-byte column without nulls. */
static void
find_wide(struct keys *k, uint32_t *group, const struct keys_rows *r,
    const uint32_t *sel, uint32_t n)
{
	const struct col *c = &r->cols[0];
	const struct colbuf *b = &k->cols[0];

	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = ROW(sel, i), g;
		uint64_t h = r->hashes[row];
		size_t at = map_first(&k->map, h, k->hashes);

		while ((g = map_at(&k->map, &at, h)) != MAP_NONE
		       && b->i[g] != c->i[row])
			at++;
		if (g == MAP_NONE)
			g = add_key(k, at, h, c, row, r->order + row);
		group[row] = g;
	}
}

/*
 * One plain column without nulls, in blocks.  What was not there may have come
 * with an earlier row.
 */
static void
find_far(struct keys *k, uint32_t *group, const struct keys_rows *r, bool text)
{
	const struct col *c = &r->cols[0];

	for (uint32_t at = 0, n; at < r->n; at += n) {
		n = r->n - at < AHEAD ? r->n - at : AHEAD;
		look_block(k, group + at, r->hashes + at, c, at, n, text);
		for (uint32_t row = at; row < at + n; row++)
			if (group[row] == MAP_NONE)
				group[row] = find_any(
				    k, c, row, r->hashes[row], r->order + row);
	}
}

/* Const and dict columns: what they combine to is looked up once. */
static void
find_by_entry(struct keys *k, uint32_t *group, const struct keys_rows *r,
    const uint32_t *sel, uint32_t n)
{
	uint32_t *known = r->combo_group;

	for (uint32_t e = 0; e < r->n_combos; e++)
		known[e] = MAP_NONE;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = ROW(sel, i), e = r->combo[row];

		if (known[e] == MAP_NONE)
			known[e] = find_any(
			    k, r->cols, row, r->hashes[e], r->order + row);
		group[row] = known[e];
	}
}

void
keys_find(struct keys *k, uint32_t *group, const struct keys_rows *r,
    const uint32_t *sel, uint32_t n)
{
	const struct col *c = r->cols;
	bool simple = k->n_cols == 1 && c->enc == COL_PLAIN && c->valid == NULL
		      && !k->cols[0].has_nulls;

	if (r->by_entry) {
		find_by_entry(k, group, r, sel, n);
	} else if (simple && sel == NULL && k->map.n >= FAR
		   && c->type != TYPE_BOOL) {
		find_far(k, group, r, type_is_bytes(c->type));
	} else if (simple && type_is_bytes(c->type)) {
		find_text(k, group, r, sel, n);
	} else if (simple && type_is_wide(c->type)) {
		find_wide(k, group, r, sel, n);
	} else {
		for (uint32_t i = 0; i < n; i++) {
			uint32_t row = ROW(sel, i);

			group[row] =
			    find_any(k, c, row, r->hashes[row], r->order + row);
		}
	}
}

/* One const or dict column: all its entries at once. */
static void
look_entries(const struct keys *k, const struct keys_rows *r)
{
	struct col entries = r->cols[0];

	entries.enc = COL_PLAIN;
	entries.n = entries.n_entries;
	look_all(k, r->combo_group, r->hashes, &entries, entries.n);
}

/* Several: each of what they combine to, as a row that has it. */
static void
look_combos(const struct keys *k, const struct keys_rows *r)
{
	uint32_t *at = r->combo_group;

	for (uint32_t e = 0; e < r->n_combos; e++)
		at[e] = MAP_NONE;
	for (uint32_t row = 0; row < r->n; row++)
		at[r->combo[row]] = row;
	for (uint32_t e = 0; e < r->n_combos; e++)
		if (at[e] != MAP_NONE)
			at[e] = look_from(k, (size_t)r->hashes[e], r->hashes[e],
			    r->cols, at[e]);
}

void
keys_look(const struct keys *k, uint32_t *group, const struct keys_rows *r)
{
	if (k->map.n == 0) {
		for (uint32_t row = 0; row < r->n; row++)
			group[row] = MAP_NONE;
		return;
	}
	if (!r->by_entry) {
		look_all(k, group, r->hashes, r->cols, r->n);
		return;
	}
	if (r->n_cols == 1)
		look_entries(k, r);
	else
		look_combos(k, r);
	for (uint32_t row = 0; row < r->n; row++)
		group[row] = r->combo_group[r->combo[row]];
}

void
keys_merge(struct keys *k, uint32_t *group, const struct keys *from)
{
	struct col *cols = mem_resize(NULL, k->n_cols, sizeof(*cols));

	for (size_t c = 0; c < k->n_cols; c++)
		colbuf_view(&cols[c], &from->cols[c]);
	for (uint32_t g = 0; g < from->map.n; g++) {
		uint32_t to =
		    find_any(k, cols, g, from->hashes[g], from->first[g]);

		if (from->first[g] < k->first[to])
			k->first[to] = from->first[g];
		group[g] = to;
	}
	free(cols);
}

/* The kept keys in new memory, as little as they take. */
static void
rebuild(struct keys *k, const uint32_t *keep, uint32_t n)
{
	struct keys old = *k;
	enum type *types = mem_resize(NULL, k->n_cols, sizeof(*types));
	struct col *cols = mem_resize(NULL, k->n_cols, sizeof(*cols));

	for (size_t c = 0; c < old.n_cols; c++) {
		types[c] = old.cols[c].type;
		colbuf_view(&cols[c], &old.cols[c]);
	}
	keys_init(k, types, old.n_cols);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t h = old.hashes[keep[i]];
		size_t at = map_first(&k->map, h, k->hashes);

		while (map_at(&k->map, &at, h) != MAP_NONE)
			at++;
		add_key(k, at, h, cols, keep[i], old.first[keep[i]]);
	}
	keys_release(&old);
	free(types);
	free(cols);
}

/*
 * In place: a table that forgets again and again would leave its memory in
 * pieces if it moved each time.
 */
void
keys_keep(struct keys *k, const uint32_t *keep, uint32_t n)
{
	if (k->map.cap / SPARSE > (size_t)n + SPARSE_MIN) {
		rebuild(k, keep, n);
		return;
	}
	for (size_t c = 0; c < k->n_cols; c++)
		colbuf_keep(&k->cols[c], 0, keep, n);
	map_reset(&k->map);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t h = k->hashes[keep[i]];
		size_t at = map_first(&k->map, h, k->hashes);

		k->hashes[i] = h;
		k->first[i] = k->first[keep[i]];
		while (map_at(&k->map, &at, h) != MAP_NONE)
			at++;
		map_insert(&k->map, at, h);
	}
}
