/* SPDX-License-Identifier: ISC */
/* Columns: a borrowed view that kernels read, and a column being built. */
#ifndef MILLRACE_DATA_COL_H
#define MILLRACE_DATA_COL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "data/type.h"

#define COL_MAX_ROWS (1u << 20)
#define COL_MAX_BYTES (64u << 20) /* heap of one column */

enum col_enc {
	COL_PLAIN, /* entry r belongs to row r */
	COL_CONST, /* entry 0 belongs to every row */
	COL_DICT /* entry code[r] belongs to row r */
};

/*
 * A column of n rows, all memory borrowed: from the received frame, an arena
 * or a colbuf; it is valid as long as that is.
 * Invariants: valid is NULL (no nulls) or n bits by row, 1 = has a value,
 * whatever the encoding.  There are n_entries entries: n for plain, 1 for
 * const (also when n is 0), the dictionary's size for dict.  Entries live in
 * i (int, time, dur), f, bits (bool) or off + bytes (str, bin: entry e is
 * bytes[off[e]..off[e+1]), off has n_entries + 1 ascending values).  The
 * entry of a null row is readable and means nothing.  Dict codes are below
 * n_entries, in code_width (1, 2, 4) bytes of host order.  All arrays but
 * bits and bytes are aligned to 8 bytes.
 */
struct col {
	enum type type;
	enum col_enc enc;
	uint32_t n;
	uint32_t n_entries;
	unsigned code_width;
	const uint8_t *valid;
	union {
		const int64_t *i;
		const double *f;
		const uint8_t *bits;
		const uint32_t *off;
	};
	const char *bytes;
	const void *codes;
};

void col_check(const struct col *c); /* asserts the invariants */

static inline bool
bit_get(const uint8_t *bits, size_t i)
{
	return bits[i >> 3] >> (i & 7) & 1;
}

static inline void
bit_set(uint8_t *bits, size_t i)
{
	bits[i >> 3] |= (uint8_t)(1u << (i & 7));
}

static inline size_t
bit_bytes(size_t n)
{
	return (n + 7) / 8;
}

static inline bool
col_is_valid(const struct col *c, uint32_t row)
{
	return c->valid == NULL || bit_get(c->valid, row);
}

/* The entry that belongs to a row.  For loops prefer col_flatten. */
static inline uint32_t
col_entry(const struct col *c, uint32_t row)
{
	if (c->enc == COL_PLAIN)
		return row;
	if (c->enc == COL_CONST)
		return 0;
	switch (c->code_width) {
	case 1:
		return ((const uint8_t *)c->codes)[row];
	case 2:
		return ((const uint16_t *)c->codes)[row];
	default:
		return ((const uint32_t *)c->codes)[row];
	}
}

/* The bytes of a str or bin row; *len their number. */
static inline const char *
col_str(const struct col *c, uint32_t row, size_t *len)
{
	uint32_t e = col_entry(c, row);

	*len = c->off[e + 1] - c->off[e];
	return c->bytes + c->off[e];
}

/*
 * col_flatten: *out is the same column as COL_PLAIN; memory from a, or that
 * of in when it is plain already.
 * col_gather: *out holds rows sel[0..n) of in, in that order; the encoding is
 * kept; memory from a (dictionaries and constants are shared with in).
 * col_slice: *out is rows [from, from + n) of in; from is a multiple of 8;
 * no copy (str offsets then do not begin with 0, which readers must not
 * assume).
 * col_const_null: a constant column of n nulls; above COL_MAX_ROWS the caller
 * sets valid.
 */
void col_flatten(struct col *out, struct arena *a, const struct col *in);
void col_gather(struct col *out, struct arena *a, const struct col *in,
    const uint32_t *sel, uint32_t n);
void col_slice(
    struct col *out, const struct col *in, uint32_t from, uint32_t n);
void col_const_null(struct col *out, enum type type, uint32_t n);

/*
 * A column being built: owned, growing memory that reset keeps.  Hot loops
 * reserve, write the arrays themselves and call colbuf_added; every other
 * writer pushes.
 * Invariants: 0 <= n <= cap; arrays hold cap entries (off cap + 1, with off[0]
 * = 0 and off[n] = bytes_len); valid is NULL until the first null, then has
 * cap bits of which the first n are set right.
 */
struct colbuf {
	enum type type;
	uint32_t n;
	uint32_t cap;
	uint8_t *valid;
	bool has_nulls; /* valid means something */
	union {
		int64_t *i;
		double *f;
		uint8_t *bits;
		uint32_t *off;
	};
	char *bytes;
	size_t bytes_len;
	size_t bytes_cap;
};

void colbuf_init(struct colbuf *b, enum type type);
void colbuf_release(struct colbuf *b);
void colbuf_reset(struct colbuf *b);

/*
 * Room for rows more rows and heap more bytes; copiers may spoil COLBUF_PAD
 * bytes behind those.
 * colbuf_added: rows more entries (and for str their offsets) stand in the
 * arrays, or will before the next call; they count now, none of them null.
 * For str, bytes_len is the caller's to set.
 */
#define COLBUF_PAD 64
void colbuf_reserve(struct colbuf *b, uint32_t rows, size_t heap);
void colbuf_added(struct colbuf *b, uint32_t rows);

/* Append one row.  colbuf_push_cell copies row r of c, of the same type. */
void colbuf_push_int(struct colbuf *b, int64_t v); /* int, time, dur */
void colbuf_push_float(struct colbuf *b, double v);
void colbuf_push_bool(struct colbuf *b, bool v);
void colbuf_push_str(struct colbuf *b, const char *s, size_t len);
void colbuf_push_null(struct colbuf *b);
void colbuf_push_cell(struct colbuf *b, const struct col *c, uint32_t r);

/* Append rows sel[0..n) of c, of the same type; sel NULL: the first n. */
void colbuf_push_rows(
    struct colbuf *b, const struct col *c, const uint32_t *sel, uint32_t n);

/*
 * Mark row r < n null after it was written (its entry keeps whatever it
 * holds; for str write an empty entry).
 */
void colbuf_set_null(struct colbuf *b, uint32_t r);

/*
 * colbuf_truncate: forget all rows from n on.
 * colbuf_keep: of the rows from `from` on, keep rows sel[0..n), ascending.
 * colbuf_append: add rows [at, at + n) of other, of the same type.
 */
void colbuf_truncate(struct colbuf *b, uint32_t n);
void colbuf_keep(
    struct colbuf *b, uint32_t from, const uint32_t *sel, uint32_t n);
void colbuf_append(
    struct colbuf *b, const struct colbuf *other, uint32_t at, uint32_t n);

/* The rows so far, borrowed until the next call that changes b. */
void colbuf_view(struct col *out, const struct colbuf *b);

#endif
