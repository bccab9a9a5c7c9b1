/* SPDX-License-Identifier: ISC */
/* Format plot: rows as points of a picture.  ssink(1), PLOT. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/plot.h"
#include "text/render_int.h"
#include "text/screen.h"
#include "wire/mode.h"

#define KEEP 65536 /* points of a series; a picture has no more columns */

struct render_plot {
	struct plot *plot;
	int x_col; /* or -1: the number of the row */
	int64_t x_off;
	uint32_t *labels; /* columns of r->cells that name the series; owned */
	size_t n_labels;
	uint32_t *values; /* columns of the panels; owned */
	size_t n_values;
	double *y; /* owned: the values of a row */
	struct render_out cell; /* collects into name */
	struct buf name;
	uint64_t n_rows;
	enum head_mode mode;
	int op;
	struct mode_batches batches;
	bool stale; /* complete: the batch of these points is closed */
	bool is_live;
	bool changed;
	struct screen screen;
	struct buf out;
};

static int
collect(void *arg, const void *p, size_t len)
{
	buf_put(arg, p, len);
	return 0;
}

/* The end of a window, else the event time, else the first time. */
static int
choose_x(const struct schema *s)
{
	int col = schema_find(s, "window_end", strlen("window_end"));

	if (col != -1
	    && (s->fields[col].type == TYPE_TIME
		|| s->fields[col].type == TYPE_INT))
		return col;
	if (s->time_col != -1)
		return s->time_col;
	for (size_t i = 0; i < s->n; i++)
		if (s->fields[i].type == TYPE_TIME && !s->fields[i].system)
			return (int)i;
	return -1;
}

static bool
is_key(const struct head *h, uint32_t col)
{
	size_t n;
	uint32_t *keys;
	bool found = false;

	if (h->mode != MODE_UPSERT)
		return false;
	keys = mode_keys(&n, h);
	for (size_t i = 0; i < n; i++)
		found |= keys[i] == col;
	free(keys);
	return found;
}

/* Whether the user says that a column names the series. */
static bool
is_named(const struct render *r, const char *name)
{
	const char *list = r->o.series == NULL ? "" : r->o.series;
	size_t len, n = strlen(name);

	for (; *list != '\0'; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (len == n && memcmp(list, name, n) == 0)
			return true;
	}
	return false;
}

/* Every name of -k is that of a column.  0, or -1 with r->why. */
static int
check_named(struct render *r, const struct schema *s)
{
	const char *list = r->o.series == NULL ? "" : r->o.series;
	struct buf names;
	size_t len;

	for (; *list != '\0'; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (schema_find(s, list, len) != -1)
			continue;
		buf_init(&names, 0);
		schema_list(&names, s);
		r->why = mem_printf("-k: no column %.*s; the columns are %.*s",
		    (int)len, list, (int)names.len, (const char *)names.data);
		buf_release(&names);
		return -1;
	}
	return 0;
}

/* Text and keys name the series, numbers are drawn, other times are not. */
static void
choose_columns(struct render *r, const struct head *h)
{
	struct render_plot *p = r->plot;
	const struct schema *s = &h->schema;

	p->labels = mem_zero(s->n + 1, sizeof(*p->labels));
	p->values = mem_zero(s->n + 1, sizeof(*p->values));
	for (uint32_t i = 0; i < r->cells.n_cols; i++) {
		uint32_t col = r->cells.cols[i].field;
		const struct field *f = &s->fields[col];

		if ((int)col == p->x_col || f->type == TYPE_TIME
		    || f->type == TYPE_BIN
		    || strcmp(f->name, "window_start") == 0)
			continue;
		if (f->type == TYPE_STR || f->type == TYPE_BOOL
		    || is_key(h, col) || is_named(r, f->name))
			p->labels[p->n_labels++] = i;
		else
			p->values[p->n_values++] = i;
	}
}

static void
make_plot(struct render *r, const struct schema *s)
{
	struct render_plot *p = r->plot;
	char **names = mem_zero(p->n_values, sizeof(*names));
	struct plot_opts o = {.names = (const char *const *)names,
	    .n_panels = p->n_values,
	    .keep = KEEP,
	    .is_time = p->x_col != -1 && s->fields[p->x_col].type == TYPE_TIME,
	    .utf8 = r->o.utf8,
	    .color = r->o.color,
	    .zone = r->o.zone};

	for (size_t i = 0; i < p->n_values; i++) {
		const char *name =
		    s->fields[r->cells.cols[p->values[i]].field].name;

		buf_reset(&p->name);
		render_table_style.str(&p->cell, NULL, name, strlen(name));
		render_out_flush(&p->cell);
		names[i] = mem_strndup((const char *)p->name.data, p->name.len);
	}
	p->plot = plot_new(&o);
	for (size_t i = 0; i < p->n_values; i++)
		free(names[i]);
	free(names);
}

void
render_plot_head(struct render *r, const struct head *h)
{
	struct render_plot *p = mem_zero(1, sizeof(*p));

	r->plot = p;
	render_cells_init(&r->cells, &render_table_style, &h->schema, &r->o);
	render_out_init(&p->cell, collect, &p->name);
	p->mode = h->mode;
	p->op = mode_op_col(&h->schema);
	p->x_col = choose_x(&h->schema);
	/* The last instant of a window is not where its end is drawn. */
	if (p->x_col != -1 && p->x_col == h->schema.time_col
	    && strcmp(h->schema.fields[p->x_col].name, "window_end") != 0)
		p->x_off = h->schema.time_off;
	if (check_named(r, &h->schema) == -1)
		return;
	choose_columns(r, h);
	if (p->n_values == 0) {
		r->why =
		    mem_strdup("plot draws numbers, and no column is one: "
			       "write smap -a 'COLUMN::float as y' before");
		return;
	}
	p->y = mem_zero(p->n_values, sizeof(*p->y));
	make_plot(r, &h->schema);
	p->is_live = r->o.tty_fd != -1;
	if (p->is_live)
		screen_init(&p->screen, r->o.tty_fd, r->o.color);
}

void
render_plot_free(struct render_plot *p)
{
	if (p == NULL)
		return;
	plot_free(p->plot);
	free(p->labels);
	free(p->values);
	free(p->y);
	render_out_release(&p->cell);
	buf_release(&p->name);
	buf_release(&p->out);
	free(p);
}

static double
value(const struct col *c, uint32_t at)
{
	uint32_t e = col_entry(c, at);

	if (!col_is_valid(c, at))
		return NAN;
	if (c->type == TYPE_FLOAT)
		return c->f[e];
	return c->type == TYPE_DUR ? (double)c->i[e] / (double)TIME_US
				   : (double)c->i[e];
}

/* The name of the series of a row: its labels by blanks. */
static void
name_series(struct render *r, uint32_t at)
{
	struct render_plot *p = r->plot;

	buf_reset(&p->name);
	for (size_t i = 0; i < p->n_labels; i++) {
		if (i > 0)
			render_out_put(&p->cell, " ", 1);
		render_cells_one(&p->cell, &r->cells.cols[p->labels[i]], at);
	}
	render_out_flush(&p->cell);
}

static void
add_point(struct render *r, const struct batch *b, uint32_t at)
{
	struct render_plot *p = r->plot;
	const struct col *op = p->op == -1 ? NULL : &b->cols[p->op];
	const struct col *xs = p->x_col == -1 ? NULL : &b->cols[p->x_col];
	int64_t x = (int64_t)p->n_rows++;

	if (xs != NULL && !col_is_valid(xs, at))
		return;
	if (xs != NULL && !num_add(&x, xs->i[col_entry(xs, at)], p->x_off))
		return;
	name_series(r, at);
	if (op != NULL && op->i[col_entry(op, at)] == MODE_DELETE) {
		plot_remove(p->plot, &p->name, x);
		return;
	}
	for (size_t i = 0; i < p->n_values; i++)
		p->y[i] = value(r->cells.cols[p->values[i]].c, at);
	plot_put(p->plot, &p->name, x, p->y, op != NULL);
}

void
render_plot_frame(
    struct render *r, const struct frame *f, const struct batch *b)
{
	struct render_plot *p = r->plot;
	uint32_t n = b == NULL ? 0 : b->n_rows;
	bool closes = p->mode == MODE_COMPLETE && mode_closes(&p->batches, f);

	p->screen.watermark = f->h.watermark;
	p->screen.n_rows += n;
	if (p->stale && (n > 0 || closes)) {
		plot_reset(p->plot);
		p->n_rows = 0;
		p->stale = false;
	}
	if (n > 0)
		render_cells_bind(&r->cells, b);
	for (uint32_t i = 0; i < n; i++)
		add_point(r, b, i);
	p->changed |= p->mode == MODE_COMPLETE ? closes : n > 0;
	p->stale |= closes;
}

static void
draw(struct render *r, int64_t now)
{
	struct render_plot *p = r->plot;
	struct buf text;

	buf_init(&text, 0);
	if (screen_ask(&p->screen))
		p->screen.n_picture = 0;
	plot_draw(p->plot, &text, p->screen.columns, screen_room(&p->screen));
	screen_unstatus(&p->screen, &p->out);
	screen_picture(&p->screen, &p->out, &text);
	p->screen.drawn_us = now;
	p->changed = false;
	buf_release(&text);
}

static void
give_out(struct render *r)
{
	render_out_put(&r->out, r->plot->out.data, r->plot->out.len);
	buf_reset(&r->plot->out);
}

void
render_plot_idle(struct render *r, int *timeout_ms)
{
	struct render_plot *p = r->plot;
	int64_t now = time_mono_us(), due;

	if (!p->is_live)
		return;
	due = screen_due(&p->screen, p->changed, now);
	if (now >= due) {
		draw(r, now);
		screen_status(&p->screen, &p->out, now);
		due = screen_due(&p->screen, false, now);
	}
	*timeout_ms = screen_wait(due, now);
	give_out(r);
}

void
render_plot_end(struct render *r)
{
	struct render_plot *p = r->plot;

	if (p->is_live)
		draw(r, time_mono_us());
	else
		plot_draw(p->plot, &p->out, r->o.columns, plot_lines(p->plot));
	give_out(r);
}
