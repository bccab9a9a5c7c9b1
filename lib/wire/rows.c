/* SPDX-License-Identifier: ISC */
/* ROWS as bytes.  millrace-frame(5), section 4. */
#include "wire/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "wire/frame.h"
#include "wire/mode.h"

/* The arrays are used as they lie: fix before a port to such a machine. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little-endian");

#define DESC_LEN 8 /* u8 encoding, u8 flags, u16 zero, u32 entries */

enum wire_enc { ENC_PLAIN, ENC_CONST, ENC_DICT8, ENC_DICT16, ENC_DICT32 };
enum desc_flag { DESC_VALID = 1, DESC_NULL = 2 };

static const uint8_t zeros[8];

static size_t
pad8(size_t len)
{
	return (8 - len % 8) % 8;
}

void
rows_layout_init(struct rows_layout *l)
{
	*l = (struct rows_layout){.len = 0};
}

void
rows_layout_release(struct rows_layout *l)
{
	free(l->iov);
	free(l->desc);
	free(l->off);
	rows_layout_init(l);
}

static void
add_raw(struct rows_layout *l, const void *p, size_t len)
{
	if (len == 0)
		return;
	l->iov = mem_grow(l->iov, &l->cap_iov, l->n_iov + 1, sizeof(*l->iov));
	memcpy(&l->iov[l->n_iov].iov_base, &p, sizeof(p));
	l->iov[l->n_iov++].iov_len = len;
	l->len += len;
}

/* A buffer and the zeros that bring its end to 8 bytes. */
static void
add(struct rows_layout *l, const void *p, size_t len)
{
	add_raw(l, p, len);
	add_raw(l, zeros, pad8(len));
}

/* Whether a constant column is nothing but nulls. */
static bool
all_null(const struct col *c)
{
	if (c->valid == NULL || c->n == 0)
		return false;
	for (uint32_t r = 0; r < c->n; r++)
		if (bit_get(c->valid, r))
			return false;
	return true;
}

static enum wire_enc
wire_enc(const struct col *c)
{
	if (c->enc == COL_PLAIN)
		return ENC_PLAIN;
	if (c->enc == COL_CONST)
		return ENC_CONST;
	return c->code_width == 1   ? ENC_DICT8
	       : c->code_width == 2 ? ENC_DICT16
				    : ENC_DICT32;
}

/* Offsets of a slice begin above 0: shift them into l->off. */
static const uint32_t *
shifted(struct rows_layout *l, const struct col *c, size_t at)
{
	uint32_t *to = l->off + at;

	for (uint32_t e = 0; e <= c->n_entries; e++)
		to[e] = c->off[e] - c->off[0];
	return to;
}

static void
add_entries(struct rows_layout *l, const struct col *c)
{
	const uint32_t *off = c->off;
	size_t n = c->n_entries;

	if (!type_is_bytes(c->type)) {
		add(l, c->i,
		    c->type == TYPE_BOOL ? bit_bytes(n) : n * sizeof(*c->i));
		return;
	}
	if (off[0] != 0) {
		off = shifted(l, c, l->n_off);
		l->n_off += n + 1;
	}
	add(l, off, (n + 1) * sizeof(*off));
	add(l, c->bytes + c->off[0], c->off[n] - c->off[0]);
}

static void
add_col(struct rows_layout *l, uint8_t *desc, const struct col *c)
{
	bool null = c->enc == COL_CONST && all_null(c);
	bool valid = c->valid != NULL && !null;

	desc[0] = (uint8_t)wire_enc(c);
	desc[1] = (uint8_t)((valid ? DESC_VALID : 0) | (null ? DESC_NULL : 0));
	le_put(desc + 2, 0, 2);
	le_put(desc + 4, c->enc == COL_DICT ? c->n_entries : 0, 4);
	if (null)
		return;
	if (valid)
		add(l, c->valid, bit_bytes(c->n));
	add_entries(l, c);
	if (c->enc == COL_DICT)
		add(l, c->codes, (size_t)c->n * c->code_width);
}

int
rows_write(struct rows_layout *l, const struct batch *b)
{
	size_t n_off = 0;

	if (b->n_rows > FRAME_MAX_ROWS)
		return -1;
	l->n_iov = 0;
	l->n_off = 0;
	l->len = 0;
	l->desc = mem_grow(l->desc, &l->cap_desc, b->n_cols * DESC_LEN, 1);
	for (size_t i = 0; i < b->n_cols; i++)
		if (type_is_bytes(b->cols[i].type))
			n_off += (size_t)b->cols[i].n_entries + 1;
	l->off = mem_grow(l->off, &l->cap_off, n_off, sizeof(*l->off));
	if (b->n_rows == 0)
		return 0;
	add(l, l->desc, b->n_cols * DESC_LEN);
	for (size_t i = 0; i < b->n_cols; i++)
		add_col(l, l->desc + i * DESC_LEN, &b->cols[i]);
	return l->len <= FRAME_MAX_LEN ? 0 : -1;
}

/* len bytes and their padding; NULL past the end. */
static const uint8_t *
take(struct cur *c, size_t len)
{
	const uint8_t *p = cur_get(c, len);

	cur_get(c, pad8(len));
	return c->failed ? NULL : p;
}

/* Whether one of off[1..n] is below the one before it: four at once. */
static bool
offsets_fall(const uint32_t *off, uint32_t n)
{
	typedef uint32_t four __attribute__((vector_size(16)));
	four a, b, falls = {0};
	uint32_t e = 0, fall = 0;

	for (; n - e >= 4; e += 4) {
		memcpy(&a, off + e, sizeof(a));
		memcpy(&b, off + e + 1, sizeof(b));
		falls |= (four)(a > b);
	}
	for (; e < n; e++)
		fall |= off[e] > off[e + 1];
	return (falls[0] | falls[1] | falls[2] | falls[3] | fall) != 0;
}

/* Offsets begin with 0, never fall, and end inside of what is left. */
static const char *
read_offsets(struct col *out, struct cur *c, uint32_t n)
{
	const uint32_t *off;

	off = (const void *)take(c, ((size_t)n + 1) * sizeof(*off));
	if (off == NULL)
		return "ROWS: offsets are cut";
	if (off[0] != 0 || offsets_fall(off, n))
		return "ROWS: offsets fall";
	out->off = off;
	out->bytes = (const char *)take(c, off[n]);
	return out->bytes == NULL ? "ROWS: text is cut" : NULL;
}

static const char *
read_entries(struct col *out, struct cur *c)
{
	uint32_t n = out->n_entries;

	if (type_is_bytes(out->type))
		return read_offsets(out, c, n);
	out->i = (const void *)take(
	    c, out->type == TYPE_BOOL ? bit_bytes(n) : n * sizeof(*out->i));
	return out->i == NULL ? "ROWS: values are cut" : NULL;
}

static const char *
read_codes(struct col *out, struct cur *c)
{
	uint32_t max = 0;
	const uint8_t *p = take(c, (size_t)out->n * out->code_width);

	if (p == NULL)
		return "ROWS: codes are cut";
	out->codes = p;
	for (uint32_t r = 0; r < out->n; r++) {
		uint32_t code = col_entry(out, r);

		if (code > max)
			max = code;
	}
	if (out->n > 0 && max >= out->n_entries)
		return "ROWS: a code is outside of the dictionary";
	return NULL;
}

static const char *
read_col(struct col *out, struct cur *c, const uint8_t *desc)
{
	unsigned enc = desc[0], flags = desc[1];
	uint64_t n_dict = le_get(desc + 4, 4);
	const char *why;

	if (enc > ENC_DICT32)
		return "ROWS: unknown encoding";
	if ((flags & ~3u) != 0 || flags == 3 || le_get(desc + 2, 2) != 0)
		return "ROWS: unknown column flag";
	if ((enc < ENC_DICT8) != (n_dict == 0) || n_dict > FRAME_MAX_ROWS)
		return "ROWS: impossible dictionary size";
	if ((flags & DESC_NULL) != 0) {
		if (enc != ENC_CONST)
			return "ROWS: null flag without const";
		col_const_null(out, out->type, out->n);
		return NULL;
	}
	out->enc = enc == ENC_PLAIN   ? COL_PLAIN
		   : enc == ENC_CONST ? COL_CONST
				      : COL_DICT;
	out->n_entries = enc == ENC_PLAIN   ? out->n
			 : enc == ENC_CONST ? 1
					    : (uint32_t)n_dict;
	if ((flags & DESC_VALID) != 0
	    && (out->valid = take(c, bit_bytes(out->n))) == NULL)
		return "ROWS: validity is cut";
	why = read_entries(out, c);
	if (why != NULL || out->enc != COL_DICT)
		return why;
	out->code_width = 1u << (enc - ENC_DICT8);
	return read_codes(out, c);
}

static void
no_rows(struct batch *b, const struct schema *s)
{
	for (size_t i = 0; i < s->n; i++)
		col_const_null(&b->cols[i], s->fields[i].type, 0);
}

int
rows_read(struct batch *b, const char **why, const struct schema *s,
    uint32_t n_rows, const uint8_t *p, size_t len)
{
	struct cur c;
	const uint8_t *desc;
	int op = mode_op_col(s);

	batch_reset(b, s->n);
	b->n_rows = n_rows;
	*why = NULL;
	if (n_rows == 0) {
		no_rows(b, s);
		*why = len == 0 ? NULL : "ROWS: bytes without rows";
		return len == 0 ? 0 : -1;
	}
	cur_init(&c, p, len);
	desc = take(&c, s->n * DESC_LEN);
	if (desc == NULL)
		*why = "ROWS: column descriptors are cut";
	for (size_t i = 0; i < s->n && *why == NULL; i++) {
		b->cols[i] =
		    (struct col){.type = s->fields[i].type, .n = n_rows};
		*why = read_col(&b->cols[i], &c, desc + i * DESC_LEN);
	}
	if (*why == NULL && c.left > 0)
		*why = "ROWS: bytes left over";
	if (*why == NULL && op != -1 && !mode_op_is_valid(&b->cols[op]))
		*why = "ROWS: op is neither put nor delete";
	return *why == NULL ? 0 : -1;
}
