/* SPDX-License-Identifier: ISC */
/* swindow --sort: what the watermark has passed leaves in order. */
#include "event/sorted.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"

/* The part ended when rows up to that event time had come. */
struct closing {
	uint32_t part;
	int64_t last_us;
};

int
sorted_init(struct sorted *s, struct stage *st, int part_col)
{
	struct schema *schema = &st->out.schema;
	struct field *f;

	*s = (struct sorted){.has_parts = part_col != -1,
	    .time_col = schema->time_col,
	    .last_us = TIME_NONE};
	/* Rows of all parts will come in one frame, told apart by a column. */
	if (part_col == -1) {
		f = schema_add(schema, "part", 4, TYPE_INT);
		if (f == NULL)
			return stage_fail(st, TOOL_DATA,
			    "the stream has a column part; rename it");
		f->system = true;
		part_col = (int)schema->n - 1;
	}
	s->sorter = sorter_new(schema, part_col);
	return 0;
}

void
sorted_release(struct sorted *s)
{
	sorter_free(s->sorter);
	free(s->closings);
}

/*
 * Give the rows that none can come before any more, up to last (a time of the
 * column), and then the watermark.
 */
static int
give(struct sorted *s, struct stage *st, int64_t last_us, int64_t mark,
    bool last)
{
	struct batch b;
	bool more = sorter_has(s->sorter, last_us);
	int rc = 0;

	if (!more && !last && mark == st->watermark)
		return 0;
	batch_init(&b);
	do {
		sorter_take(s->sorter, &b, last_us);
		more = sorter_has(s->sorter, last_us);
		rc = stage_emit(
		    st, &b, 0, more ? st->watermark : mark, last && !more);
	} while (rc == 0 && more);
	batch_release(&b);
	return rc;
}

/* Forward the marks of parts all of whose rows were given. */
static int
close_parts(struct sorted *s, struct stage *st, int64_t last_us)
{
	const struct mark m = {.what = MARK_CLOSE, .name = ""};
	struct frame_header h = st->now;
	size_t n = 0;

	while (n < s->n_closings && s->closings[n].last_us <= last_us) {
		h.part = s->closings[n++].part;
		if (stage_mark(st, &h, &m, st->watermark) == -1)
			return -1;
	}
	s->n_closings -= n;
	if (n > 0)
		memmove(s->closings, s->closings + n,
		    s->n_closings * sizeof(*s->closings));
	return 0;
}

/* The column that says whose rows of one part are. */
static void
add_part(struct sorted *s, struct batch *rows, uint32_t part)
{
	s->part = part;
	rows->cols = mem_grow(
	    rows->cols, &rows->cap, rows->n_cols + 1, sizeof(*rows->cols));
	rows->cols[rows->n_cols++] = (struct col){.type = TYPE_INT,
	    .enc = COL_CONST,
	    .n = rows->n_rows,
	    .n_entries = 1,
	    .i = &s->part};
}

int
sorted_advance(struct sorted *s, struct stage *st, int64_t to, int64_t mark)
{
	if (give(s, st, to, mark, false) == -1)
		return -1;
	return close_parts(s, st, to);
}

int
sorted_rows(struct sorted *s, struct stage *st, struct batch *rows, int64_t to,
    int64_t mark, bool last)
{
	const struct col *t = &rows->cols[s->time_col];

	for (uint32_t i = 0; i < rows->n_rows; i++)
		if (t->i[col_entry(t, i)] > s->last_us)
			s->last_us = t->i[col_entry(t, i)];
	if (!s->has_parts)
		add_part(s, rows, st->now.part);
	sorter_add(s->sorter, rows);
	if (give(s, st, to, mark, last) == -1)
		return -1;
	return close_parts(s, st, to);
}

int
sorted_mark(struct sorted *s, struct stage *st, const struct frame_header *h,
    const struct mark *m, int64_t to, int64_t mark)
{
	bool eof = m->what == MARK_EOF;

	if (m->what == MARK_CLOSE) {
		s->closings = mem_grow(s->closings, &s->cap_closings,
		    s->n_closings + 1, sizeof(*s->closings));
		s->closings[s->n_closings++] =
		    (struct closing){h->part, s->last_us};
	}
	if (give(s, st, to, eof ? st->watermark : mark, false) == -1
	    || close_parts(s, st, to) == -1)
		return -1;
	return m->what == MARK_CLOSE ? 0 : stage_mark(st, h, m, mark);
}

void
sorted_save(const struct sorted *s, struct buf *out)
{
	buf_put_int(out, (uint64_t)s->last_us, 8);
	buf_put_int(out, s->n_closings, 4);
	for (size_t i = 0; i < s->n_closings; i++) {
		buf_put_int(out, s->closings[i].part, 4);
		buf_put_int(out, (uint64_t)s->closings[i].last_us, 8);
	}
	sorter_save(s->sorter, out);
}

int
sorted_load(struct sorted *s, struct cur *in)
{
	uint64_t n;

	s->last_us = (int64_t)cur_get_int(in, 8);
	n = cur_get_int(in, 4);
	if (n > in->left)
		return -1;
	s->closings =
	    mem_grow(s->closings, &s->cap_closings, n, sizeof(*s->closings));
	for (; s->n_closings < n; s->n_closings++) {
		struct closing *c = &s->closings[s->n_closings];

		c->part = (uint32_t)cur_get_int(in, 4);
		c->last_us = (int64_t)cur_get_int(in, 8);
	}
	return sorter_load(s->sorter, in);
}
