/* SPDX-License-Identifier: ISC */
/*
 * Aligned columns: a ring of rows of finished text, the widths they need, and
 * lines made of them.  table_live.c draws them on a terminal.
 */
#ifndef MILLRACE_TEXT_TABLE_H
#define MILLRACE_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct table_cell {
	uint32_t end; /* in the row's text, where the next one begins */
	uint32_t width; /* columns on a terminal */
	bool is_null;
};

struct table_align {
	bool right; /* numbers */
	bool whole; /* never narrowed: numbers and times */
};

struct table_row {
	struct buf text;
	struct table_cell *cells; /* n_cols */
};

/*
 * Invariants: rows first .. first + n - 1 of the ring of cap rows are in use;
 * need[c] is the widest cell of column c ever added, its name included;
 * width[c] <= need[c] is what lines are made with.
 */
struct table {
	size_t n_cols;
	char **names; /* owned */
	struct table_align *align;
	struct table_row *rows;
	size_t cap;
	size_t first;
	size_t n;
	size_t len; /* bytes of the rows' text */
	uint32_t *need;
	uint32_t *width;
	bool color;
};

/*
 * table_new: a table of n_cols columns with a ring of cap rows; names and
 * align are copied.
 * table_resize: a ring of cap rows; of more, the newest stay.
 */
struct table *table_new(size_t n_cols, const char *const *names,
    const struct table_align *align, size_t cap);
void table_free(struct table *t);
void table_resize(struct table *t, size_t cap);

/*
 * table_begin: an empty row of the caller's, which is all zero bytes or was
 * one before; to be released.
 * table_add: the next row, empty, after the oldest was dropped if the ring is
 * full.  The caller then appends n_cols cells with table_cell, each of which
 * takes the text put into row->text since the one before.
 * table_row: row i of those in use, the oldest is 0.
 * table_drop: forget the n oldest rows.
 */
void table_begin(const struct table *t, struct table_row *row);
void table_row_release(struct table_row *row);
struct table_row *table_add(struct table *t);
void table_cell(struct table *t, struct table_row *row, size_t c, bool null);
struct table_row *table_row(const struct table *t, size_t i);
void table_drop(struct table *t, size_t n);

/*
 * table_unmeasure: forget how wide the cells were.
 * table_measure: those of row are as wide as they are.
 */
void table_unmeasure(struct table *t);
void table_measure(struct table *t, const struct table_row *row);

/*
 * Choose the widths for lines of at most max columns (0 = no bound): text is
 * narrowed first, down to 8 columns, the widest first.  True when a width has
 * changed.
 */
bool table_fit(struct table *t, size_t max);

/*
 * Append a line of the names or of a row to out.  Cells too wide for their
 * column end in an ellipsis, and so does a line longer than max; with max 0
 * nothing is cut.
 */
void table_put_names(struct buf *out, const struct table *t, size_t max);
void table_put_row(struct buf *out, const struct table *t,
    const struct table_row *row, size_t max);

#endif
