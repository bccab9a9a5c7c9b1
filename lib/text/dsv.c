/* SPDX-License-Identifier: ISC */
/*
 * Delimiter-separated values: csv (RFC 4180), tsv, and lines, which have one
 * field.  millrace-formats(7).
 */
#include <string.h>

#include "base/mem.h"
#include "text/dsvhead.h"
#include "text/scan.h"
#include "text/text_int.h"

/* The row being put together from one separator after the other. */
struct row {
	struct text *t;
	const struct block *b;
	uint32_t *edge; /* its place in t->edges */
	uint32_t n; /* fields so far */
	uint32_t start; /* of its record */
	struct flaw flaw; /* kind FLAW_RECORD, when what is set */
};

static void
begin_row(struct row *row, uint32_t start)
{
	struct grid *g = &row->t->grid;

	row->edge = row->t->edges + (size_t)g->n * g->stride;
	row->edge[0] = start - 1;
	row->start = start;
	row->n = 0;
	row->flaw.what = NULL;
}

static void
add_edge(struct row *row, uint32_t at)
{
	if (++row->n <= row->t->n_fields)
		row->edge[row->n] = at;
}

/*
 * The record ends before the line end at byte at.  An empty line is a record
 * only where there is one field.
 */
static void
end_row(struct row *row, uint32_t at)
{
	struct text *t = row->t;
	uint32_t end = at;

	if (end > row->start && row->b->p[end - 1] == '\r')
		end--;
	row->flaw.from = row->start;
	row->flaw.to = end;
	if (row->flaw.what != NULL) {
		flaw_add(&t->flaws, &row->flaw);
	} else if (row->n == t->n_fields) {
		row->edge[row->n] = end;
		t->grid.n++;
	} else if (row->n != 1 || end != row->start) {
		row->flaw = (struct flaw){.kind = FLAW_FIELDS,
		    .from = row->start,
		    .to = end,
		    .at = FLAW_NOWHERE,
		    .n = row->n};
		flaw_add(&t->flaws, &row->flaw);
	}
	t->grid.used = (size_t)at + 1;
	t->grid.lines++;
	begin_row(row, at + 1);
}

/* Make t->edges the grid's, with room for the rows that n bytes can hold. */
static void
own_edges(struct text *t, struct row *row, const struct block *b)
{
	struct grid *g = &t->grid;
	size_t rows = b->len > SEPIDX_MAX ? 1 : b->len / t->n_fields + 1;

	g->stride = t->n_fields + 1;
	t->edges = mem_grow(
	    t->edges, &t->cap_edges, (rows + 1) * g->stride, sizeof(*t->edges));
	g->edge = t->edges;
	*row = (struct row){.t = t, .b = b};
	begin_row(row, 0);
}

static int
quote_of(const struct text *t)
{
	return t->fmt->quoting ? t->fmt->mark : -1;
}

static size_t
find_end(struct text *t, const char *p, size_t len)
{
	while (scan_next(&t->scan, p, len, t->delim, quote_of(t))) {
		bool end = p[t->scan.at] == '\n';

		scan_field(&t->scan);
		if (end)
			return t->scan.at;
	}
	return 0;
}

/* Byte by byte, for what the index cannot do: stray quotes, long records. */
static void
split_slowly(struct text *t, const struct block *b, uint32_t max_rows)
{
	struct scan s = {.at = 0};
	struct row row;

	own_edges(t, &row, b);
	t->grid.marked = t->fmt->mark != -1;
	while (t->grid.n < max_rows
	       && scan_next(&s, b->p, b->len, t->delim, quote_of(t))) {
		uint32_t at = (uint32_t)s.at;

		if (s.astray && row.flaw.what == NULL)
			row.flaw = (struct flaw){.kind = FLAW_RECORD,
			    .at = (uint32_t)s.open,
			    .what = "text after a closing quote"};
		add_edge(&row, at);
		if (b->p[at] == '\n')
			end_row(&row, at);
		scan_field(&s);
	}
	if (s.at < b->len || !b->last || s.state != SCAN_QUOTED)
		return;
	if (row.flaw.what == NULL)
		row.flaw = (struct flaw){.kind = FLAW_RECORD,
		    .at = (uint32_t)s.open,
		    .what = "a quote is not closed"};
	end_row(&row, (uint32_t)b->len);
	t->grid.used = b->len;
}

/* Every n_fields-th separator is a line end, and no other, and no CR. */
static bool
split_square(struct text *t, const struct block *b,
    const struct sepidx_found *f, uint32_t max_rows)
{
	size_t rows = f->n_lines, n = t->n_fields;
	struct grid *g = &t->grid;
	uint32_t at = 0;

	if (rows > f->n / n)
		return false;
	if (rows > max_rows)
		rows = max_rows;
	for (size_t r = 1; r <= f->n_lines; r++) {
		at = f->pos[r * n - 1];
		if (b->p[at] != '\n' || (at > 0 && b->p[at - 1] == '\r'))
			return false;
	}
	g->edge = f->pos - 1;
	g->stride = n;
	g->n = (uint32_t)rows;
	g->lines = rows;
	g->used = rows == 0 ? 0 : (size_t)f->pos[rows * n - 1] + 1;
	return true;
}

static void
split_each(struct text *t, const struct block *b, const struct sepidx_found *f,
    uint32_t max_rows)
{
	struct row row;

	own_edges(t, &row, b);
	for (size_t i = 0; i < f->n && t->grid.n < max_rows; i++) {
		add_edge(&row, f->pos[i]);
		if (b->p[f->pos[i]] == '\n')
			end_row(&row, f->pos[i]);
	}
}

static void
split_dsv(struct text *t, const struct block *b, uint32_t max_rows)
{
	struct sepidx_found f;

	t->grid.end = t->n_fields;
	if (b->len > SEPIDX_MAX) {
		split_slowly(t, b, max_rows);
		return;
	}
	sepidx_scan(t->idx, &f, b->p, b->len);
	if (f.odd) {
		split_slowly(t, b, max_rows);
		return;
	}
	t->grid.marked = f.mark;
	if (!split_square(t, b, &f, max_rows))
		split_each(t, b, &f, max_rows);
	/* A quote that the end of the source leaves open. */
	if (b->last && t->grid.n < max_rows && t->grid.used < b->len) {
		t->grid = (struct grid){.end = t->n_fields};
		t->flaws.n = 0;
		split_slowly(t, b, max_rows);
	}
}

static void
plain_csv_cell(uint32_t out[2], struct side *side, const struct text_null *null,
    const uint32_t cell[2])
{
	const char *s = side->base + (uint32_t)(cell[0] + 1), *end;
	uint32_t len = cell[1] - cell[0] - 1;
	char *to;

	out[0] = cell[0];
	out[1] = cell[1];
	if (len < 2 || s[0] != '"') {
		if (text_is_null(null, s, len))
			out[1] = out[0];
		return;
	}
	out[0]++;
	out[1]--;
	end = s + len - 1;
	if (memchr(++s, '"', len - 2) == NULL)
		return;
	to = side_begin(out, side);
	for (; s < end; s++) {
		*to++ = *s;
		s += *s == '"';
	}
	side_end(out, side, to);
}

static void
plain_csv(uint32_t *out, struct side *side, const struct text_null *null,
    const struct cells *in)
{
	for (uint32_t i = 0; i < in->n; i++)
		plain_csv_cell(
		    out + 2 * i, side, null, in->edge + i * in->stride);
}

static void
plain_tsv_cell(uint32_t out[2], struct side *side, const struct text_null *null,
    const uint32_t cell[2])
{
	static const char from[] = "tnr\\", into[] = "\t\n\r\\";
	const char *s = side->base + (uint32_t)(cell[0] + 1), *end, *esc;
	uint32_t len = cell[1] - cell[0] - 1;
	char *to;

	out[0] = cell[0];
	out[1] = cell[1];
	if (text_is_null(null, s, len))
		out[1] = out[0];
	if (out[1] == out[0] || memchr(s, '\\', len) == NULL)
		return;
	end = s + len;
	to = side_begin(out, side);
	for (; s < end; s++, to++) {
		*to = *s;
		if (*s != '\\' || s + 1 == end || s[1] == '\0')
			continue;
		esc = strchr(from, s[1]);
		if (esc != NULL) {
			*to = into[esc - from];
			s++;
		}
	}
	side_end(out, side, to);
}

static void
plain_tsv(uint32_t *out, struct side *side, const struct text_null *null,
    const struct cells *in)
{
	for (uint32_t i = 0; i < in->n; i++)
		plain_tsv_cell(
		    out + 2 * i, side, null, in->edge + i * in->stride);
}

static const struct cols_field line_field[] = {{"line", CELL_STR}};

const struct text_fmt dsv_lines = {.name = "lines",
    .delim = '\n',
    .mark = -1,
    .source = {.fields = line_field,
	.n = 1,
	.n_star = 1,
	.by_position = true,
	.untyped = true},
    .split = split_dsv,
    .find_end = find_end};

const struct text_fmt dsv_csv = {.name = "csv",
    .ext = ".csv",
    .takes = TAKES_DELIM | TAKES_NULL | TAKES_NO_HEADER | TAKES_AUTO,
    .delim = ',',
    .mark = '"',
    .quoting = true,
    .null = {NULL, 0, true},
    .header = dsvhead_read,
    .split = split_dsv,
    .find_end = find_end,
    .plain = plain_csv};

const struct text_fmt dsv_tsv = {.name = "tsv",
    .ext = ".tsv",
    .takes = TAKES_NULL | TAKES_NO_HEADER | TAKES_AUTO,
    .delim = '\t',
    .mark = '\\',
    .null = {"\\N", 2, false},
    .header = dsvhead_read,
    .split = split_dsv,
    .find_end = find_end,
    .plain = plain_tsv};
