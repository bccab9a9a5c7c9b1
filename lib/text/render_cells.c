/* SPDX-License-Identifier: ISC */
/* Cells of columns -> text, row after row, for the formats of lines. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "text/render_int.h"

static void
cell_bool(struct render_out *o, struct render_col *col, uint32_t e)
{
	if (bit_get(col->c->bits, e))
		render_out_put(o, "true", 4);
	else
		render_out_put(o, "false", 5);
}

static void
cell_int(struct render_out *o, struct render_col *col, uint32_t e)
{
	render_out_room(o, NUM_TEXT_MAX);
	o->p += num_format_int(o->p, col->c->i[e]);
}

static void
cell_float(struct render_out *o, struct render_col *col, uint32_t e)
{
	render_out_room(o, NUM_TEXT_MAX);
	o->p += num_format_float(o->p, col->c->f[e]);
}

static void
cell_json_float(struct render_out *o, struct render_col *col, uint32_t e)
{
	if (isfinite(col->c->f[e]))
		cell_float(o, col, e);
	else
		render_out_put(o, "null", 4);
}

static void
cell_dur(struct render_out *o, struct render_col *col, uint32_t e)
{
	render_out_room(o, NUM_TEXT_MAX);
	o->p += num_format_dur(o->p, col->c->i[e]);
}

static void
cell_time(struct render_out *o, struct render_col *col, uint32_t e)
{
	int64_t us = col->c->i[e];

	if (col->last_len == 0 || col->last_us != us) {
		if (col->zone == NULL)
			col->last_len = time_format_rfc3339(col->last, us);
		else
			col->last_len =
			    zone_format(col->last, &col->span, col->zone, us);
		col->last_us = us;
	}
	render_out_room(o, TIME_TEXT_MAX);
	memcpy(o->p, col->last, col->last_len);
	o->p += col->last_len;
}

static void
cell_json_time(struct render_out *o, struct render_col *col, uint32_t e)
{
	render_out_put(o, "\"", 1);
	cell_time(o, col, e);
	render_out_put(o, "\"", 1);
}

static void
cell_str(struct render_out *o, struct render_col *col, uint32_t e)
{
	const uint32_t *off = col->c->off;

	col->style->str(o, col, col->c->bytes + off[e], off[e + 1] - off[e]);
}

/* A sketch or other state: hexadecimal digits. */
static void
cell_bin(struct render_out *o, struct render_col *col, uint32_t e)
{
	const uint32_t *off = col->c->off;

	if (col->style->json)
		render_out_put(o, "\"", 1);
	for (uint32_t i = off[e]; i < off[e + 1]; i++) {
		unsigned char c = (unsigned char)col->c->bytes[i];

		render_out_room(o, 2);
		*o->p++ = "0123456789abcdef"[c >> 4];
		*o->p++ = "0123456789abcdef"[c & 15];
	}
	if (col->style->json)
		render_out_put(o, "\"", 1);
}

static render_cell_fn
cell_fn(enum type t, bool json)
{
	switch (t) {
	case TYPE_BOOL:
		return cell_bool;
	case TYPE_INT:
		return cell_int;
	case TYPE_FLOAT:
		return json ? cell_json_float : cell_float;
	case TYPE_TIME:
		return json ? cell_json_time : cell_time;
	case TYPE_DUR:
		return cell_dur;
	case TYPE_BIN:
		return cell_bin;
	default:
		return cell_str;
	}
}

/* Collects what a style writes, to keep it. */
static int
collect(void *arg, const void *p, size_t len)
{
	buf_put(arg, p, len);
	return 0;
}

static void
make_lead(struct render_col *col, bool first, const char *name)
{
	struct render_out o;
	struct buf b;

	buf_init(&b, 0);
	if (col->style->lead == NULL && !first)
		buf_putc(&b, col->delim);
	if (col->style->lead != NULL) {
		render_out_init(&o, collect, &b);
		col->style->lead(&o, col, first, name);
		render_out_flush(&o);
		render_out_release(&o);
	}
	col->lead_len = b.len;
	col->lead = mem_dup(b.data, b.len);
	buf_release(&b);
}

void
render_cells_init(struct render_cells *cells, const struct render_style *style,
    const struct schema *s, const struct render_opts *o)
{
	cells->style = style;
	cells->cols = mem_zero(s->n + 1, sizeof(*cells->cols));
	cells->n_cols = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct render_col *col = &cells->cols[cells->n_cols];

		if (s->fields[i].system && !style->system)
			continue;
		col->field = (uint32_t)i;
		col->style = style;
		col->fn = cell_fn(s->fields[i].type, style->json);
		col->delim = o->delim == -1 ? style->delim : (char)o->delim;
		col->null_str =
		    o->null_str != NULL ? o->null_str : style->null_str;
		col->null_len = strlen(col->null_str);
		col->safe = o->safe;
		col->zone = o->zone;
		make_lead(col, cells->n_cols == 0, s->fields[i].name);
		cells->n_cols++;
	}
	cells->tail = cells->n_cols > 0 ? style->tail : style->empty;
}

void
render_cells_release(struct render_cells *cells)
{
	for (size_t i = 0; i < cells->n_cols; i++)
		free(cells->cols[i].lead);
	free(cells->cols);
	cells->cols = NULL;
	cells->n_cols = 0;
}

void
render_cells_header(
    struct render_out *o, struct render_cells *cells, const struct schema *s)
{
	for (size_t i = 0; i < cells->n_cols; i++) {
		const struct render_col *col = &cells->cols[i];
		const char *name = s->fields[col->field].name;

		render_out_put(o, col->lead, col->lead_len);
		cells->style->str(o, col, name, strlen(name));
	}
	render_out_puts(o, cells->tail);
}

void
render_cells_bind(struct render_cells *cells, const struct batch *b)
{
	for (size_t i = 0; i < cells->n_cols; i++)
		cells->cols[i].c = &b->cols[cells->cols[i].field];
}

uint32_t
render_cells_rows(struct render_out *o, struct render_cells *cells,
    const uint32_t *sel, uint32_t n, uint64_t stop)
{
	size_t tail_len = strlen(cells->tail);
	uint32_t i = 0;

	while (i < n && !o->failed && render_out_at(o) < stop) {
		uint32_t r = sel == NULL ? i : sel[i];

		for (size_t c = 0; c < cells->n_cols; c++) {
			struct render_col *col = &cells->cols[c];

			render_out_put(o, col->lead, col->lead_len);
			render_cells_one(o, col, r);
		}
		render_out_put(o, cells->tail, tail_len);
		i++;
	}
	return i;
}
