/* SPDX-License-Identifier: ISC */
/* A value for each group, which is replaced again and again. */
#include "group/cells.h"

#include <stdlib.h>
#include <string.h>

#include "wire/pack.h"

#define HEAP_MIN (64u << 10) /* below that nothing is thrown out */

void
cells_init(struct cells *c, enum type type)
{
	*c = (struct cells){.type = type};
}

void
cells_release(struct cells *c)
{
	free(c->v);
	free(c->len);
	free(c->valid);
	free(c->heap);
}

void
cells_grow(struct cells *c, uint32_t n)
{
	if (n <= c->n)
		return;
	c->v = mem_grow(c->v, &c->cap_v, n, sizeof(*c->v));
	c->valid = mem_grow(c->valid, &c->cap_valid, n, sizeof(*c->valid));
	memset(c->v + c->n, 0, (n - c->n) * sizeof(*c->v));
	memset(c->valid + c->n, 0, n - c->n);
	if (type_is_bytes(c->type)) {
		c->len = mem_grow(c->len, &c->cap_len, n, sizeof(*c->len));
		memset(c->len + c->n, 0, (n - c->n) * sizeof(*c->len));
	}
	c->n = n;
}

/* Throw out what was replaced. */
static void
compact(struct cells *c)
{
	char *heap = mem_alloc(c->live);
	size_t at = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		memcpy(heap + at, c->heap + c->v[i], c->len[i]);
		c->v[i] = (int64_t)at;
		at += c->len[i];
	}
	free(c->heap);
	c->heap = heap;
	c->heap_len = c->heap_cap = at;
}

static int
put_text(struct cells *c, uint32_t at, const char *p, size_t len)
{
	c->live = c->live - c->len[at] + len;
	if (c->live > CELLS_MAX_BYTES)
		return -1;
	if (len <= c->len[at]) {
		if (len > 0)
			memmove(c->heap + c->v[at], p, len);
		c->len[at] = (uint32_t)len;
		return 0;
	}
	c->len[at] = 0;
	c->heap = mem_grow(c->heap, &c->heap_cap, c->heap_len + len, 1);
	memcpy(c->heap + c->heap_len, p, len);
	c->v[at] = (int64_t)c->heap_len;
	c->len[at] = (uint32_t)len;
	c->heap_len += len;
	return 0;
}

int
cells_put(
    struct cells *c, const uint32_t *at, const struct col *from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t e = col_entry(from, i);
		bool valid = col_is_valid(from, i);
		const char *p = NULL;
		size_t len = 0;

		c->valid[at[i]] = valid;
		if (type_is_bytes(c->type)) {
			if (valid)
				p = col_str(from, i, &len);
			if (put_text(c, at[i], p, len) == -1)
				return -1;
		} else if (valid) {
			c->v[at[i]] = c->type == TYPE_BOOL
					  ? bit_get(from->bits, e)
					  : from->i[e];
		}
	}
	if (c->heap_len > HEAP_MIN && c->heap_len / 2 > c->live)
		compact(c);
	return 0;
}

static void
get_texts(const struct cells *c, struct col *out, const uint32_t *at,
    uint32_t n, struct arena *a)
{
	uint32_t *off = arena_alloc(a, ((size_t)n + 1) * sizeof(*off));
	char *bytes;

	off[0] = 0;
	for (uint32_t i = 0; i < n; i++)
		off[i + 1] = off[i] + c->len[at[i]];
	bytes = arena_alloc(a, off[n]);
	for (uint32_t i = 0; i < n; i++)
		if (c->len[at[i]] > 0)
			memcpy(bytes + off[i], c->heap + c->v[at[i]],
			    c->len[at[i]]);
	out->off = off;
	out->bytes = bytes;
}

void
cells_get(const struct cells *c, struct col *out, const uint32_t *at,
    uint32_t n, struct arena *a)
{
	uint8_t *valid = arena_alloc(a, bit_bytes(n)), *bits;
	bool nulls = false;
	int64_t *v;

	*out = (struct col){
	    .type = c->type, .enc = COL_PLAIN, .n = n, .n_entries = n};
	memset(valid, 0, bit_bytes(n));
	for (uint32_t i = 0; i < n; i++) {
		if (c->valid[at[i]])
			bit_set(valid, i);
		else
			nulls = true;
	}
	if (nulls)
		out->valid = valid;
	if (type_is_bytes(c->type)) {
		get_texts(c, out, at, n, a);
	} else if (c->type == TYPE_BOOL) {
		bits = arena_alloc(a, bit_bytes(n));
		memset(bits, 0, bit_bytes(n));
		for (uint32_t i = 0; i < n; i++)
			if (c->v[at[i]] != 0)
				bit_set(bits, i);
		out->bits = bits;
	} else {
		v = arena_alloc(a, n * sizeof(*v));
		for (uint32_t i = 0; i < n; i++)
			v[i] = c->v[at[i]];
		out->i = v;
	}
}

void
cells_keep(struct cells *c, const uint32_t *keep, uint32_t n)
{
	c->live = 0;
	for (uint32_t i = 0; i < n; i++) {
		c->v[i] = c->v[keep[i]];
		c->valid[i] = c->valid[keep[i]];
		if (type_is_bytes(c->type)) {
			c->len[i] = c->len[keep[i]];
			c->live += c->len[i];
		}
	}
	c->n = n;
	if (type_is_bytes(c->type))
		compact(c);
}

static uint32_t *
all(const struct cells *c, struct arena *a)
{
	uint32_t *at = arena_alloc(a, c->n * sizeof(*at));

	for (uint32_t i = 0; i < c->n; i++)
		at[i] = i;
	return at;
}

void
cells_save(const struct cells *c, struct buf *out)
{
	struct arena a = {0};
	struct colbuf b;
	struct col col;

	colbuf_init(&b, c->type);
	cells_get(c, &col, all(c, &a), c->n, &a);
	colbuf_push_rows(&b, &col, NULL, c->n);
	pack_cols(out, &b, 1, c->n);
	colbuf_release(&b);
	arena_release(&a);
}

int
cells_load(struct cells *c, struct cur *in)
{
	struct arena a = {0};
	struct colbuf b;
	struct col col;
	uint32_t n = 0;
	int rc;

	colbuf_init(&b, c->type);
	rc = unpack_cols(&b, 1, &n, in);
	if (rc == 0 && n != c->n)
		rc = -1;
	if (rc == 0) {
		colbuf_view(&col, &b);
		rc = cells_put(c, all(c, &a), &col, n);
	}
	colbuf_release(&b);
	arena_release(&a);
	return rc;
}
