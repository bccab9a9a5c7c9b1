/* SPDX-License-Identifier: ISC */
/* swindow --hold: complete windows as batches. */
#include "event/whole.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"

/* The columns of the rows that are held: all but those of the system. */
static int
choose_columns(struct whole *h, struct stage *st)
{
	const struct schema *s = &st->out.schema;

	schema_init(&h->schema);
	h->from = mem_resize(NULL, s->n + 1, sizeof(*h->from));
	for (size_t i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];

		if (f->system)
			continue;
		h->from[h->schema.n] = i;
		schema_add(&h->schema, f->name, strlen(f->name), f->type)
		    ->untyped = f->untyped;
	}
	return 0;
}

/* Which of them the sessions are of; swindow has checked the names. */
static void
choose_keys(struct whole *h, const char *names)
{
	size_t len;

	for (; *names != '\0'; names += len + (names[len] == ',')) {
		len = strcspn(names, ",");
		h->keys = mem_resize(h->keys, h->n_keys + 1, sizeof(*h->keys));
		h->keys[h->n_keys++] =
		    (size_t)schema_find(&h->schema, names, len);
	}
}

static int
add_field(struct stage *st, struct schema *s, const struct field *f)
{
	struct field *mine = schema_add(s, f->name, strlen(f->name), f->type);

	if (mine == NULL && schema_find(s, f->name, strlen(f->name)) == -1)
		return stage_fail(st, TOOL_DATA,
		    "the stream has %u columns already", SCHEMA_MAX_COLS);
	if (mine == NULL)
		return stage_fail(st, TOOL_DATA,
		    "the stream has a column %s; write smap --rename "
		    "%s=NAME before swindow",
		    f->name, f->name);
	mine->untyped = f->untyped;
	return 0;
}

/* Each row will say of which window it is, as those of sreduce do. */
static int
make_schema(struct whole *h, struct stage *st)
{
	enum type type = h->by_number ? TYPE_INT : TYPE_TIME;
	char start[] = "window_start", end[] = "window_end";
	const struct field bounds[] = {
	    {.name = start, .type = type}, {.name = end, .type = type}};
	struct schema *s = &st->out.schema;

	schema_release(s);
	schema_init(s);
	if (add_field(st, s, &bounds[0]) == -1
	    || add_field(st, s, &bounds[1]) == -1)
		return -1;
	for (size_t i = 0; i < h->schema.n; i++)
		if (add_field(st, s, &h->schema.fields[i]) == -1)
			return -1;
	if (!h->by_number) {
		s->time_col = 1;
		s->time_off = -1;
	}
	return 0;
}

int
whole_init(struct whole *h, struct stage *st, const struct zone *zone,
    int time_col, int part_col)
{
	const struct window_spec *w = &st->out.window;

	*h = (struct whole){.time_col = time_col,
	    .part_col = part_col,
	    .by_number = w->kind == WINDOW_ROWS};
	batch_init(&h->rows);
	batch_init(&h->out);
	choose_columns(h, st);
	choose_keys(h, w->keys);
	h->hold = hold_new(w, zone, &h->schema, h->keys, h->n_keys);
	window_spec_reset(&st->out.window);
	st->out.many = true;
	return make_schema(h, st);
}

void
whole_release(struct whole *h)
{
	hold_free(h->hold);
	schema_release(&h->schema);
	free(h->from);
	free(h->keys);
	batch_release(&h->rows);
	batch_release(&h->out);
}

/* A column of n times that are all *us, which is as old as the batch. */
static struct col
bound(const struct whole *h, const int64_t *v, uint32_t n)
{
	return (struct col){.type = h->by_number ? TYPE_INT : TYPE_TIME,
	    .enc = COL_CONST,
	    .n = n,
	    .n_entries = 1,
	    .i = v};
}

/* Close the batch that has rows of a window already. */
static int
close_batch(struct whole *h, struct stage *st)
{
	batch_reset(&h->out, st->out.schema.n);
	for (size_t i = 0; i < h->out.n_cols; i++)
		col_const_null(
		    &h->out.cols[i], st->out.schema.fields[i].type, 0);
	h->open = false;
	return stage_emit(st, &h->out, 0, st->watermark, true);
}

/*
 * The rows of a window.  Its batch is closed with the last of them, but at the
 * end of the data by what comes: MARK(eof) stands within the last batch.
 */
static int
give(struct whole *h, struct stage *st, const struct hold_window *w)
{
	uint64_t left = w->n_rows;
	bool last;

	if (h->open && close_batch(h, st) == -1)
		return -1;
	while (left > 0) {
		hold_take(h->hold, &h->rows);
		left -= h->rows.n_rows;
		batch_reset(&h->out, h->rows.n_cols + 2);
		h->out.n_rows = h->rows.n_rows;
		h->out.cols[0] = bound(h, &w->start, h->rows.n_rows);
		h->out.cols[1] = bound(h, &w->end, h->rows.n_rows);
		memcpy(h->out.cols + 2, h->rows.cols,
		    h->rows.n_cols * sizeof(*h->out.cols));
		last = left == 0 && !h->ended;
		if (stage_emit(st, &h->out, 0, st->watermark, last) == -1)
			return -1;
		h->open = !last;
	}
	return 0;
}

/* Give all windows that end at or before until, then raise the watermark. */
static int
release(struct whole *h, struct stage *st, int64_t until, int64_t mark)
{
	const struct mark m = {.what = MARK_HEARTBEAT, .name = ""};
	struct frame_header f = {.batch = st->batch,
	    .batch_us = st->now.batch_us,
	    .arrival_us = st->now.arrival_us};
	struct hold_window w;

	while (hold_next(h->hold, &w, until) == 1)
		if (give(h, st, &w) == -1)
			return -1;
	f.batch = st->batch;
	return mark > st->watermark ? stage_mark(st, &f, &m, mark) : 0;
}

int
whole_advance(struct whole *h, struct stage *st, int64_t mark)
{
	return release(h, st, h->by_number ? h->newest : mark, mark);
}

/* Take the columns that are held out of the rows of a frame. */
static void
add_rows(struct whole *h, struct stage *st, struct batch *rows)
{
	struct col *cols =
	    arena_alloc(&rows->arena, (h->schema.n + 1) * sizeof(*cols));
	const struct col *panes = &rows->cols[rows->n_cols - 1];
	const struct hold_rows in = {.cols = cols,
	    .n = rows->n_rows,
	    .panes = panes,
	    .times = h->time_col == -1 ? NULL : &rows->cols[h->time_col],
	    .parts = h->part_col == -1 || st->now.part != 0
			 ? NULL
			 : &rows->cols[h->part_col],
	    .part = st->now.part};

	if (rows->n_rows == 0)
		return;
	for (size_t i = 0; i < h->schema.n; i++)
		cols[i] = rows->cols[h->from[i]];
	if (h->by_number)
		h->newest = panes->i[col_entry(panes, panes->n - 1)];
	hold_add(h->hold, &in, &rows->arena);
}

int
whole_rows(struct whole *h, struct stage *st, struct batch *rows, int64_t mark,
    bool last)
{
	add_rows(h, st, rows);
	if (whole_advance(h, st, mark) == -1)
		return -1;
	/* Batches of the input are no windows; the last one ends ours. */
	return last && h->ended ? close_batch(h, st) : 0;
}

int
whole_mark(struct whole *h, struct stage *st, const struct frame_header *f,
    const struct mark *m, int64_t mark)
{
	struct frame_header mine = *f;
	int64_t until = h->by_number ? h->newest : mark;

	if (m->what == MARK_EOF) {
		h->ended = true;
		until = INT64_MAX;
	}
	if (release(h, st, until, st->watermark) == -1)
		return -1;
	mine.batch = st->batch;
	return stage_mark(st, &mine, m, mark);
}

void
whole_save(const struct whole *h, struct buf *out)
{
	buf_put_int(out, (uint64_t)h->newest, 8);
	buf_put_int(out, h->open, 1);
	hold_save(h->hold, out);
}

int
whole_load(struct whole *h, struct cur *in)
{
	h->newest = (int64_t)cur_get_int(in, 8);
	h->open = cur_get_int(in, 1) != 0;
	return hold_load(h->hold, in);
}
