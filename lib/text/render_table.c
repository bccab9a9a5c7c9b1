/* SPDX-License-Identifier: ISC */
/*
 * Format table: aligned columns.  On a terminal live; elsewhere the widths
 * are those of the first rows, and nothing is cut.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/current.h"
#include "text/live.h"
#include "text/render_int.h"
#include "text/table.h"
#include "wire/mode.h"

#define FIRST_ROWS 1000 /* that widths are made from */
#define FIRST_LEN (4u << 20) /* or as many bytes of text */
#define MAX_CELL 8192 /* bytes of a cell that a terminal may see */

struct render_table {
	struct table *table;
	bool is_live;
	bool waits; /* for rows to make widths from */
	bool endless;
	bool resumes; /* without rows there is no output */
	enum head_mode mode;
	struct live live; /* of rows that stay */
	/* Of rows that are replaced. */
	struct screen screen;
	struct current now;
	struct current next; /* complete: the batch at hand */
	struct mode_batches batches;
	int op;
	bool changed; /* since it was drawn */
	struct render_out cell; /* collects into row */
	struct buf *row;
	size_t cell_from; /* in row */
	struct buf out;
};

/* What would act on a terminal, or hide in it, is shown by its number. */
static void
put_hostile(struct render_out *o, const char *s, size_t n, uint32_t cp)
{
	static const char names[] = "\a\b\t\n\v\f\r", letters[] = "abtnvfr";
	const char *name = cp != 0 && cp < 0x80 ? strchr(names, (int)cp) : NULL;

	if (name != NULL)
		render_out_printf(o, "\\%c", letters[name - names]);
	else if (n <= 1)
		render_out_printf(o, "\\x%02x", (unsigned)(unsigned char)*s);
	else
		render_out_printf(o, "\\u{%x}", (unsigned)cp);
}

static void
table_str(struct render_out *o, const struct render_col *col, const char *s,
    size_t len)
{
	static const struct render_plain plain = {0x20, 0x7f, 0x7f, true};

	(void)col;
	while (len > 0) {
		size_t n = render_plain(&plain, s, len);
		uint32_t cp = 0;

		render_out_put(o, s, n);
		s += n;
		len -= n;
		if (len == 0)
			return;
		n = utf8_decode(&cp, s, len);
		if (n == 0 || utf8_is_hostile(cp))
			put_hostile(o, s, n, cp);
		else
			render_out_put(o, s, n);
		s += n + (n == 0);
		len -= n + (n == 0);
	}
}

const struct render_style render_table_style = {
    .str = table_str, .tail = "", .empty = "", .delim = ' ', .null_str = "-"};

static int
collect(void *arg, const void *p, size_t len)
{
	struct render_table *rt = arg;

	if (rt->is_live && rt->row->len - rt->cell_from > MAX_CELL)
		return 0;
	buf_put(rt->row, p, len);
	return 0;
}

static struct table *
make_table(
    struct render_table *rt, struct render_cells *cells, const struct schema *s)
{
	char **names = mem_zero(cells->n_cols, sizeof(*names));
	struct table_align *align = mem_zero(cells->n_cols, sizeof(*align));
	struct table *t;

	for (size_t i = 0; i < cells->n_cols; i++) {
		const struct field *f = &s->fields[cells->cols[i].field];
		struct buf name;

		buf_init(&name, 0);
		rt->row = &name;
		table_str(&rt->cell, NULL, f->name, strlen(f->name));
		render_out_flush(&rt->cell);
		names[i] = mem_strndup((const char *)name.data, name.len);
		align[i].right = f->type == TYPE_INT || f->type == TYPE_FLOAT
				 || f->type == TYPE_DUR;
		align[i].whole = !type_is_bytes(f->type);
		buf_release(&name);
	}
	t = table_new(
	    cells->n_cols, (const char *const *)names, align, FIRST_ROWS);
	for (size_t i = 0; i < cells->n_cols; i++)
		free(names[i]);
	free(names);
	free(align);
	return t;
}

void
render_table_head(struct render *r, const struct head *h)
{
	struct render_table *rt = mem_zero(1, sizeof(*rt));

	r->table = rt;
	render_cells_init(&r->cells, &render_table_style, &h->schema, &r->o);
	render_out_init(&rt->cell, collect, rt);
	rt->table = make_table(rt, &r->cells, &h->schema);
	rt->table->color = r->o.color;
	rt->is_live = r->o.tty_fd != -1;
	rt->waits = true;
	rt->endless = h->endless;
	rt->resumes = h->path[0] != '\0';
	rt->mode = h->mode;
	rt->op = mode_op_col(&h->schema);
	if (rt->mode == MODE_UPSERT) {
		size_t n;
		uint32_t *keys = mode_keys(&n, h);

		current_init(&rt->now, keys, n);
	}
	if (rt->is_live && rt->mode != MODE_APPEND)
		screen_init(&rt->screen, r->o.tty_fd, r->o.color);
	else if (rt->is_live)
		live_init(&rt->live, rt->table, r->o.tty_fd, r->o.no_header);
}

void
render_table_free(struct render_table *rt)
{
	if (rt == NULL)
		return;
	table_free(rt->table);
	current_release(&rt->now);
	current_release(&rt->next);
	render_out_release(&rt->cell);
	buf_release(&rt->out);
	free(rt);
}

static void
give_out(struct render *r)
{
	render_out_put(&r->out, r->table->out.data, r->table->out.len);
	buf_reset(&r->table->out);
}

/* Without a terminal: print all rows at hand; the first time, the names. */
static void
put_plain(struct render *r)
{
	struct render_table *rt = r->table;
	struct table *t = rt->table;

	if (rt->waits) {
		table_fit(t, 0);
		if (!r->o.no_header)
			table_put_names(&rt->out, t, 0);
	}
	rt->waits = false;
	for (size_t i = 0; i < t->n; i++) {
		table_put_row(&rt->out, t, table_row(t, i), 0);
		give_out(r);
	}
	table_drop(t, t->n);
	give_out(r);
}

static void
fill_row(struct render *r, struct table_row *row, uint32_t at)
{
	struct render_table *rt = r->table;

	rt->row = &row->text;
	for (size_t i = 0; i < r->cells.n_cols; i++) {
		struct render_col *col = &r->cells.cols[i];

		rt->cell_from = row->text.len;
		render_cells_one(&rt->cell, col, at);
		render_out_flush(&rt->cell);
		table_cell(rt->table, row, i, !col_is_valid(col->c, at));
	}
}

/* A row that replaces, or removes, another. */
static void
replace_row(struct render *r, const struct batch *b, uint32_t at)
{
	struct render_table *rt = r->table;
	const struct col *op = rt->op == -1 ? NULL : &b->cols[rt->op];
	struct table_row *row;

	if (op != NULL && op->i[col_entry(op, at)] == MODE_DELETE) {
		current_delete(&rt->now, b, at);
		return;
	}
	row =
	    op != NULL ? current_put(&rt->now, b, at) : current_add(&rt->next);
	table_begin(rt->table, row);
	fill_row(r, row, at);
}

static void
replace_rows(struct render *r, const struct frame *f, const struct batch *b)
{
	struct render_table *rt = r->table;
	uint32_t n = b == NULL ? 0 : b->n_rows;

	rt->screen.watermark = f->h.watermark;
	rt->screen.n_rows += n;
	if (n > 0)
		render_cells_bind(&r->cells, b);
	for (uint32_t i = 0; i < n; i++)
		replace_row(r, b, i);
	rt->changed |= n > 0 && rt->mode == MODE_UPSERT;
	if (rt->mode != MODE_COMPLETE || !mode_closes(&rt->batches, f))
		return;
	current_release(&rt->now);
	rt->now = rt->next;
	current_init(&rt->next, NULL, 0);
	rt->changed = true;
}

/* At the end the columns are as wide as what stands then. */
static void
measure(struct render_table *rt)
{
	struct table_row *row;
	size_t at = 0;

	table_unmeasure(rt->table);
	while ((row = current_next(&rt->now, &at)) != NULL)
		table_measure(rt->table, row);
}

/* The names and the rows that stand, max of them at most. */
static void
put_current(struct render *r, struct buf *out, size_t columns, uint32_t max)
{
	struct render_table *rt = r->table;
	struct table_row *row;
	uint32_t n = rt->now.n > max ? max - 1 : rt->now.n;
	size_t at = 0;

	if (max == UINT32_MAX)
		measure(rt);
	table_fit(rt->table, columns);
	if (!r->o.no_header)
		table_put_names(out, rt->table, columns);
	for (uint32_t i = 0; i < n; i++) {
		row = current_next(&rt->now, &at);
		table_put_row(out, rt->table, row, columns);
		if (!rt->is_live)
			give_out(r);
	}
	if (n < rt->now.n)
		buf_printf(out, "%s%u more rows%s\n",
		    r->o.color ? "\033[2m" : "", rt->now.n - n,
		    r->o.color ? "\033[22m" : "");
}

static void
draw_current(struct render *r, uint32_t max, int64_t now)
{
	struct render_table *rt = r->table;
	struct buf text;

	buf_init(&text, 0);
	if (screen_ask(&rt->screen))
		rt->screen.n_picture = 0;
	if (max == 0)
		max = (uint32_t)screen_room(&rt->screen);
	put_current(r, &text, rt->screen.columns, max);
	screen_unstatus(&rt->screen, &rt->out);
	screen_picture(&rt->screen, &rt->out, &text);
	rt->screen.drawn_us = now;
	rt->changed = false;
	buf_release(&text);
}

static void
idle_current(struct render *r, int *timeout_ms)
{
	struct screen *s = &r->table->screen;
	int64_t now = time_mono_us();
	int64_t due = screen_due(s, r->table->changed, now);

	if (now >= due) {
		draw_current(r, 0, now);
		screen_status(s, &r->table->out, now);
		due = screen_due(s, false, now);
	}
	*timeout_ms = screen_wait(due, now);
}

void
render_table_frame(
    struct render *r, const struct frame *f, const struct batch *b)
{
	struct render_table *rt = r->table;

	if (rt->mode != MODE_APPEND) {
		replace_rows(r, f, b);
		return;
	}
	rt->live.screen.watermark = f->h.watermark;
	if (b == NULL)
		return;
	render_cells_bind(&r->cells, b);
	for (uint32_t i = 0; i < b->n_rows && !r->out.failed; i++) {
		if (rt->is_live) {
			live_room(&rt->live, &rt->out);
			rt->live.screen.n_rows++;
		}
		fill_row(r, table_add(rt->table), i);
		if (!rt->is_live
		    && (!rt->waits || rt->table->n == rt->table->cap
			|| rt->table->len > FIRST_LEN))
			put_plain(r);
	}
	give_out(r);
}

void
render_table_idle(struct render *r, int *timeout_ms)
{
	struct render_table *rt = r->table;

	if (rt->is_live && rt->mode != MODE_APPEND)
		idle_current(r, timeout_ms);
	else if (rt->is_live)
		live_idle(&rt->live, &rt->out, timeout_ms);
	else if (rt->endless && rt->table->n > 0)
		put_plain(r);
	give_out(r);
}

void
render_table_end(struct render *r)
{
	struct render_table *rt = r->table;

	if (rt->is_live && rt->mode != MODE_APPEND)
		draw_current(r, UINT32_MAX, time_mono_us());
	else if (rt->is_live)
		live_end(&rt->live, &rt->out);
	else if (rt->mode != MODE_APPEND)
		put_current(r, &rt->out, 0, UINT32_MAX);
	else if ((rt->waits && !rt->resumes) || rt->table->n > 0)
		put_plain(r);
	give_out(r);
}
