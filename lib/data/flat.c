/* SPDX-License-Identifier: ISC */
/* Rows in one piece of memory. */
#include "data/flat.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* At the front of the memory, and then one for each column. */
struct flat_head {
	uint64_t n_rows;
};

struct flat_col {
	uint64_t text_len; /* of str and bin */
	uint64_t has_nulls;
};

static size_t
pad(size_t len)
{
	return (len + 7) / 8 * 8;
}

static size_t
entries_len(const struct colbuf *c, uint32_t n)
{
	if (type_is_bytes(c->type))
		return pad(((size_t)n + 1) * sizeof(*c->off));
	return pad(c->type == TYPE_BOOL ? bit_bytes(n) : n * sizeof(*c->i));
}

size_t
flat_len(const struct build *b)
{
	size_t len =
	    sizeof(struct flat_head) + b->n_cols * sizeof(struct flat_col);

	for (size_t i = 0; i < b->n_cols && b->n_rows > 0; i++) {
		const struct colbuf *c = &b->cols[i];

		len += entries_len(c, b->n_rows);
		len += c->has_nulls ? pad(bit_bytes(b->n_rows)) : 0;
		len += type_is_bytes(c->type) ? pad(c->bytes_len) : 0;
	}
	return len;
}

/* Copy len bytes to the place at *to, and move it on. */
static void
put(char **to, const void *p, size_t len)
{
	if (len > 0)
		memcpy(*to, p, len);
	*to += pad(len);
}

static void
put_col(char **to, const struct colbuf *c)
{
	if (type_is_bytes(c->type)) {
		put(to, c->off, ((size_t)c->n + 1) * sizeof(*c->off));
		put(to, c->bytes, c->bytes_len);
	} else {
		put(to, c->i,
		    c->type == TYPE_BOOL ? bit_bytes(c->n)
					 : c->n * sizeof(*c->i));
	}
	if (c->has_nulls)
		put(to, c->valid, bit_bytes(c->n));
}

void
flat_put(void *to, const struct build *b)
{
	struct flat_head head = {b->n_rows};
	char *p = to;

	put(&p, &head, sizeof(head));
	for (size_t i = 0; i < b->n_cols; i++) {
		struct flat_col col = {
		    b->cols[i].bytes_len, b->cols[i].has_nulls};

		put(&p, &col, sizeof(col));
	}
	for (size_t i = 0; i < b->n_cols && b->n_rows > 0; i++)
		put_col(&p, &b->cols[i]);
	assert((size_t)(p - (char *)to) == flat_len(b));
}

/* The place at *from, which is moved on by len bytes. */
static void *
get(char **from, size_t len)
{
	char *p = *from;

	*from += pad(len);
	return p;
}

static void
view_col(struct colbuf *c, char **from, const struct flat_col *col, uint32_t n)
{
	c->n = c->cap = n;
	c->i = get(from, entries_len(c, n));
	c->bytes_len = col->text_len;
	if (type_is_bytes(c->type))
		c->bytes = get(from, c->bytes_len);
	c->has_nulls = col->has_nulls != 0;
	if (c->has_nulls)
		c->valid = get(from, bit_bytes(n));
}

void
flat_view(struct build *out, void *p)
{
	char *from = p;
	const struct flat_head *head = get(&from, sizeof(*head));
	const struct flat_col *cols = get(&from, out->n_cols * sizeof(*cols));

	flat_forget(out);
	out->n_rows = (uint32_t)head->n_rows;
	for (size_t i = 0; i < out->n_cols && out->n_rows > 0; i++)
		view_col(&out->cols[i], &from, &cols[i], out->n_rows);
}

void
flat_forget(struct build *out)
{
	out->n_rows = 0;
	for (size_t i = 0; i < out->n_cols; i++)
		colbuf_init(&out->cols[i], out->cols[i].type);
}
