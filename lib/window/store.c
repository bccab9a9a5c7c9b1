/* SPDX-License-Identifier: ISC */
/* Rows that are held in chunks. */
#include "window/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/pack.h"

#define MIN_PACK (16 * STORE_ROWS) /* rows; below it nothing is packed */

struct store_chunk {
	struct build rows;
	uint64_t first; /* number of row 0 */
	uint32_t n_live;
};

void
store_init(struct store *s, const struct schema *schema)
{
	*s = (struct store){.schema = schema};
}

static void
free_chunk(struct store *s, size_t i)
{
	s->n_held -= s->chunks[i]->rows.n_rows;
	build_release(&s->chunks[i]->rows);
	free(s->chunks[i]);
	s->n_chunks--;
	memmove(&s->chunks[i], &s->chunks[i + 1],
	    (s->n_chunks - i) * sizeof(struct store_chunk *));
}

void
store_release(struct store *s)
{
	while (s->n_chunks > 0)
		free_chunk(s, s->n_chunks - 1);
	free(s->chunks);
	free(s->sel);
}

/* Which chunk holds a row. */
static size_t
find(const struct store *s, uint64_t at)
{
	size_t low = 0, high = s->n_chunks;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (s->chunks[mid]->first <= at)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* The chunk to add to. */
static struct store_chunk *
open_chunk(struct store *s)
{
	struct store_chunk *c =
	    s->n_chunks > 0 ? s->chunks[s->n_chunks - 1] : NULL;

	if (c != NULL && c->rows.n_rows < STORE_ROWS
	    && c->first + c->rows.n_rows == s->next)
		return c;
	c = mem_zero(1, sizeof(*c));
	build_init(&c->rows, s->schema);
	c->first = s->next;
	s->chunks = mem_grow(
	    s->chunks, &s->cap, s->n_chunks + 1, sizeof(struct store_chunk *));
	s->chunks[s->n_chunks++] = c;
	return c;
}

uint64_t
store_add(struct store *s, const struct col *cols, uint32_t n)
{
	struct store_chunk *c;
	uint64_t first = s->next;

	if (n == 0)
		return first;
	c = open_chunk(s);
	for (size_t i = 0; i < c->rows.n_cols; i++)
		colbuf_push_rows(&c->rows.cols[i], &cols[i], NULL, n);
	c->rows.n_rows += n;
	c->n_live += n;
	s->n_held += n;
	s->n_live += n;
	s->next += n;
	return first;
}

/* Rows s->sel[0..n) of a chunk to the end of out. */
static void
copy_some(const struct store *s, struct build *out,
    const struct store_chunk *from, uint32_t n)
{
	struct col c;

	for (size_t i = 0; i < out->n_cols; i++) {
		colbuf_view(&c, &from->rows.cols[i]);
		colbuf_push_rows(&out->cols[i], &c, s->sel, n);
	}
	out->n_rows += n;
}

static int
by_time(const void *va, const void *vb)
{
	const struct store_row *a = va, *b = vb;

	if (a->t != b->t)
		return a->t < b->t ? -1 : 1;
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

void
store_copy(
    struct store *s, struct build *out, struct bag *b, size_t from, uint32_t n)
{
	const struct store_row *rows;
	const struct store_chunk *c;
	uint32_t i = 0, run;

	if (!b->is_sorted)
		qsort(b->rows, b->n, sizeof(*b->rows), by_time);
	b->is_sorted = true;
	rows = b->rows + from;
	s->sel = mem_grow(s->sel, &s->cap_sel, n, sizeof(*s->sel));
	while (i < n) {
		c = s->chunks[find(s, rows[i].at)];
		for (run = 0; i < n && rows[i].at >= c->first
			      && rows[i].at - c->first < c->rows.n_rows;
		     i++)
			s->sel[run++] = (uint32_t)(rows[i].at - c->first);
		copy_some(s, out, c, run);
	}
}

void
store_drop(struct store *s, struct bag *b)
{
	for (size_t r = 0; r < b->n; r++) {
		size_t i = find(s, b->rows[r].at);

		if (--s->chunks[i]->n_live == 0)
			free_chunk(s, i);
	}
	s->n_live -= b->n;
	b->n = 0;
}

bool
store_is_sparse(const struct store *s)
{
	return s->n_held > MIN_PACK && s->n_held / 4 > s->n_live;
}

static int
by_number(const void *va, const void *vb)
{
	const struct store_row *a = *(struct store_row *const *)va;
	const struct store_row *b = *(struct store_row *const *)vb;

	return (a->at > b->at) - (a->at < b->at);
}

/* All rows that are in bags, in the order of their numbers. */
static struct store_row **
list_rows(const struct store *s, struct bag **bags, size_t n_bags)
{
	struct store_row **list =
	    mem_resize(NULL, s->n_live + 1, sizeof(struct store_row *));
	size_t n = 0;

	for (size_t i = 0; i < n_bags; i++)
		for (size_t r = 0; r < bags[i]->n; r++)
			list[n++] = &bags[i]->rows[r];
	qsort(list, n, sizeof(struct store_row *), by_number);
	return list;
}

void
store_pack(struct store *s, struct bag **bags, size_t n_bags)
{
	struct store_row **list = list_rows(s, bags, n_bags);
	struct store old = *s;
	struct store_chunk *to, *from;
	uint64_t i = 0;
	uint32_t run;

	store_init(s, old.schema);
	s->sel = mem_alloc(STORE_ROWS * sizeof(*s->sel));
	s->cap_sel = STORE_ROWS;
	while (i < old.n_live) {
		to = open_chunk(s);
		from = old.chunks[find(&old, list[i]->at)];
		for (run = 0;
		     i < old.n_live && to->rows.n_rows + run < STORE_ROWS
		     && list[i]->at - from->first < from->rows.n_rows;
		     i++) {
			s->sel[run++] = (uint32_t)(list[i]->at - from->first);
			list[i]->at = s->next++;
		}
		copy_some(s, &to->rows, from, run);
		to->n_live += run;
		s->n_held += run;
		s->n_live += run;
	}
	free(list);
	store_release(&old);
}

/* A bag's rows in front of the columns: what they are sorted by. */
static void
save_bag(struct store *s, struct buf *out, struct build *rows, struct bag *b)
{
	for (size_t at = 0; at < b->n; at += STORE_ROWS) {
		size_t n = b->n - at < STORE_ROWS ? b->n - at : STORE_ROWS;

		store_copy(s, rows, b, at, (uint32_t)n);
	}
	buf_put_int(out, b->n, 8);
	for (size_t r = 0; r < b->n; r++) {
		buf_put_int(out, (uint64_t)b->rows[r].t, 8);
		buf_put_int(out, (uint64_t)b->rows[r].part, 8);
	}
}

void
store_save(
    struct store *s, struct buf *out, struct bag *const *bags, size_t n_bags)
{
	struct build rows;

	if (s->n_live > UINT32_MAX) {
		out->failed = true;
		return;
	}
	build_init(&rows, s->schema);
	for (size_t i = 0; i < n_bags; i++)
		save_bag(s, out, &rows, bags[i]);
	pack_build(out, &rows);
	build_release(&rows);
}

/* Rows from at on are those of b. */
static int
load_bag(struct bag *b, uint64_t *at, struct cur *in)
{
	uint64_t n = cur_get_int(in, 8);

	if (n > in->left / 16)
		return -1;
	for (uint64_t r = 0; r < n; r++) {
		int64_t t = (int64_t)cur_get_int(in, 8);
		int64_t part = (int64_t)cur_get_int(in, 8);

		bag_push(b, t, part, (*at)++);
	}
	return 0;
}

/* Add rows, in chunks. */
static void
add_built(struct store *s, const struct build *rows)
{
	struct batch b;
	struct col *cols;
	uint32_t n;

	batch_init(&b);
	build_view(&b, rows);
	cols = arena_alloc(&b.arena, (b.n_cols + 1) * sizeof(*cols));
	for (uint32_t at = 0; at < b.n_rows; at += n) {
		n = b.n_rows - at < STORE_ROWS ? b.n_rows - at : STORE_ROWS;
		for (size_t c = 0; c < b.n_cols; c++)
			col_slice(&cols[c], &b.cols[c], at, n);
		store_add(s, cols, n);
	}
	batch_release(&b);
}

int
store_load(
    struct store *s, struct cur *in, struct bag *const *bags, size_t n_bags)
{
	struct build rows;
	uint64_t n = s->next;
	int rc = 0;

	for (size_t i = 0; i < n_bags && rc == 0; i++)
		rc = load_bag(bags[i], &n, in);
	build_init(&rows, s->schema);
	if (rc == 0)
		rc = unpack_build(&rows, in);
	if (rc == 0 && rows.n_rows != n)
		rc = -1;
	if (rc == 0)
		add_built(s, &rows);
	build_release(&rows);
	return rc;
}

void
bag_push(struct bag *b, int64_t t, int64_t part, uint64_t at)
{
	/* Of many sessions that are open most have one row. */
	if (b->cap == 0) {
		b->rows = mem_alloc(sizeof(*b->rows));
		b->cap = 1;
	}
	b->rows = mem_grow(b->rows, &b->cap, b->n + 1, sizeof(*b->rows));
	b->rows[b->n++] = (struct store_row){t, part, at};
	b->is_sorted = false;
}

void
bag_join(struct bag *b, struct bag *from)
{
	b->rows = mem_grow(b->rows, &b->cap, b->n + from->n, sizeof(*b->rows));
	if (from->n > 0)
		memcpy(b->rows + b->n, from->rows, from->n * sizeof(*b->rows));
	b->n += from->n;
	b->is_sorted = false;
	from->n = 0;
}

void
bag_release(struct bag *b)
{
	free(b->rows);
	*b = (struct bag){.rows = NULL};
}
