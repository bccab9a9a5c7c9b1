/* SPDX-License-Identifier: ISC */
/* The rows of one frame. */
#include "data/batch.h"

#include <assert.h>
#include <stdlib.h>

void
batch_init(struct batch *b)
{
	*b = (struct batch){.cols = NULL};
}

void
batch_release(struct batch *b)
{
	free(b->cols);
	arena_release(&b->arena);
	batch_init(b);
}

void
batch_check(const struct batch *b, const struct schema *s)
{
	assert(b->n_cols == s->n && b->n_cols <= b->cap);
	for (size_t i = 0; i < b->n_cols; i++) {
		col_check(&b->cols[i]);
		assert(b->cols[i].n == b->n_rows);
		assert(b->cols[i].type == s->fields[i].type);
	}
}

void
batch_reset(struct batch *b, size_t n_cols)
{
	arena_reset(&b->arena);
	b->cols = mem_grow(b->cols, &b->cap, n_cols, sizeof(*b->cols));
	b->n_cols = n_cols;
	b->n_rows = 0;
}

void
batch_gather(
    struct batch *b, const struct batch *in, const uint32_t *sel, uint32_t n)
{
	assert(b != in);
	batch_reset(b, in->n_cols);
	for (size_t i = 0; i < in->n_cols; i++)
		col_gather(&b->cols[i], &b->arena, &in->cols[i], sel, n);
	b->n_rows = n;
}

void
build_init(struct build *b, const struct schema *s)
{
	b->n_cols = s->n;
	b->n_rows = 0;
	b->cols = mem_zero(s->n, sizeof(*b->cols));
	for (size_t i = 0; i < s->n; i++)
		colbuf_init(&b->cols[i], s->fields[i].type);
}

void
build_release(struct build *b)
{
	for (size_t i = 0; i < b->n_cols; i++)
		colbuf_release(&b->cols[i]);
	free(b->cols);
	*b = (struct build){.cols = NULL};
}

void
build_reset(struct build *b)
{
	for (size_t i = 0; i < b->n_cols; i++)
		colbuf_reset(&b->cols[i]);
	b->n_rows = 0;
}

void
build_truncate(struct build *b, uint32_t n)
{
	for (size_t i = 0; i < b->n_cols; i++)
		colbuf_truncate(&b->cols[i], n);
	b->n_rows = n;
}

void
build_keep(struct build *b, uint32_t from, const uint32_t *sel, uint32_t n)
{
	for (size_t i = 0; i < b->n_cols; i++)
		colbuf_keep(&b->cols[i], from, sel, n);
	b->n_rows = from + n;
}

void
build_append(
    struct build *b, const struct build *other, uint32_t at, uint32_t n)
{
	assert(b->n_cols == other->n_cols);
	for (size_t i = 0; i < b->n_cols; i++)
		colbuf_append(&b->cols[i], &other->cols[i], at, n);
	b->n_rows += n;
}

void
build_view(struct batch *out, const struct build *b)
{
	batch_reset(out, b->n_cols);
	for (size_t i = 0; i < b->n_cols; i++) {
		assert(b->cols[i].n == b->n_rows);
		colbuf_view(&out->cols[i], &b->cols[i]);
	}
	out->n_rows = b->n_rows;
}

/* Bytes of text of the rows from at to end. */
static size_t
text_bytes(const struct build *b, uint32_t at, uint32_t end)
{
	size_t len = 0;

	for (size_t i = 0; i < b->n_cols; i++) {
		const struct colbuf *c = &b->cols[i];

		if (type_is_bytes(c->type) && end > at)
			len += c->off[end] - c->off[at];
	}
	return len;
}

size_t
build_row_bytes(const struct build *b)
{
	size_t len = 0;

	for (size_t i = 0; i < b->n_cols; i++) {
		enum type type = b->cols[i].type;

		len += type_is_wide(type) ? 8 : type_is_bytes(type) ? 4 : 1;
	}
	return len;
}

size_t
build_bytes(const struct build *b)
{
	return b->n_rows * build_row_bytes(b) + text_bytes(b, 0, b->n_rows);
}

uint32_t
build_reach(const struct build *b, uint32_t at, size_t have, size_t max)
{
	size_t row = build_row_bytes(b);
	uint32_t few = 0, many = b->n_rows - at;

	if (have + many * row + text_bytes(b, at, b->n_rows) < max)
		return 0;
	/* few do not reach it, many do. */
	while (many - few > 1) {
		uint32_t n = few + (many - few) / 2;

		if (have + n * row + text_bytes(b, at, at + n) < max)
			few = n;
		else
			many = n;
	}
	return many;
}
