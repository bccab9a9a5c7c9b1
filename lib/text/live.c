/* SPDX-License-Identifier: ISC */
/* Drawing a table whose rows scroll away. */
#include "text/live.h"

#include "base/time.h"

void
live_init(struct live *l, struct table *t, int fd, bool no_header)
{
	*l = (struct live){.table = t, .no_header = no_header};
	screen_init(&l->screen, fd, t->color);
	table_resize(t, screen_room(&l->screen));
}

/* The terminal has another size: what stands there has moved. */
static void
start_anew(struct live *l)
{
	table_drop(l->table, l->shown);
	l->shown = 0;
	l->names_shown = false;
	l->screen.begun = false;
}

static void
put_rows(struct live *l, struct buf *out)
{
	struct screen *s = &l->screen;
	struct table *t = l->table;
	bool changed = table_fit(t, s->columns);
	size_t up = l->shown + l->names_shown;
	bool in_place = s->begun && changed && up > 0;

	if (in_place) {
		buf_printf(out, "\033[%zuA", up);
		l->shown = 0;
	}
	if ((changed || !s->begun) && !l->no_header) {
		table_put_names(out, t, s->columns);
		if (in_place)
			screen_in_place(out);
		l->names_shown = true;
	}
	for (size_t i = l->shown; i < t->n; i++) {
		table_put_row(out, t, table_row(t, i), s->columns);
		if (in_place)
			screen_in_place(out);
	}
	if (in_place)
		buf_puts(out, "\033[J");
	l->shown = t->n;
	s->begun = true;
}

static void
draw(struct live *l, struct buf *out, int64_t now)
{
	bool resized = screen_ask(&l->screen);

	screen_unstatus(&l->screen, out);
	if (resized)
		start_anew(l);
	put_rows(l, out);
	if (resized) {
		size_t before = l->table->n;

		table_resize(l->table, screen_room(&l->screen));
		l->shown = l->table->n;
		l->names_shown &= before == l->shown;
	}
	l->screen.drawn_us = now;
}

void
live_room(struct live *l, struct buf *out)
{
	struct table *t = l->table;
	int64_t now;

	if (t->n < t->cap)
		return;
	if (l->shown == 0) {
		now = time_mono_us();
		draw(l, out, now);
		screen_status(&l->screen, out, now);
	}
	table_drop(t, 1);
	l->shown--;
	l->names_shown = false;
}

void
live_idle(struct live *l, struct buf *out, int *timeout_ms)
{
	int64_t now = time_mono_us();
	int64_t due = screen_due(&l->screen, l->table->n > l->shown, now);

	if (now >= due) {
		draw(l, out, now);
		screen_status(&l->screen, out, now);
		due = screen_due(&l->screen, false, now);
	}
	*timeout_ms = screen_wait(due, now);
}

void
live_end(struct live *l, struct buf *out)
{
	draw(l, out, time_mono_us());
}
