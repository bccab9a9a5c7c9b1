/* SPDX-License-Identifier: ISC */
/* Views of columns: flatten, gather, slice. */
#include "data/col.h"

#include <assert.h>
#include <string.h>

/* Entries for columns of nulls: a zero of every type, and no valid bit. */
static const int64_t zero_entries[2];
static const uint8_t no_bits[COL_MAX_ROWS / 8];

void
col_check(const struct col *c)
{
	assert(c->n <= COL_MAX_ROWS);
	assert(c->enc != COL_PLAIN || c->n_entries == c->n);
	assert(c->enc != COL_CONST || c->n_entries == 1);
	assert(c->enc != COL_DICT || c->codes != NULL);
	assert(c->n_entries == 0 || c->i != NULL);
	assert(!type_is_bytes(c->type) || c->off != NULL);
}

void
col_const_null(struct col *out, enum type type, uint32_t n)
{
	*out = (struct col){.type = type,
	    .enc = COL_CONST,
	    .n = n,
	    .n_entries = 1,
	    .valid = no_bits,
	    .i = zero_entries,
	    .bytes = ""};
}

static void
flatten_bytes(struct col *out, struct arena *a, const struct col *in)
{
	uint32_t *off = arena_alloc(a, ((size_t)in->n + 1) * sizeof(*off));
	size_t len, total = 0;
	char *bytes;

	for (uint32_t r = 0; r < in->n; r++) {
		if (col_is_valid(in, r)) {
			col_str(in, r, &len);
			total += len;
		}
	}
	bytes = arena_alloc(a, total);
	off[0] = 0;
	for (uint32_t r = 0; r < in->n; r++) {
		const char *s = col_str(in, r, &len);

		if (!col_is_valid(in, r))
			len = 0;
		memcpy(bytes + off[r], s, len);
		off[r + 1] = off[r] + (uint32_t)len;
	}
	out->off = off;
	out->bytes = bytes;
}

void
col_flatten(struct col *out, struct arena *a, const struct col *in)
{
	struct col c = *in;

	if (in->enc == COL_PLAIN) {
		*out = *in;
		return;
	}
	c.enc = COL_PLAIN;
	c.n_entries = in->n;
	c.codes = NULL;
	c.code_width = 0;
	if (type_is_bytes(in->type)) {
		flatten_bytes(&c, a, in);
	} else if (in->type == TYPE_BOOL) {
		size_t len = bit_bytes(in->n);
		uint8_t *bits = arena_alloc(a, len);

		memset(bits, 0, len);
		for (uint32_t r = 0; r < in->n; r++)
			if (bit_get(in->bits, col_entry(in, r)))
				bit_set(bits, r);
		c.bits = bits;
	} else {
		int64_t *v = arena_alloc(a, (size_t)in->n * sizeof(*v));

		for (uint32_t r = 0; r < in->n; r++)
			v[r] = in->i[col_entry(in, r)];
		c.i = v;
	}
	*out = c;
}

static const uint8_t *
gather_bits(
    struct arena *a, const uint8_t *bits, const uint32_t *sel, uint32_t n)
{
	uint8_t *out = arena_alloc(a, bit_bytes(n));

	memset(out, 0, bit_bytes(n));
	for (uint32_t r = 0; r < n; r++)
		out[r >> 3] |= (uint8_t)(bit_get(bits, sel[r]) << (r & 7));
	return out;
}

static void
gather_plain(
    struct col *c, struct arena *a, const struct col *in, const uint32_t *sel)
{
	uint32_t n = c->n;

	if (type_is_bytes(in->type)) {
		uint32_t *off = arena_alloc(a, ((size_t)n + 1) * sizeof(*off));
		uint32_t at = 0;
		char *bytes;

		off[0] = 0;
		for (uint32_t r = 0; r < n; r++)
			off[r + 1] = at +=
			    in->off[sel[r] + 1] - in->off[sel[r]];
		bytes = arena_alloc(a, at);
		for (uint32_t r = 0; r < n; r++)
			memcpy(bytes + off[r], in->bytes + in->off[sel[r]],
			    off[r + 1] - off[r]);
		c->off = off;
		c->bytes = bytes;
	} else if (in->type == TYPE_BOOL) {
		c->bits = gather_bits(a, in->bits, sel, n);
	} else {
		int64_t *v = arena_alloc(a, (size_t)n * sizeof(*v));

		for (uint32_t r = 0; r < n; r++)
			v[r] = in->i[sel[r]];
		c->i = v;
	}
	c->n_entries = n;
}

/* A loop for each width: a copy of w bytes would be a call for each row. */
static const void *
gather_codes(
    struct arena *a, const struct col *in, const uint32_t *sel, uint32_t n)
{
	void *out = arena_alloc(a, (size_t)n * in->code_width);
	const uint8_t *in8 = in->codes;
	const uint16_t *in16 = in->codes;
	const uint32_t *in32 = in->codes;
	uint8_t *out8 = out;
	uint16_t *out16 = out;
	uint32_t *out32 = out;

	if (in->code_width == 1)
		for (uint32_t r = 0; r < n; r++)
			out8[r] = in8[sel[r]];
	else if (in->code_width == 2)
		for (uint32_t r = 0; r < n; r++)
			out16[r] = in16[sel[r]];
	else
		for (uint32_t r = 0; r < n; r++)
			out32[r] = in32[sel[r]];
	return out;
}

void
col_gather(struct col *out, struct arena *a, const struct col *in,
    const uint32_t *sel, uint32_t n)
{
	struct col c = *in;

	c.n = n;
	if (in->valid != NULL)
		c.valid = gather_bits(a, in->valid, sel, n);
	if (in->enc == COL_PLAIN) {
		gather_plain(&c, a, in, sel);
	} else if (in->enc == COL_DICT) {
		c.codes = gather_codes(a, in, sel, n);
	}
	*out = c;
}

void
col_slice(struct col *out, const struct col *in, uint32_t from, uint32_t n)
{
	struct col c = *in;

	assert(from % 8 == 0 && from <= in->n && n <= in->n - from);
	c.n = n;
	if (in->valid != NULL)
		c.valid = in->valid + from / 8;
	if (in->enc == COL_PLAIN) {
		c.n_entries = n;
		if (type_is_bytes(in->type))
			c.off = in->off + from;
		else if (in->type == TYPE_BOOL)
			c.bits = in->bits + from / 8;
		else
			c.i = in->i + from;
	} else if (in->enc == COL_DICT) {
		c.codes =
		    (const char *)in->codes + (size_t)from * in->code_width;
	}
	*out = c;
}
