/* SPDX-License-Identifier: ISC */
/* The keys and the column op of a stream.  millrace-frame(5), section 3. */
#include "wire/mode.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const char *
mode_name(enum head_mode m)
{
	static const char *const names[] = {
	    [MODE_APPEND] = "append",
	    [MODE_UPSERT] = "upsert",
	    [MODE_COMPLETE] = "complete",
	};

	return names[m];
}

int
mode_op_col(const struct schema *s)
{
	int col = schema_find(s, "op", 2);

	return col != -1 && s->fields[col].system ? col : -1;
}

static bool
has(const uint32_t *keys, size_t n, uint32_t col)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i] == col)
			return true;
	return false;
}

uint32_t *
mode_keys(size_t *n, const struct head *h)
{
	const struct schema *s = &h->schema;
	uint32_t *keys = mem_resize(NULL, s->n + 1, sizeof(*keys));
	const char *p = h->mode_keys;
	bool more = *p != '\0';

	*n = 0;
	while (more) {
		size_t len = strcspn(p, ",");
		int col = schema_find(s, p, len);

		if (col == -1 || s->fields[col].system
		    || has(keys, *n, (uint32_t)col)) {
			free(keys);
			return NULL;
		}
		keys[(*n)++] = (uint32_t)col;
		more = p[len] == ',';
		p += len + more;
	}
	return keys;
}

const char *
mode_check(const struct head *h)
{
	uint32_t *keys;
	size_t n;

	if ((h->mode == MODE_UPSERT) != (mode_op_col(&h->schema) != -1))
		return "HEAD: column op without upsert, or upsert without it";
	if (h->mode != MODE_UPSERT)
		return *h->mode_keys == '\0' ? NULL
					     : "HEAD: keys without upsert";
	keys = mode_keys(&n, h);
	free(keys);
	return keys != NULL ? NULL : "HEAD: an upsert key is no column";
}

bool
mode_op_is_valid(const struct col *c)
{
	for (uint32_t r = 0; r < c->n; r++) {
		int64_t op;

		if (!col_is_valid(c, r))
			return false;
		op = c->i[col_entry(c, r)];
		if (op != MODE_PUT && op != MODE_DELETE)
			return false;
	}
	return true;
}

bool
mode_closes(struct mode_batches *m, const struct frame *f)
{
	bool left_over;
	struct mark mark;

	if (f->h.kind == FRAME_MARK)
		m->eof |= mark_read(&mark, f->data, f->len) == 0
			  && mark.what == MARK_EOF;
	if (f->h.kind != FRAME_ROWS)
		return false;
	m->n_rows += f->h.rows;
	if ((f->h.flags & FRAME_LAST) == 0)
		return false;
	left_over = m->eof && f->h.batch > 0 && m->n_rows == 0;
	m->n_rows = 0;
	return !left_over;
}

uint32_t
mode_n_puts(const struct head *h, const struct batch *b)
{
	int op = mode_op_col(&h->schema);
	uint32_t n = 0;

	if (op == -1)
		return b->n_rows;
	for (uint32_t r = 0; r < b->n_rows; r++)
		n += b->cols[op].i[col_entry(&b->cols[op], r)] == MODE_PUT;
	return n;
}
