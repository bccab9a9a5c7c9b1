/* SPDX-License-Identifier: ISC */
/* A column being built. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "data/col.h"

void
colbuf_init(struct colbuf *b, enum type type)
{
	*b = (struct colbuf){.type = type};
}

void
colbuf_release(struct colbuf *b)
{
	free(b->valid);
	free(b->i);
	free(b->bytes);
	colbuf_init(b, b->type);
}

void
colbuf_reset(struct colbuf *b)
{
	b->n = 0;
	b->bytes_len = 0;
	b->has_nulls = false;
}

/* Bytes of the entry array for cap entries. */
static size_t
entries_len(const struct colbuf *b, size_t cap)
{
	if (b->type == TYPE_BOOL)
		return bit_bytes(cap) + 8;
	if (type_is_bytes(b->type))
		return (cap + 1) * sizeof(*b->off);
	return cap * sizeof(*b->i);
}

void
colbuf_reserve(struct colbuf *b, uint32_t rows, size_t heap)
{
	size_t cap = b->cap, need = (size_t)b->n + rows;

	if (need > cap) {
		bool first = cap == 0;

		cap = cap * 2 < need ? need : cap * 2;
		cap = (cap + 63) / 64 * 64;
		b->i = mem_resize(b->i, entries_len(b, cap), 1);
		if (b->valid != NULL)
			b->valid = mem_resize(b->valid, bit_bytes(cap) + 8, 1);
		if (first && type_is_bytes(b->type))
			b->off[0] = 0;
		assert(cap <= UINT32_MAX);
		b->cap = (uint32_t)cap;
	}
	if (type_is_bytes(b->type))
		b->bytes = mem_grow(b->bytes, &b->bytes_cap,
		    b->bytes_len + heap + COLBUF_PAD, 1);
}

/* Row b->n was written and has a value. */
static void
pushed(struct colbuf *b)
{
	if (b->has_nulls)
		bit_set(b->valid, b->n);
	b->n++;
}

/*
 * A byte of a bitmap is cleared when its first bit is about to be written, so
 * that bit_set suffices from there on.
 */
static void
push_room(struct colbuf *b, size_t heap)
{
	colbuf_reserve(b, 1, heap);
	if ((b->n & 7) != 0)
		return;
	if (b->has_nulls)
		b->valid[b->n >> 3] = 0;
	if (b->type == TYPE_BOOL)
		b->bits[b->n >> 3] = 0;
}

void
colbuf_added(struct colbuf *b, uint32_t rows)
{
	uint32_t to = b->n + rows;

	assert(to >= b->n && to <= b->cap);
	if (b->has_nulls && rows > 0) {
		if ((b->n & 7) != 0)
			b->valid[b->n >> 3] |= (uint8_t)(0xffu << (b->n & 7));
		memset(b->valid + bit_bytes(b->n), 0xff,
		    bit_bytes(to) - bit_bytes(b->n));
		if ((to & 7) != 0)
			b->valid[to >> 3] &= (uint8_t)((1u << (to & 7)) - 1);
	}
	b->n = to;
}

void
colbuf_push_int(struct colbuf *b, int64_t v)
{
	push_room(b, 0);
	b->i[b->n] = v;
	pushed(b);
}

void
colbuf_push_float(struct colbuf *b, double v)
{
	push_room(b, 0);
	b->f[b->n] = v;
	pushed(b);
}

void
colbuf_push_bool(struct colbuf *b, bool v)
{
	push_room(b, 0);
	if (v)
		bit_set(b->bits, b->n);
	pushed(b);
}

void
colbuf_push_str(struct colbuf *b, const char *s, size_t len)
{
	push_room(b, len);
	if (len > 0)
		memcpy(b->bytes + b->bytes_len, s, len);
	b->bytes_len += len;
	b->off[b->n + 1] = (uint32_t)b->bytes_len;
	pushed(b);
}

void
colbuf_push_null(struct colbuf *b)
{
	uint32_t r = b->n;

	if (type_is_bytes(b->type)) {
		colbuf_push_str(b, "", 0);
	} else if (b->type == TYPE_BOOL) {
		colbuf_push_bool(b, false);
	} else {
		colbuf_push_int(b, 0);
	}
	colbuf_set_null(b, r);
}

void
colbuf_push_cell(struct colbuf *b, const struct col *c, uint32_t r)
{
	uint32_t e = col_entry(c, r);
	const char *s;
	size_t len;

	assert(b->type == c->type);
	if (!col_is_valid(c, r)) {
		colbuf_push_null(b);
	} else if (type_is_bytes(b->type)) {
		s = col_str(c, r, &len);
		colbuf_push_str(b, s, len);
	} else if (b->type == TYPE_BOOL) {
		colbuf_push_bool(b, bit_get(c->bits, e));
	} else {
		colbuf_push_int(b, c->i[e]);
	}
}

static void
push_texts(
    struct colbuf *b, const struct col *c, const uint32_t *sel, uint32_t n)
{
	size_t len, heap = 0;
	const char *s;

	for (uint32_t i = 0; i < n; i++) {
		col_str(c, sel == NULL ? i : sel[i], &len);
		heap += len;
	}
	colbuf_reserve(b, n, heap);
	for (uint32_t i = 0; i < n; i++) {
		s = col_str(c, sel == NULL ? i : sel[i], &len);
		if (len > 0)
			memcpy(b->bytes + b->bytes_len, s, len);
		b->bytes_len += len;
		b->off[b->n + i + 1] = (uint32_t)b->bytes_len;
	}
	colbuf_added(b, n);
}

static void
push_wide(
    struct colbuf *b, const struct col *c, const uint32_t *sel, uint32_t n)
{
	int64_t *to;

	colbuf_reserve(b, n, 0);
	to = b->i + b->n;
	if (c->enc == COL_PLAIN && sel == NULL)
		memcpy(to, c->i, n * sizeof(*to));
	else
		for (uint32_t i = 0; i < n; i++)
			to[i] = c->i[col_entry(c, sel == NULL ? i : sel[i])];
	colbuf_added(b, n);
}

void
colbuf_push_rows(
    struct colbuf *b, const struct col *c, const uint32_t *sel, uint32_t n)
{
	uint32_t from = b->n;

	assert(b->type == c->type);
	if (n == 0)
		return;
	if (b->type == TYPE_BOOL) {
		for (uint32_t i = 0; i < n; i++)
			colbuf_push_cell(b, c, sel == NULL ? i : sel[i]);
		return;
	}
	if (type_is_bytes(b->type))
		push_texts(b, c, sel, n);
	else
		push_wide(b, c, sel, n);
	for (uint32_t i = 0; c->valid != NULL && i < n; i++)
		if (!col_is_valid(c, sel == NULL ? i : sel[i]))
			colbuf_set_null(b, from + i);
}

void
colbuf_set_null(struct colbuf *b, uint32_t r)
{
	assert(r < b->n);
	if (!b->has_nulls) {
		b->valid = mem_resize(b->valid, bit_bytes(b->cap) + 8, 1);
		memset(b->valid, 0xff, bit_bytes(b->n));
		if ((b->n & 7) != 0)
			b->valid[b->n >> 3] = (uint8_t)((1u << (b->n & 7)) - 1);
		b->has_nulls = true;
	}
	b->valid[r >> 3] &= (uint8_t) ~(1u << (r & 7));
}

void
colbuf_truncate(struct colbuf *b, uint32_t n)
{
	assert(n <= b->n);
	if (n == b->n)
		return;
	b->n = n;
	if (type_is_bytes(b->type))
		b->bytes_len = b->off[n];
	if ((n & 7) == 0)
		return;
	if (b->has_nulls)
		b->valid[n >> 3] &= (uint8_t)((1u << (n & 7)) - 1);
	if (b->type == TYPE_BOOL)
		b->bits[n >> 3] &= (uint8_t)((1u << (n & 7)) - 1);
}

static void
move_bit(uint8_t *bits, uint32_t to, uint32_t from)
{
	uint8_t mask = (uint8_t)(1u << (to & 7));

	if (bit_get(bits, from))
		bits[to >> 3] |= mask;
	else
		bits[to >> 3] &= (uint8_t)~mask;
}

static void
keep_bytes(struct colbuf *b, uint32_t from, const uint32_t *sel, uint32_t n)
{
	size_t len, end = b->off[from];

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = b->off[sel[i]];

		len = b->off[sel[i] + 1] - at;
		memmove(b->bytes + end, b->bytes + at, len);
		end += len;
		b->off[from + i + 1] = (uint32_t)end;
	}
}

void
colbuf_keep(struct colbuf *b, uint32_t from, const uint32_t *sel, uint32_t n)
{
	assert(from + n <= b->n);
	if (b->has_nulls)
		for (uint32_t i = 0; i < n; i++)
			move_bit(b->valid, from + i, sel[i]);
	if (type_is_bytes(b->type))
		keep_bytes(b, from, sel, n);
	else if (b->type == TYPE_BOOL)
		for (uint32_t i = 0; i < n; i++)
			move_bit(b->bits, from + i, sel[i]);
	else
		for (uint32_t i = 0; i < n; i++)
			b->i[from + i] = b->i[sel[i]];
	colbuf_truncate(b, from + n);
}

static void
append_bytes(
    struct colbuf *b, const struct colbuf *other, uint32_t at, uint32_t n)
{
	const uint32_t *off = other->off + at;
	size_t len = off[n] - off[0];
	uint32_t shift;

	colbuf_reserve(b, n, len);
	shift = (uint32_t)b->bytes_len - off[0];
	if (len > 0)
		memcpy(b->bytes + b->bytes_len, other->bytes + off[0], len);
	for (uint32_t i = 1; i <= n; i++)
		b->off[b->n + i] = off[i] + shift;
	b->bytes_len += len;
	colbuf_added(b, n);
}

void
colbuf_append(
    struct colbuf *b, const struct colbuf *other, uint32_t at, uint32_t n)
{
	uint32_t from = b->n;

	assert(b->type == other->type && at + n <= other->n);
	if (n == 0)
		return;
	if (b->type == TYPE_BOOL) {
		for (uint32_t i = 0; i < n; i++)
			colbuf_push_bool(b, bit_get(other->bits, at + i));
	} else if (type_is_bytes(b->type)) {
		append_bytes(b, other, at, n);
	} else {
		colbuf_reserve(b, n, 0);
		memcpy(b->i + b->n, other->i + at, n * sizeof(*b->i));
		colbuf_added(b, n);
	}
	for (uint32_t i = 0; other->has_nulls && i < n; i++)
		if (!bit_get(other->valid, at + i))
			colbuf_set_null(b, from + i);
}

void
colbuf_view(struct col *out, const struct colbuf *b)
{
	static const uint32_t none[2];

	*out = (struct col){.type = b->type,
	    .enc = COL_PLAIN,
	    .n = b->n,
	    .n_entries = b->n,
	    .valid = b->has_nulls ? b->valid : NULL,
	    .i = b->i,
	    .bytes = b->bytes};
	if (b->i == NULL)
		out->off = none;
	if (b->bytes == NULL)
		out->bytes = "";
}
