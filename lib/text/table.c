/* SPDX-License-Identifier: ISC */
/* Rows of text in aligned columns. */
#include "text/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/width.h"

#define GAP 2 /* between columns */
#define MIN_TEXT 8 /* text is not narrowed below this */
#define ELLIPSIS "\xe2\x80\xa6"

void
table_row_release(struct table_row *row)
{
	buf_release(&row->text);
	free(row->cells);
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->cap; i++)
		table_row_release(&t->rows[i]);
	for (size_t c = 0; c < t->n_cols; c++)
		free(t->names[c]);
	free(t->rows);
	free(t->names);
	free(t->align);
	free(t->need);
	free(t->width);
	free(t);
}

struct table_row *
table_row(const struct table *t, size_t i)
{
	return &t->rows[(t->first + i) % t->cap];
}

void
table_drop(struct table *t, size_t n)
{
	for (; n > 0; n--) {
		t->len -= table_row(t, 0)->text.len;
		t->first = (t->first + 1) % t->cap;
		t->n--;
	}
}

void
table_resize(struct table *t, size_t cap)
{
	struct table_row *rows = mem_zero(cap, sizeof(*rows));

	if (t->n > cap)
		table_drop(t, t->n - cap);
	for (size_t i = 0; i < t->cap; i++)
		if (i < t->n)
			rows[i] = *table_row(t, i);
		else
			table_row_release(table_row(t, i));
	free(t->rows);
	t->rows = rows;
	t->first = 0;
	t->cap = cap;
}

void
table_unmeasure(struct table *t)
{
	for (size_t c = 0; c < t->n_cols; c++) {
		size_t width;

		width_cut(&width, t->names[c], strlen(t->names[c]), SIZE_MAX);
		t->need[c] = (uint32_t)width;
	}
}

void
table_measure(struct table *t, const struct table_row *row)
{
	for (size_t c = 0; c < t->n_cols; c++)
		if (row->cells[c].width > t->need[c])
			t->need[c] = row->cells[c].width;
}

struct table *
table_new(size_t n_cols, const char *const *names,
    const struct table_align *align, size_t cap)
{
	struct table *t = mem_zero(1, sizeof(*t));

	t->n_cols = n_cols;
	t->names = mem_zero(n_cols, sizeof(*t->names));
	t->align = mem_zero(n_cols, sizeof(*t->align));
	t->need = mem_zero(n_cols, sizeof(*t->need));
	t->width = mem_zero(n_cols, sizeof(*t->width));
	for (size_t c = 0; c < n_cols; c++) {
		t->names[c] = mem_strdup(names[c]);
		t->align[c] = align[c];
	}
	table_unmeasure(t);
	table_resize(t, cap);
	return t;
}

void
table_begin(const struct table *t, struct table_row *row)
{
	if (row->cells == NULL)
		row->cells = mem_zero(t->n_cols, sizeof(*row->cells));
	buf_reset(&row->text);
}

struct table_row *
table_add(struct table *t)
{
	struct table_row *row;

	if (t->n == t->cap)
		table_drop(t, 1);
	row = table_row(t, t->n++);
	table_begin(t, row);
	return row;
}

void
table_cell(struct table *t, struct table_row *row, size_t c, bool null)
{
	size_t from = c == 0 ? 0 : row->cells[c - 1].end, width = 0;

	/* Without a byte the text may have no memory either. */
	if (row->text.len > from)
		width_cut(&width, (const char *)row->text.data + from,
		    row->text.len - from, SIZE_MAX);
	row->cells[c] = (struct table_cell){.end = (uint32_t)row->text.len,
	    .width = (uint32_t)width,
	    .is_null = null};
	if (width > t->need[c])
		t->need[c] = (uint32_t)width;
	t->len += row->text.len - from;
}

/* The sum of the widths when text is at most max wide; SIZE_MAX = as it is. */
static size_t
total(const struct table *t, size_t max)
{
	size_t sum = t->n_cols > 0 ? (t->n_cols - 1) * GAP : 0;

	for (size_t c = 0; c < t->n_cols; c++)
		sum +=
		    !t->align[c].whole && t->need[c] > max ? max : t->need[c];
	return sum;
}

bool
table_fit(struct table *t, size_t max)
{
	size_t most = SIZE_MAX, spare = 0;
	bool changed = false;

	if (max > 0 && total(t, SIZE_MAX) > max) {
		for (most = max; most > MIN_TEXT && total(t, most) > max;)
			most--;
		spare = total(t, most) < max ? max - total(t, most) : 0;
	}
	for (size_t c = 0; c < t->n_cols; c++) {
		size_t w = t->need[c];

		if (!t->align[c].whole && w > most) {
			size_t more = w - most < spare ? w - most : spare;

			w = most + more;
			spare -= more;
		}
		changed |= w != t->width[c];
		t->width[c] = (uint32_t)w;
	}
	return changed;
}

static void
put_blanks(struct buf *out, size_t n)
{
	static const char blanks[] = "                                ";

	for (; n > 0; n -= n < sizeof(blanks) - 1 ? n : sizeof(blanks) - 1)
		buf_put(out, blanks,
		    n < sizeof(blanks) - 1 ? n : sizeof(blanks) - 1);
}

/* A line that is being made. */
struct line {
	struct buf *out;
	size_t at; /* columns so far */
	size_t max; /* SIZE_MAX = no bound */
	bool full; /* nothing more fits */
};

/* Text in a column of the given width. */
static void
put_text(struct line *l, const char *s, size_t len, size_t width)
{
	size_t left = l->max - l->at, n, columns;
	size_t fits = width < left ? width : left;

	n = width_cut(&columns, s, len, fits);
	if (n < len && width <= left)
		n = width_cut(&columns, s, len, fits - 1);
	buf_put(l->out, s, n);
	l->at += columns;
	if (n == len)
		return;
	if (width <= left) {
		buf_puts(l->out, ELLIPSIS);
		l->at++;
	} else {
		l->full = true;
	}
}

static void
put_pad(struct line *l, size_t n)
{
	if (n > l->max - l->at)
		n = l->max - l->at;
	put_blanks(l->out, n);
	l->at += n;
}

/* Text in column c, with what stands before and after it. */
static void
put_cell(struct line *l, const struct table *t, size_t c, const char *s,
    const struct table_cell *cell)
{
	bool dim = cell->is_null && t->color, last = c + 1 == t->n_cols;
	bool bounded = l->max != SIZE_MAX;
	size_t width = t->width[c], pad;

	pad = cell->width < width ? width - cell->width : 0;
	if (t->align[c].right)
		put_pad(l, pad);
	if (dim)
		buf_puts(l->out, "\033[2m");
	put_text(l, s, cell->end, bounded ? width : SIZE_MAX);
	if (dim)
		buf_puts(l->out, "\033[22m");
	if (last)
		return;
	put_pad(l, t->align[c].right ? GAP : pad + GAP);
	l->full |= l->at == l->max;
}

/* A line of at most max columns; when they do not suffice, the last one is
 * kept for the ellipsis that says so. */
static struct line
line_begin(struct buf *out, const struct table *t, size_t max)
{
	size_t sum = t->n_cols > 0 ? (t->n_cols - 1) * GAP : 0;

	for (size_t c = 0; c < t->n_cols; c++)
		sum += t->width[c];
	if (max == 0)
		max = SIZE_MAX;
	return (struct line){.out = out, .max = sum > max ? max - 1 : max};
}

static void
line_end(struct line *l)
{
	if (l->full)
		buf_puts(l->out, ELLIPSIS);
}

void
table_put_names(struct buf *out, const struct table *t, size_t max)
{
	struct line l = line_begin(out, t, max);

	if (t->color)
		buf_puts(out, "\033[1m");
	for (size_t c = 0; c < t->n_cols && !l.full; c++) {
		struct table_cell cell = {.is_null = false};
		size_t width;

		cell.end = (uint32_t)strlen(t->names[c]);
		width_cut(&width, t->names[c], cell.end, SIZE_MAX);
		cell.width = (uint32_t)width;
		put_cell(&l, t, c, t->names[c], &cell);
	}
	line_end(&l);
	if (t->color)
		buf_puts(out, "\033[22m");
	buf_putc(out, '\n');
}

void
table_put_row(struct buf *out, const struct table *t,
    const struct table_row *row, size_t max)
{
	struct line l = line_begin(out, t, max);
	const char *text =
	    row->text.len > 0 ? (const char *)row->text.data : "";
	uint32_t from = 0;

	for (size_t c = 0; c < t->n_cols && !l.full; c++) {
		struct table_cell cell = row->cells[c];

		cell.end -= from;
		put_cell(&l, t, c, text + from, &cell);
		from += cell.end;
	}
	line_end(&l);
	buf_putc(out, '\n');
}
