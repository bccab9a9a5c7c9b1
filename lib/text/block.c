/* SPDX-License-Identifier: ISC */
/* Blocks of bytes -> rows: split, fill, report, count. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/cellfast.h"
#include "text/text_int.h"

#define BLOCK_MIN (16u << 10)

/* Copy the block where padding, a line end and rewritten cells have room. */
static void
own(struct text *t, struct block *b)
{
	size_t need = 2 * (b->real + 1) + 2 * CELL_PAD;

	t->own = mem_grow(t->own, &t->cap_own, need, 1);
	memcpy(t->own, b->from, b->real);
	if (b->last && b->real > 0 && b->from[b->real - 1] != '\n') {
		t->own[b->real] = '\n';
		b->len = b->real + 1;
	}
	memset(t->own + b->len, 0, CELL_PAD);
	b->p = t->own;
}

char *
side_room(struct side *s, struct text *t, size_t n)
{
	size_t need = (size_t)s->at + 1 + n + CELL_PAD;

	t->own = mem_grow(t->own, &t->cap_own, need, 1);
	s->base = t->own;
	return s->base + s->at + 1;
}

/* The first len of avail bytes as a block. */
static void
open_block(struct text *t, struct block *b, const char *p, size_t len,
    size_t avail, bool eof)
{
	*b = (struct block){
	    .from = p, .p = p, .len = len, .real = len, .last = eof};
	b->last = eof && len == avail;
	if (avail - len < CELL_PAD)
		own(t, b);
}

/*
 * How many bytes to split at once: a block, or what is likely to reach the
 * goal, since what is split and not taken is split again.
 */
static size_t
block_size(const struct text *t, size_t left_out)
{
	double n = (double)left_out;

	if (t->total_out > 0)
		n *= (double)t->total_in / (double)t->total_out;
	return n < BLOCK_MIN   ? BLOCK_MIN
	       : n > BLOCK_LEN ? BLOCK_LEN
			       : (size_t)n;
}

/* Rows that the goal leaves room for, at least 1, going by their fixed part. */
static uint32_t
row_limit(const struct build *out, const struct text_goal *goal, size_t left)
{
	uint32_t rows = goal->max_rows - out->n_rows;
	size_t fixed = build_row_bytes(out);

	if (fixed == 0 || left / fixed >= rows)
		return rows;
	return left < fixed ? 1 : (uint32_t)(left / fixed);
}

static void
split(struct text *t, const struct block *b, uint32_t max_rows)
{
	t->grid = (struct grid){.edge = t->edges};
	t->flaws.n = 0;
	t->fmt->split(t, b, max_rows);
}

/* A record longer than a block: find its end first, then split it alone. */
static int
open_long(struct text *t, struct block *b, const char *p, size_t len, bool eof)
{
	size_t end = t->fmt->find_end(t, p, len);

	if (end > TEXT_MAX_RECORD || (end == 0 && len > TEXT_MAX_RECORD))
		return text_fail(
		    t, mem_printf("line %llu: record longer than %u bytes",
			   (unsigned long long)t->line, TEXT_MAX_RECORD));
	if (end == 0 && !eof)
		return 0;
	t->scan = (struct scan){.at = 0};
	open_block(t, b, p, end > 0 ? end : len, len, eof);
	/* The line that begins the next record is behind the block. */
	b->last |= t->start != NULL;
	return 1;
}

/* Take the rows that have flaws out of the grid. */
static void
drop_flawed(struct text *t)
{
	struct grid *g = &t->grid;
	size_t width = g->end + 1 > g->stride ? g->end + 1 : g->stride;
	const struct flaw *f = t->flaws.list, *f_end = f + t->flaws.n;
	uint32_t n = 0;

	t->edges = g->edge == t->edges
		       ? t->edges
		       : mem_grow(t->edges, &t->cap_edges, (size_t)g->n * width,
			   sizeof(*t->edges));
	for (uint32_t r = 0; r < g->n; r++) {
		const uint32_t *row = g->edge + r * g->stride;
		uint32_t from = row[0] + 1;

		while (f < f_end && f->from < from)
			f++;
		if (f < f_end && f->from == from)
			continue;
		memmove(t->edges + n++ * width, row, width * sizeof(*t->edges));
	}
	g->edge = t->edges;
	g->stride = width;
	g->n = n;
}

static void
truncate_build(struct build *out, uint32_t n)
{
	for (size_t i = 0; i < out->n_cols; i++)
		colbuf_truncate(&out->cols[i], n);
	out->n_rows = n;
}

/*
 * A cell's flaw shows only when its column is filled, so the good rows of a
 * block with flaws are filled a second time.
 */
static void
fill(struct text *t, struct build *out, struct block *b)
{
	uint32_t before = out->n_rows;
	size_t n_flaws = t->flaws.n;

	fill_build(t, out, b);
	if (t->flaws.n > n_flaws) {
		flaw_sort(&t->flaws);
		truncate_build(out, before);
		drop_flawed(t);
		fill_build(t, out, b);
	}
}

int
block_parse(struct text *t, struct build *out, struct text_goal *goal,
    const char *p, size_t len, bool eof)
{
	size_t bytes = build_bytes(out), stop, used;
	size_t left = goal->max_bytes > bytes ? goal->max_bytes - bytes : 0;
	size_t want = block_size(t, left);
	uint32_t limit = row_limit(out, goal, left);
	struct block b;
	int r;

	if (t->scan.at > len)
		t->scan = (struct scan){.at = 0};
	if (t->scan.at == 0) {
		open_block(t, &b, p, len < want ? len : want, len, eof);
		split(t, &b, limit);
		if (t->grid.used == 0 && len <= want)
			return 0;
	}
	if (t->scan.at > 0 || t->grid.used == 0) {
		r = open_long(t, &b, p, len, eof);
		if (r != 1)
			return r;
		split(t, &b, limit);
	}
	if (t->grid.marked && b.p != t->own)
		own(t, &b);
	fill(t, out, &b);
	stop = t->flaws.n > 0 ? flaw_report(t, out, goal, &b) : SIZE_MAX;
	used = stop == SIZE_MAX ? t->grid.used : stop;
	if (stop != SIZE_MAX)
		truncate_build(out, out->n_rows);
	t->line += (t->grid.marked && t->fmt->quoting) || stop != SIZE_MAX
		       ? sepidx_count(b.p, used, '\n')
		       : t->grid.lines;
	t->total_in += used;
	t->total_out += build_bytes(out) - bytes;
	goal->used += used < b.real ? used : b.real;
	return stop == SIZE_MAX ? 1 : -1;
}
