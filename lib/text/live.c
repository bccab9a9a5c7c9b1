/* SPDX-License-Identifier: ISC */
/* Drawing a table on a terminal (ECMA-48 sequences that all of them have). */
#include "text/live.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/time.h"
#include "text/width.h"

#define FRAME_US 50000 /* at most 20 drawings a second */
#define STATUS_AFTER_US 300000 /* short runs show no status line */
#define RATE_US TIME_US
#define AROUND 4 /* lines: names, blank, status, and one to spare */

/* Ask for the size; true when it has changed. */
static bool
ask_size(struct live *l)
{
	struct winsize w;
	size_t columns = 80, lines = 24;
	bool changed;

	if (ioctl(l->fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 && w.ws_row > 0) {
		columns = w.ws_col;
		lines = w.ws_row;
	}
	changed = columns != l->columns || lines != l->lines;
	l->columns = columns;
	l->lines = lines;
	return changed;
}

static size_t
screenful(const struct live *l)
{
	return l->lines > AROUND ? l->lines - AROUND : 1;
}

void
live_init(struct live *l, struct table *t, int fd, bool no_header)
{
	int64_t now = time_mono_us();

	*l = (struct live){.table = t,
	    .fd = fd,
	    .no_header = no_header,
	    .start_us = now,
	    .rate_us = now,
	    .watermark = TIME_NONE};
	ask_size(l);
	table_resize(t, screenful(l));
}

/* A count as 1,234,567. */
static size_t
grouped(char *out, size_t cap, uint64_t v)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, v);
	size_t at = 0;

	for (int i = 0; i < n && at + 2 < cap; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return at;
}

static void
put_status(struct live *l, struct buf *out, int64_t now)
{
	char rows[40], rate[40], text[200];
	int len;
	size_t columns;

	if (now - l->rate_us >= RATE_US) {
		l->rate = (double)(l->n_rows - l->rate_rows) * (double)TIME_US
			  / (double)(now - l->rate_us);
		l->rate_rows = l->n_rows;
		l->rate_us = now;
	}
	grouped(rows, sizeof(rows), l->n_rows);
	grouped(rate, sizeof(rate), (uint64_t)(l->rate + 0.5));
	len = snprintf(text, sizeof(text), "%s rows", rows);
	if (l->watermark != TIME_NONE) {
		len += snprintf(text + len, 20, "  watermark ");
		len += (int)time_format_rfc3339(text + len, l->watermark);
	}
	len += snprintf(text + len, 60, "  %s rows/s", rate);
	buf_puts(out, l->table->color ? "\n\033[2m" : "\n");
	buf_put(
	    out, text, width_cut(&columns, text, (size_t)len, l->columns - 1));
	buf_puts(out, l->table->color ? "\033[22m\r\033[A" : "\r\033[A");
}

/* The terminal has another size: what stands there has moved. */
static void
start_anew(struct live *l)
{
	table_drop(l->table, l->shown);
	l->shown = 0;
	l->names_shown = false;
	l->begun = false;
}

/*
 * In place of what stands there each line erases the rest of its own.  To
 * erase all at once would not do: some terminals then keep a copy in their
 * history.
 */
static void
end_line(struct buf *out, bool in_place)
{
	if (!in_place)
		return;
	out->len--;
	buf_puts(out, "\033[K\n");
}

static void
put_rows(struct live *l, struct buf *out)
{
	struct table *t = l->table;
	bool changed = table_fit(t, l->columns);
	size_t up = l->shown + l->names_shown;
	bool in_place = l->begun && changed && up > 0;

	if (in_place) {
		buf_printf(out, "\033[%zuA", up);
		l->shown = 0;
	}
	if ((changed || !l->begun) && !l->no_header) {
		table_put_names(out, t, l->columns);
		end_line(out, in_place);
		l->names_shown = true;
	}
	for (size_t i = l->shown; i < t->n; i++) {
		table_put_row(out, t, table_row(t, i), l->columns);
		end_line(out, in_place);
	}
	if (in_place)
		buf_puts(out, "\033[J");
	l->shown = t->n;
	l->begun = true;
}

static void
draw(struct live *l, struct buf *out, int64_t now)
{
	bool resized = ask_size(l);

	if (l->begun && l->status_shown)
		buf_puts(out, "\r\033[J");
	l->status_shown = false;
	if (resized)
		start_anew(l);
	put_rows(l, out);
	if (resized) {
		size_t before = l->table->n;

		table_resize(l->table, screenful(l));
		l->shown = l->table->n;
		l->names_shown &= before == l->shown;
	}
	l->drawn_us = now;
}

static void
draw_status(struct live *l, struct buf *out, int64_t now)
{
	if (now - l->start_us >= STATUS_AFTER_US)
		put_status(l, out, now);
	l->status_shown |= now - l->start_us >= STATUS_AFTER_US;
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
		draw_status(l, out, now);
	}
	table_drop(t, 1);
	l->shown--;
	l->names_shown = false;
}

void
live_idle(struct live *l, struct buf *out, int *timeout_ms)
{
	int64_t now = time_mono_us(), due;

	if (l->table->n > l->shown)
		due = l->drawn_us + FRAME_US;
	else if (now - l->start_us < STATUS_AFTER_US)
		due = l->start_us + STATUS_AFTER_US;
	else
		due = l->drawn_us + RATE_US;
	if (now >= due) {
		draw(l, out, now);
		draw_status(l, out, now);
		due = now + RATE_US;
		if (now - l->start_us < STATUS_AFTER_US)
			due = l->start_us + STATUS_AFTER_US;
	}
	*timeout_ms = (int)((due - now + 999) / 1000);
}

void
live_end(struct live *l, struct buf *out)
{
	draw(l, out, time_mono_us());
}
