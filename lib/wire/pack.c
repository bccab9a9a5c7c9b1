/* SPDX-License-Identifier: ISC */
/* Columns of any number of rows as bytes, for states that are kept. */
#include "wire/pack.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "data/schema.h"
#include "wire/frame.h"
#include "wire/rows.h"

#define PIECE_ROWS 65536 /* a multiple of 8, as slices want it */

/* Columns have no names in a state. */
static void
make_schema(struct schema *s, const struct colbuf *cols, size_t n_cols)
{
	char name[24];

	schema_init(s);
	for (size_t i = 0; i < n_cols; i++) {
		int len = snprintf(name, sizeof(name), "%zu", i);

		schema_add(s, name, (size_t)len, cols[i].type);
	}
}

/* Rows [from, from + n) of b; half of them at a time when they are long. */
static void
put_piece(struct buf *out, struct rows_layout *l, const struct batch *b,
    uint32_t from, uint32_t n)
{
	struct batch piece = {.n_cols = b->n_cols, .n_rows = n};
	uint32_t half = n / 16 * 8;

	piece.cols = mem_zero(b->n_cols + 1, sizeof(*piece.cols));
	for (size_t i = 0; i < b->n_cols; i++)
		col_slice(&piece.cols[i], &b->cols[i], from, n);
	if (rows_write(l, &piece) == 0) {
		buf_put_int(out, n, 4);
		buf_put_int(out, l->len, 4);
		for (size_t i = 0; i < l->n_iov; i++)
			buf_put(out, l->iov[i].iov_base, l->iov[i].iov_len);
	} else if (half > 0) {
		put_piece(out, l, b, from, half);
		put_piece(out, l, b, from + half, n - half);
	} else {
		out->failed = true;
	}
	free(piece.cols);
}

void
pack_cols(
    struct buf *out, const struct colbuf *cols, size_t n_cols, uint32_t n_rows)
{
	struct rows_layout layout;
	struct batch b = {.n_cols = n_cols, .n_rows = n_rows};

	b.cols = mem_zero(n_cols + 1, sizeof(*b.cols));
	for (size_t i = 0; i < n_cols; i++)
		colbuf_view(&b.cols[i], &cols[i]);
	rows_layout_init(&layout);
	for (uint32_t at = 0; at < n_rows; at += PIECE_ROWS)
		put_piece(out, &layout, &b, at,
		    n_rows - at < PIECE_ROWS ? n_rows - at : PIECE_ROWS);
	buf_put_int(out, 0, 4);
	rows_layout_release(&layout);
	free(b.cols);
}

/* One piece of n rows; the payload is copied to where it is aligned. */
static int
get_piece(struct colbuf *cols, struct batch *b, const struct schema *s,
    uint32_t n, struct cur *in)
{
	size_t len = cur_get_int(in, 4);
	const uint8_t *p = cur_get(in, len);
	const char *why;
	uint8_t *aligned;
	int rc;

	if (p == NULL || n > FRAME_MAX_ROWS)
		return -1;
	aligned = mem_dup(p, len);
	rc = rows_read(b, &why, s, n, aligned, len);
	for (size_t i = 0; i < s->n && rc == 0; i++)
		colbuf_push_rows(&cols[i], &b->cols[i], NULL, n);
	free(aligned);
	return rc;
}

int
unpack_cols(
    struct colbuf *cols, size_t n_cols, uint32_t *n_rows, struct cur *in)
{
	struct schema s;
	struct batch b;
	uint32_t n;
	int rc = 0;

	make_schema(&s, cols, n_cols);
	batch_init(&b);
	while (rc == 0 && (n = (uint32_t)cur_get_int(in, 4)) > 0) {
		rc = get_piece(cols, &b, &s, n, in);
		if (n > UINT32_MAX - *n_rows)
			rc = -1;
		*n_rows += n;
	}
	batch_release(&b);
	schema_release(&s);
	return in->failed ? -1 : rc;
}

void
pack_build(struct buf *out, const struct build *b)
{
	pack_cols(out, b->cols, b->n_cols, b->n_rows);
}

int
unpack_build(struct build *b, struct cur *in)
{
	return unpack_cols(b->cols, b->n_cols, &b->n_rows, in);
}
