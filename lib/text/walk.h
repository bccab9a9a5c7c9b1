/* SPDX-License-Identifier: ISC */
/*
 * Records whose fields are found by walking along them, one record after the
 * other.  For formats with pairs of edges, to inline.
 */
#ifndef MILLRACE_TEXT_WALK_H
#define MILLRACE_TEXT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "text/record.h"
#include "text/seek.h"
#include "text/text_int.h"

/*
 * A walk along one record.  edge: pairs of edges by the number of the field;
 * those of wanted fields are set when the walk ends well.  note: a number for
 * the format, which goes with the row (walk_note).
 */
struct walk {
	const char *p; /* of the block */
	uint32_t from; /* of the record */
	uint32_t at;
	uint32_t end; /* of the record, without its line end */
	uint32_t *edge;
	uint32_t note;
	const char *name; /* why the walk ended: of a field, or NULL */
	const char *what;
};

/* False when the record is no row; name, what and at then say why. */
typedef bool (*walk_fn)(struct text *t, struct walk *w);

static inline void
walk_set(struct walk *w, size_t field, uint32_t from, uint32_t to)
{
	w->edge[2 * field] = from - 1;
	w->edge[2 * field + 1] = to;
}

static inline void
walk_null(struct walk *w, size_t field)
{
	w->edge[2 * field] = w->edge[2 * field + 1] = w->from;
}

static inline bool
walk_fail(struct walk *w, const char *name, const char *what)
{
	w->name = name;
	w->what = what;
	return false;
}

/* The first c at or behind byte at, or the record's end. */
static inline uint32_t
walk_find(const struct walk *w, uint32_t at, char c)
{
	return seek_byte(w->p, at, w->end, c);
}

/* The note of row r of the grid. */
static inline uint32_t
walk_note(const struct text *t, uint32_t r)
{
	const struct grid *g = &t->grid;

	return g->edge[r * g->stride + 2 + 2 * t->cols.n];
}

/* Append the wanted cells of the record to the grid. */
static inline void
walk_add_row(struct text *t, const struct walk *w)
{
	struct grid *g = &t->grid;
	uint32_t *row;

	t->edges = mem_grow(t->edges, &t->cap_edges,
	    ((size_t)g->n + 1) * g->stride, sizeof(*t->edges));
	row = t->edges + g->n++ * g->stride;
	row[0] = w->from - 1;
	row[1] = w->end;
	for (size_t i = 0; i < t->cols.n; i++) {
		size_t f = t->cols.cols[i].field;

		row[2 + 2 * i] = w->edge[2 * f];
		row[3 + 2 * i] = w->edge[2 * f + 1];
	}
	row[2 + 2 * t->cols.n] = w->note;
}

/* Keep why the record is no row. */
void walk_add_flaw(struct text *t, const struct walk *w);

/*
 * The split() of a format: walk along each record of the block.  w->edge has
 * room for all fields.  Empty records are none, unless walk takes them.
 */
static inline __attribute__((always_inline)) void
walk_split(struct text *t, struct walk *w, const struct block *b,
    uint32_t max_rows, walk_fn walk)
{
	struct grid *g = &t->grid;
	uint32_t next = 0;

	w->p = b->p;

	g->end = 1;
	g->stride = 3 + 2 * t->cols.n;
	while (g->n < max_rows && next < b->len) {
		w->from = w->at = next;
		if (!record_next(t, b, &next, &w->end))
			break;
		g->lines++;
		if (walk(t, w))
			walk_add_row(t, w);
		else if (w->end > w->from)
			walk_add_flaw(t, w);
	}
	g->edge = t->edges;
	g->used = next;
	if (t->start != NULL)
		g->lines = sepidx_count(b->p, next, '\n');
}

#endif
