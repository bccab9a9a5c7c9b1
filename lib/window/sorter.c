/* SPDX-License-Identifier: ISC */
/* Rows held and given in the order of event time. */
#include "window/sorter.h"

#include <stdlib.h>

#include "base/mem.h"
#include "wire/pack.h"

/*
 * Sorted rows.  number grows from run to run: of rows that are equal in event
 * time and part, those of the earlier run came first.
 */
struct run {
	struct build rows;
	uint32_t at; /* rows before it were given */
	uint64_t number;
	/* Of row at. */
	int64_t t;
	int64_t part;
};

/*
 * Rows are gathered in open until there are enough for a run, or until some of
 * them may be given.  Invariant: heap is one, by the first row of each run.
 */
struct sorter {
	struct schema schema;
	int time_col;
	int part_col;
	struct build open;
	int64_t open_least; /* event time; INT64_MAX when there is no row */
	struct run **heap;
	size_t n;
	size_t cap;
	uint64_t n_runs;
	struct build out;
};

struct sorter *
sorter_new(const struct schema *schema, int part_col)
{
	struct sorter *s = mem_zero(1, sizeof(*s));

	schema_init(&s->schema);
	schema_release(&s->schema);
	schema_copy(&s->schema, schema);
	s->time_col = schema->time_col;
	s->part_col = part_col;
	s->open_least = INT64_MAX;
	build_init(&s->open, schema);
	build_init(&s->out, schema);
	return s;
}

static void
free_run(struct run *r)
{
	build_release(&r->rows);
	free(r);
}

void
sorter_free(struct sorter *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		free_run(s->heap[i]);
	free(s->heap);
	build_release(&s->open);
	build_release(&s->out);
	schema_release(&s->schema);
	free(s);
}

static bool
is_before(const struct run *a, const struct run *b)
{
	if (a->t != b->t)
		return a->t < b->t;
	return a->part != b->part ? a->part < b->part : a->number < b->number;
}

static void
sift_up(struct sorter *s, size_t i)
{
	struct run *r = s->heap[i];

	for (; i > 0 && is_before(r, s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = r;
}

static void
sift_down(struct sorter *s)
{
	struct run *r = s->heap[0];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < s->n) {
		if (child + 1 < s->n
		    && is_before(s->heap[child + 1], s->heap[child]))
			child++;
		if (!is_before(s->heap[child], r))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = r;
}

static void
look(const struct sorter *s, struct run *r)
{
	r->t = r->rows.cols[s->time_col].i[r->at];
	r->part = r->rows.cols[s->part_col].i[r->at];
}

/* What rows are compared by. */
struct key {
	int64_t t;
	int64_t part;
	uint32_t row;
};

static int
by_key(const void *va, const void *vb)
{
	const struct key *a = va, *b = vb;

	if (a->t != b->t)
		return a->t < b->t ? -1 : 1;
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

/* The open rows in order: row numbers, or NULL when they are in it already. */
static uint32_t *
order(const struct sorter *s)
{
	const int64_t *t = s->open.cols[s->time_col].i;
	const int64_t *part = s->open.cols[s->part_col].i;
	uint32_t n = s->open.n_rows, *sel, i;
	struct key *keys;

	for (i = 1; i < n; i++)
		if (t[i] < t[i - 1]
		    || (t[i] == t[i - 1] && part[i] < part[i - 1]))
			break;
	if (i >= n)
		return NULL;
	keys = mem_alloc(n * sizeof(*keys));
	sel = mem_alloc(n * sizeof(*sel));
	for (i = 0; i < n; i++)
		keys[i] = (struct key){t[i], part[i], i};
	qsort(keys, n, sizeof(*keys), by_key);
	for (i = 0; i < n; i++)
		sel[i] = keys[i].row;
	free(keys);
	return sel;
}

static void
sort_into(struct build *to, const struct build *from, const uint32_t *sel)
{
	struct col c;

	for (size_t i = 0; i < from->n_cols; i++) {
		colbuf_view(&c, &from->cols[i]);
		colbuf_push_rows(&to->cols[i], &c, sel, from->n_rows);
	}
	to->n_rows = from->n_rows;
}

/* Make a run of the open rows. */
static void
seal(struct sorter *s)
{
	struct run *r = mem_zero(1, sizeof(*r));
	uint32_t *sel = order(s);

	if (sel == NULL) {
		r->rows = s->open;
		build_init(&s->open, &s->schema);
	} else {
		build_init(&r->rows, &s->schema);
		sort_into(&r->rows, &s->open, sel);
		build_reset(&s->open);
	}
	free(sel);
	s->open_least = INT64_MAX;
	r->number = s->n_runs++;
	look(s, r);
	s->heap = mem_grow(s->heap, &s->cap, s->n + 1, sizeof(struct run *));
	s->heap[s->n++] = r;
	sift_up(s, s->n - 1);
}

void
sorter_add(struct sorter *s, const struct batch *rows)
{
	const int64_t *t;

	for (size_t i = 0; i < rows->n_cols; i++)
		colbuf_push_rows(
		    &s->open.cols[i], &rows->cols[i], NULL, rows->n_rows);
	s->open.n_rows += rows->n_rows;
	t = s->open.cols[s->time_col].i;
	for (uint32_t i = s->open.n_rows - rows->n_rows; i < s->open.n_rows;
	     i++)
		if (t[i] < s->open_least)
			s->open_least = t[i];
	if (s->open.n_rows >= SORTER_ROWS)
		seal(s);
}

bool
sorter_has(const struct sorter *s, int64_t last)
{
	return (s->open.n_rows > 0 && s->open_least <= last)
	       || (s->n > 0 && s->heap[0]->t <= last);
}

/* The run whose first row comes next after the first run's, or NULL. */
static const struct run *
second(const struct sorter *s)
{
	if (s->n < 2)
		return NULL;
	if (s->n > 2 && is_before(s->heap[2], s->heap[1]))
		return s->heap[2];
	return s->heap[1];
}

/* How many rows of the first run come next, at most max. */
static uint32_t
stretch(struct sorter *s, int64_t last, uint32_t max)
{
	struct run *r = s->heap[0], here = *r;
	const struct run *next = second(s);
	uint32_t n = 0;

	while (n < max && here.at < r->rows.n_rows) {
		look(s, &here);
		if (here.t > last || (next != NULL && !is_before(&here, next)))
			break;
		here.at++;
		n++;
	}
	return n;
}

static void
took(struct sorter *s, uint32_t n)
{
	struct run *r = s->heap[0];

	r->at += n;
	if (r->at < r->rows.n_rows) {
		look(s, r);
	} else {
		free_run(r);
		s->heap[0] = s->heap[--s->n];
	}
	if (s->n > 0)
		sift_down(s);
}

void
sorter_take(struct sorter *s, struct batch *out, int64_t last)
{
	uint32_t n;

	if (s->open.n_rows > 0 && s->open_least <= last)
		seal(s);
	build_reset(&s->out);
	while (
	    s->out.n_rows < SORTER_ROWS && s->n > 0 && s->heap[0]->t <= last) {
		n = stretch(s, last, SORTER_ROWS - s->out.n_rows);
		build_append(&s->out, &s->heap[0]->rows, s->heap[0]->at, n);
		took(s, n);
	}
	build_view(out, &s->out);
}

static int
by_run(const void *va, const void *vb)
{
	const struct run *a = *(struct run *const *)va;
	const struct run *b = *(struct run *const *)vb;

	return (a->number > b->number) - (a->number < b->number);
}

void
sorter_save(const struct sorter *s, struct buf *out)
{
	struct run **runs = mem_resize(NULL, s->n + 1, sizeof(*runs));
	struct build left;

	for (size_t i = 0; i < s->n; i++)
		runs[i] = s->heap[i];
	qsort(runs, s->n, sizeof(*runs), by_run);
	build_init(&left, &s->schema);
	buf_put_int(out, s->n, 4);
	for (size_t i = 0; i < s->n; i++) {
		const struct run *r = runs[i];

		build_reset(&left);
		build_append(&left, &r->rows, r->at, r->rows.n_rows - r->at);
		pack_build(out, &left);
	}
	pack_build(out, &s->open);
	build_release(&left);
	free(runs);
}

/* Rows as they were added: each has a time. */
static int
load_rows(struct sorter *s, struct cur *in)
{
	struct batch b;
	struct col t, part;

	build_reset(&s->out);
	if (unpack_build(&s->out, in) == -1)
		return -1;
	colbuf_view(&t, &s->out.cols[s->time_col]);
	colbuf_view(&part, &s->out.cols[s->part_col]);
	if (s->out.n_rows > 0 && (t.valid != NULL || part.valid != NULL))
		return -1;
	batch_init(&b);
	build_view(&b, &s->out);
	sorter_add(s, &b);
	batch_release(&b);
	return 0;
}

/* Runs come in their order, and sealing sorts them again. */
int
sorter_load(struct sorter *s, struct cur *in)
{
	uint64_t n = cur_get_int(in, 4);

	for (uint64_t i = 0; i < n; i++) {
		if (load_rows(s, in) == -1)
			return -1;
		if (s->open.n_rows > 0)
			seal(s);
	}
	return load_rows(s, in);
}
