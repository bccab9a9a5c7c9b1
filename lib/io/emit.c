/* SPDX-License-Identifier: ISC */
/* Rows at hand on their way into the frames and batches of a new stream. */
#include "io/emit.h"

#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "wire/writer.h"

void
emit_init(struct emit *e, int fd, unsigned options)
{
	*e = (struct emit){.out = stream_writer_new(fd, options)};
	batch_init(&e->view);
	colbuf_init(&e->parts, TYPE_INT);
	colbuf_init(&e->names, TYPE_STR);
}

void
emit_release(struct emit *e)
{
	stream_writer_free(e->out);
	build_release(&e->build);
	build_release(&e->rest);
	losses_release(&e->losses);
	colbuf_release(&e->parts);
	colbuf_release(&e->names);
	batch_release(&e->view);
	*e = (struct emit){0};
}

void
emit_columns(struct emit *e, const struct schema *s)
{
	build_init(&e->build, s);
	build_init(&e->rest, s);
}

/* Clocks may be put back; what arrives does not arrive before the last row. */
static int64_t
arrival(const struct emit *e, int64_t us)
{
	return us > e->newest_us ? us : e->newest_us;
}

static struct frame_header
header(const struct emit *e)
{
	int64_t us =
	    e->build.n_rows > 0 ? e->arrival_us : arrival(e, time_now_us());

	return (struct frame_header){.part = e->mixed ? 0 : e->part,
	    .batch = e->cut.batch,
	    .watermark = TIME_NONE,
	    .batch_us = e->cut.batch_us,
	    .arrival_us = us};
}

int
emit_head(struct emit *e, const struct head *h, const struct cut_opts *cut)
{
	cut_init(&e->cut, cut, time_mono_us(), arrival(e, time_now_us()));
	if (e->start != NULL)
		cut_resume(&e->cut, e->start);
	return stream_write_head(e->out, h);
}

/* Say of each row that was added whose it is. */
static void
add_parts(struct emit *e, uint32_t n)
{
	colbuf_reserve(&e->parts, n, 0);
	for (uint32_t i = 0; i < n; i++)
		e->parts.i[e->parts.n + i] = e->part;
	colbuf_added(&e->parts, n);
}

static void
add_names(struct emit *e, uint32_t n)
{
	size_t len = strlen(e->part_name);

	for (uint32_t i = 0; i < n; i++)
		colbuf_push_str(&e->names, e->part_name, len);
}

void
emit_added(struct emit *e, uint32_t before, size_t n_bytes)
{
	if (e->mixed)
		add_parts(e, e->build.n_rows - before);
	if (e->many && e->source_col != NULL)
		add_names(e, e->build.n_rows - before);
	if (before == 0 && e->build.n_rows > 0) {
		e->oldest_us = e->read_mono_us;
		e->newest_us = e->arrival_us = arrival(e, e->read_us);
	}
	cut_add(&e->cut, e->build.n_rows - before, n_bytes);
}

static struct col *
add_column(struct batch *b)
{
	b->cols = mem_grow(b->cols, &b->cap, b->n_cols + 1, sizeof(*b->cols));
	return &b->cols[b->n_cols++];
}

/* Add the column that names the source of rows that are all of one. */
static void
add_source_column(struct emit *e, uint32_t *off)
{
	struct batch *b = &e->view;

	off[0] = 0;
	off[1] = (uint32_t)strlen(e->part_name);
	*add_column(b) = (struct col){.type = TYPE_STR,
	    .enc = COL_CONST,
	    .n = b->n_rows,
	    .n_entries = 1,
	    .off = off,
	    .bytes = e->part_name};
}

/* A null that has gone with other rows must not show in this frame. */
static void
drop_validity(struct col *c)
{
	size_t whole = c->n / 8, i = 0;

	if (c->valid == NULL)
		return;
	while (i < whole && c->valid[i] == 0xff)
		i++;
	if (i == whole
	    && (c->n % 8 == 0 || c->valid[i] == (1u << c->n % 8) - 1))
		c->valid = NULL;
}

/* Send the rows in build, but not the losses left, which stay. */
static int
send_rows(struct emit *e, unsigned flags, const struct loss *left)
{
	struct frame_header h = header(e);
	uint64_t n_bad = e->n_bad - left->n_bad,
		 n_filtered = e->n_filtered - left->n_filtered;
	_Alignas(8) uint32_t off[2];

	h.flags = flags;
	h.invalid = n_bad - e->n_bad_sent;
	h.filtered = n_filtered - e->n_filtered_sent;
	build_view(&e->view, &e->build);
	for (size_t i = 0; i < e->view.n_cols; i++)
		drop_validity(&e->view.cols[i]);
	if (e->source_col != NULL && e->many)
		colbuf_view(add_column(&e->view), &e->names);
	else if (e->source_col != NULL)
		add_source_column(e, off);
	if (e->mixed)
		colbuf_view(add_column(&e->view), &e->parts);
	if (stream_write_rows(e->out, &h, &e->view) == -1)
		return -1;
	e->n_bad_sent = n_bad;
	e->n_filtered_sent = n_filtered;
	e->n_rows += e->build.n_rows;
	build_reset(&e->build);
	colbuf_reset(&e->parts);
	colbuf_reset(&e->names);
	return 0;
}

static int
send_all(struct emit *e, unsigned flags)
{
	struct loss none = {.at = 0};

	losses_reset(&e->losses);
	return send_rows(e, flags, &none);
}

int
emit_rows(struct emit *e)
{
	return send_all(e, 0);
}

int
emit_first(struct emit *e, uint32_t n)
{
	struct build all;
	struct loss left;

	build_append(&e->rest, &e->build, n, e->build.n_rows - n);
	build_truncate(&e->build, n);
	losses_cut(&e->losses, &left, n);
	if (send_rows(e, 0, &left) == -1)
		return -1;
	all = e->build;
	e->build = e->rest;
	e->rest = all;
	e->oldest_us = e->read_mono_us;
	e->newest_us = e->arrival_us = arrival(e, e->read_us);
	return 0;
}

int
emit_batch(struct emit *e)
{
	if (send_all(e, FRAME_LAST) == -1)
		return -1;
	cut_next(&e->cut, time_mono_us(), arrival(e, time_now_us()));
	return 0;
}

int
emit_mark(struct emit *e, enum mark_what what, uint32_t part, const char *name)
{
	struct frame_header h = header(e);
	struct mark m = {what, name, strlen(name)};

	h.part = part;
	return stream_write_mark(e->out, &h, &m);
}

int
emit_end(struct emit *e, enum end_reason reason, struct account *a)
{
	e->part = 0;
	if (send_all(e, FRAME_LAST) == -1)
		return -1;
	return emit_close(e, reason, a);
}

int
emit_barrier(struct emit *e, struct barrier *m)
{
	struct frame_header h = header(e);

	h.part = 0;
	return stream_write_barrier(e->out, &h, m);
}

int
emit_close(struct emit *e, enum end_reason reason, struct account *a)
{
	struct end end = {.reason = reason};
	struct frame_header h;
	int rc;

	e->part = 0;
	h = header(e);
	a->used = e->n_rows;
	a->invalid = e->n_bad;
	a->filtered = e->n_filtered;
	a->in = a->used + a->filtered + a->invalid;
	a->out = e->n_rows;
	a->out_frames = e->out_frames + stream_writer_n_frames(e->out);
	end_add(&end, a);
	rc = stream_write_end(e->out, &h, &end);
	end_release(&end);
	return rc;
}

int
emit_fail(struct emit *e, int status, const char *stage, const char *text)
{
	size_t len = strlen(text);
	struct fail f = {.status = status,
	    .stage = stage,
	    .stage_len = strlen(stage),
	    .text = text,
	    .text_len = len < NOTE_MAX_TEXT ? len : NOTE_MAX_TEXT};

	return stream_write_fail(e->out, &f);
}
