/* SPDX-License-Identifier: ISC */
/* Keys as bytes. */
#include "base/buf.h"
#include "window/keys.h"

#define NULL_CELL 0
#define VALUE_CELL 1

static void
save_cell(struct buf *out, const struct colbuf *c, uint32_t g)
{
	if (c->has_nulls && !bit_get(c->valid, g)) {
		buf_put_int(out, NULL_CELL, 1);
		return;
	}
	buf_put_int(out, VALUE_CELL, 1);
	if (type_is_bytes(c->type))
		buf_put_str(
		    out, c->bytes + c->off[g], c->off[g + 1] - c->off[g]);
	else if (c->type == TYPE_BOOL)
		buf_put_int(out, bit_get(c->bits, g), 1);
	else
		buf_put_int(out, (uint64_t)c->i[g], 8);
}

static void
load_cell(struct colbuf *c, struct cur *in)
{
	const char *s;
	size_t len;

	if (cur_get_int(in, 1) == NULL_CELL) {
		colbuf_push_null(c);
	} else if (type_is_bytes(c->type)) {
		s = cur_get_str(in, &len, COL_MAX_BYTES);
		if (s != NULL)
			colbuf_push_str(c, s, len);
	} else if (c->type == TYPE_BOOL) {
		colbuf_push_bool(c, cur_get_int(in, 1) != 0);
	} else {
		colbuf_push_int(c, (int64_t)cur_get_int(in, 8));
	}
}

void
keys_save(struct buf *out, const struct keys *k, uint32_t g)
{
	for (size_t c = 0; c < k->n_cols; c++)
		save_cell(out, &k->cols[c], g);
}

int
keys_load(struct keys *k, uint64_t hash, uint64_t first, struct cur *in)
{
	size_t at = map_first(&k->map, hash, k->hashes), need;
	uint32_t g;

	while (map_at(&k->map, &at, hash) != MAP_NONE)
		at++;
	g = map_insert(&k->map, at, hash);
	need = (size_t)g + 1;
	k->hashes = mem_grow(k->hashes, &k->cap_hashes, need, sizeof(uint64_t));
	k->first = mem_grow(k->first, &k->cap_first, need, sizeof(uint64_t));
	k->hashes[g] = hash;
	k->first[g] = first;
	for (size_t c = 0; c < k->n_cols && !in->failed; c++)
		load_cell(&k->cols[c], in);
	return in->failed ? -1 : 0;
}
