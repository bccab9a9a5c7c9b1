/* SPDX-License-Identifier: ISC */
/* The picture of a plot. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "base/zone.h"
#include "text/axis.h"
#include "text/canvas.h"
#include "text/plot_int.h"
#include "text/width.h"

#define TITLE 1 /* lines above a panel */
#define FOOT 3 /* axis, its labels, the legend */
#define MIN_PANEL 3 /* lines of a panel, at least */
#define GOOD_PANEL 8
#define LINES_OF_STEP 2 /* between two labels of the y axis */
#define COLUMNS_OF_STEP 14 /* of the x axis */
#define MIN_WIDTH 10

struct picture {
	struct plot *p;
	struct buf *out;
	size_t columns;
	size_t n_panels; /* that are shown */
	size_t height; /* of each, in cells */
	size_t margin; /* for labels of the y axes */
	size_t width; /* of the canvas, in cells */
	bool braille;
	size_t from[PLOT_MAX_SERIES]; /* the first point that is drawn */
	int64_t lo, hi; /* x */
	struct axis *axes; /* owned, by panel */
};

size_t
plot_lines(const struct plot *p)
{
	return p->o.n_panels * (TITLE + GOOD_PANEL) + FOOT;
}

/* Which points are drawn, and the range of x; false without one. */
static bool
fit_x(struct picture *v)
{
	bool any = false;

	for (size_t i = 0; i < plot_n_series(v->p); i++) {
		const struct plot_series *s = &v->p->series[i];

		v->from[i] = s->n > v->p->o.keep ? s->n - v->p->o.keep : 0;
		if (s->n == 0)
			continue;
		if (!any || s->x[v->from[i]] < v->lo)
			v->lo = s->x[v->from[i]];
		if (!any || s->x[s->n - 1] > v->hi)
			v->hi = s->x[s->n - 1];
		any = true;
	}
	return any;
}

/* The range of y in a panel; 0 to 1 when there is no value. */
static void
fit_y(struct picture *v, size_t panel)
{
	size_t w = v->p->o.n_panels, n = v->height / LINES_OF_STEP;
	double lo = 0, hi = 1;
	bool any = false;

	for (size_t i = 0; i < plot_n_series(v->p); i++) {
		const struct plot_series *s = &v->p->series[i];

		for (size_t k = v->from[i]; k < s->n; k++) {
			double y = s->y[k * w + panel];

			if (!isfinite(y))
				continue;
			lo = !any || y < lo ? y : lo;
			hi = !any || y > hi ? y : hi;
			any = true;
		}
	}
	axis_fit(&v->axes[panel], lo, hi, n > 0 ? n : 1);
}

/* Where v is between lo and hi, on a scale of n places. */
static size_t
place(double v, double lo, double hi, size_t n)
{
	double at = (v / 2 - lo / 2) / (hi / 2 - lo / 2);

	return (size_t)(at * (double)(n - 1) + 0.5);
}

static size_t
place_x(const struct picture *v, int64_t x, size_t n)
{
	if (v->lo == v->hi)
		return n / 2;
	return place((double)x, (double)v->lo, (double)v->hi, n);
}

static size_t
place_y(const struct axis *a, double y, size_t n)
{
	return place(y, axis_value(a, a->first), axis_value(a, a->last), n);
}

static void
draw_series(
    struct canvas *c, const struct picture *v, size_t panel, size_t which)
{
	const struct plot_series *s = &v->p->series[which];
	const struct axis *a = &v->axes[panel];
	struct canvas_dot last = {0, 0};
	bool joined = false;

	for (size_t k = v->from[which]; k < s->n; k++) {
		double y = s->y[k * v->p->o.n_panels + panel];
		struct canvas_dot dot;

		if (!isfinite(y)) {
			joined = false;
			continue;
		}
		dot.x = place_x(v, s->x[k], canvas_columns(c));
		dot.y = place_y(a, y, canvas_rows(c));
		canvas_line(c, joined ? last : dot, dot, (uint8_t)which);
		last = dot;
		joined = true;
	}
}

static void
blanks(struct buf *out, size_t n)
{
	for (; n > 0; n--)
		buf_putc(out, ' ');
}

/* Text of at most max columns; returns how many it takes. */
static size_t
put_text(struct buf *out, const char *s, size_t max)
{
	size_t columns, len = width_cut(&columns, s, strlen(s), max);

	buf_put(out, s, len);
	return columns;
}

/* The name of a panel; above the first one stand first and last x, too. */
static void
put_title(struct picture *v, size_t panel)
{
	const struct plot_opts *o = &v->p->o;
	size_t used = v->margin + 1, len;
	char range[2 * TIME_TEXT_MAX + 8];
	struct zone_span span = {0};

	blanks(v->out, used);
	if (o->color)
		buf_puts(v->out, "\033[1m");
	used += put_text(v->out, v->p->names[panel], v->columns - used);
	if (o->color)
		buf_puts(v->out, "\033[22m");
	if (panel == 0 && o->is_time) {
		len = o->zone == NULL
			  ? time_format_rfc3339(range, v->lo)
			  : zone_format(range, &span, o->zone, v->lo);
		memcpy(range + len, " .. ", 4);
		len += 4;
		len += o->zone == NULL
			   ? time_format_rfc3339(range + len, v->hi)
			   : zone_format(range + len, &span, o->zone, v->hi);
		if (used + 2 + len <= v->columns) {
			blanks(v->out, v->columns - used - len);
			buf_put(v->out, range, len);
		}
	}
	buf_putc(v->out, '\n');
}

/* The label of the axis that stands on line up, counted from below; or "". */
static void
label_at(char out[AXIS_TEXT], const struct picture *v, const struct axis *a,
    size_t up)
{
	*out = '\0';
	for (int64_t k = a->first; k <= a->last; k++)
		if (place_y(a, axis_value(a, k), v->height) == up)
			axis_label(out, a, k);
}

static void
put_panel(struct picture *v, size_t panel)
{
	struct canvas c;

	canvas_init(&c, v->width, v->height, v->braille);
	for (size_t i = 0; i < plot_n_series(v->p); i++)
		draw_series(&c, v, panel, i);
	put_title(v, panel);
	for (size_t line = 0; line < v->height; line++) {
		bool utf8 = v->p->o.utf8;
		char label[AXIS_TEXT];

		label_at(label, v, &v->axes[panel], v->height - 1 - line);
		blanks(v->out, v->margin - strlen(label));
		buf_puts(v->out, label);
		if (*label != '\0')
			buf_puts(v->out, utf8 ? "\u2524" : "+");
		else
			buf_puts(v->out, utf8 ? "\u2502" : "|");
		canvas_put(v->out, &c, line, v->p->o.color);
		buf_putc(v->out, '\n');
	}
	canvas_release(&c);
}

/* The labels of the x axis while they are collected. */
struct foot {
	char *marks, *text; /* owned: a byte for each column */
	size_t used; /* of text */
};

static void
mark(struct foot *f, const struct picture *v, int64_t x, const char *label)
{
	size_t at = place_x(v, x, v->width), len = strlen(label);
	size_t middle = v->margin + 1 + at;
	size_t from = middle > len / 2 ? middle - len / 2 : 0;

	f->marks[at] = 1;
	if (from < f->used + (f->used > 0) || from + len > v->columns)
		return;
	memcpy(f->text + from, label, len);
	f->used = from + len;
}

static void
mark_all(struct foot *f, const struct picture *v)
{
	size_t n = v->width / COLUMNS_OF_STEP + 1;
	char label[AXIS_TEXT];
	struct axis a;
	int64_t step, x, span;
	bool more;

	if (v->p->o.is_time) {
		if (!num_sub(&span, v->hi, v->lo))
			span = INT64_MAX;
		step = span == 0 ? 1 : axis_time_step(span, n);
		x = v->lo - v->lo % step;
		more = x >= v->lo || num_add(&x, x, step);
		while (more && x <= v->hi) {
			axis_time_label(label, x, step, v->p->o.zone);
			mark(f, v, x, label);
			more = num_add(&x, x, step);
		}
		return;
	}
	axis_fit(&a, (double)v->lo, (double)v->hi, n);
	for (int64_t k = a.first; k <= a.last; k++) {
		double at = axis_value(&a, k);

		if (at < (double)v->lo || at > (double)v->hi || at != floor(at))
			continue;
		axis_label(label, &a, k);
		mark(f, v, (int64_t)at, label);
	}
}

static void
put_foot(struct picture *v)
{
	bool utf8 = v->p->o.utf8;
	struct foot f = {
	    .marks = mem_zero(v->width, 1), .text = mem_zero(v->columns, 1)};

	memset(f.text, ' ', v->columns);
	mark_all(&f, v);
	blanks(v->out, v->margin);
	buf_puts(v->out, utf8 ? "\u2514" : "+");
	for (size_t i = 0; i < v->width; i++)
		if (f.marks[i] != 0)
			buf_puts(v->out, utf8 ? "\u252c" : "+");
		else
			buf_puts(v->out, utf8 ? "\u2500" : "-");
	buf_putc(v->out, '\n');
	buf_put(v->out, f.text, f.used);
	buf_putc(v->out, '\n');
	free(f.marks);
	free(f.text);
}

/* Which series is which, and what is left out. */
static void
put_legend(struct picture *v)
{
	struct plot *p = v->p;
	size_t used = 0, shown = 0, columns;
	struct buf *out = v->out;

	for (; shown < plot_n_series(p) && p->map.n > 1; shown++) {
		const char *name = p->series[shown].name;

		width_cut(&columns, name, strlen(name), SIZE_MAX);
		/* What is left out is told in 20 columns at most. */
		if (used + columns + 4 + 20 > v->columns && shown > 0)
			break;
		blanks(out, shown > 0 ? 2 : 0);
		if (p->o.color)
			canvas_ink(out, (uint8_t)shown);
		if (v->braille)
			buf_puts(out, "\u28ff");
		else
			buf_putc(out, canvas_letter((uint8_t)shown));
		if (p->o.color)
			canvas_plain(out);
		buf_putc(out, ' ');
		used += put_text(out, name, v->columns - 2) + 4;
	}
	if (p->map.n > 1 && shown < p->map.n)
		buf_printf(out, "  %zu more", p->map.n - shown);
	if (v->n_panels < p->o.n_panels)
		buf_printf(out, "%s%zu more columns", used > 0 ? "; " : "",
		    p->o.n_panels - v->n_panels);
	if (p->map.n > 1 || v->n_panels < p->o.n_panels)
		buf_putc(out, '\n');
}

/* Divide the lines among the panels, then the columns. */
static void
lay_out(struct picture *v, size_t lines)
{
	size_t room = lines > FOOT ? lines - FOOT : 1;

	v->n_panels = room / (TITLE + MIN_PANEL);
	if (v->n_panels > v->p->o.n_panels)
		v->n_panels = v->p->o.n_panels;
	if (v->n_panels == 0)
		v->n_panels = 1;
	v->height = room / v->n_panels;
	v->height = v->height > TITLE + 1 ? v->height - TITLE : 2;
	v->axes = mem_zero(v->n_panels, sizeof(*v->axes));
	for (size_t i = 0; i < v->n_panels; i++) {
		struct axis *a = &v->axes[i];

		fit_y(v, i);
		for (int64_t k = a->first; k <= a->last; k++) {
			char label[AXIS_TEXT];

			axis_label(label, a, k);
			if (strlen(label) > v->margin)
				v->margin = strlen(label);
		}
	}
	v->width = v->columns > v->margin + 1 + MIN_WIDTH
		       ? v->columns - v->margin - 1
		       : MIN_WIDTH;
	if (v->columns < v->margin + 1 + v->width)
		v->columns = v->margin + 1 + v->width;
}

void
plot_draw(struct plot *p, struct buf *out, size_t columns, size_t lines)
{
	struct picture v = {.p = p, .out = out, .columns = columns};

	if (!fit_x(&v)) {
		buf_puts(out, "no values to draw\n");
		return;
	}
	/* Without color a letter tells which series a dot is of. */
	v.braille = p->o.utf8 && (p->o.color || p->map.n <= 1);
	lay_out(&v, lines);
	for (size_t i = 0; i < v.n_panels; i++)
		put_panel(&v, i);
	put_foot(&v);
	put_legend(&v);
	free(v.axes);
}
