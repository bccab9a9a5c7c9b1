/* SPDX-License-Identifier: ISC */
/* Drawing on a terminal (ECMA-48 sequences that all of them have). */
#include "text/screen.h"

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

bool
screen_ask(struct screen *s)
{
	struct winsize w;
	size_t columns = 80, lines = 24;
	bool changed;

	if (ioctl(s->fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 && w.ws_row > 0) {
		columns = w.ws_col;
		lines = w.ws_row;
	}
	changed = columns != s->columns || lines != s->lines;
	s->columns = columns;
	s->lines = lines;
	return changed;
}

size_t
screen_room(const struct screen *s)
{
	return s->lines > AROUND ? s->lines - AROUND : 1;
}

void
screen_init(struct screen *s, int fd, bool color)
{
	int64_t now = time_mono_us();

	*s = (struct screen){.fd = fd,
	    .color = color,
	    .start_us = now,
	    .rate_us = now,
	    .watermark = TIME_NONE};
	screen_ask(s);
}

int64_t
screen_due(const struct screen *s, bool waits, int64_t now)
{
	if (waits)
		return s->drawn_us + FRAME_US;
	if (now - s->start_us < STATUS_AFTER_US)
		return s->start_us + STATUS_AFTER_US;
	return s->drawn_us + RATE_US;
}

int
screen_wait(int64_t due, int64_t now)
{
	return due > now ? (int)((due - now + 999) / 1000) : 0;
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
put_status(struct screen *s, struct buf *out, int64_t now)
{
	char rows[40], rate[40], text[200];
	int len;
	size_t columns;

	if (now - s->rate_us >= RATE_US) {
		s->rate = (double)(s->n_rows - s->rate_rows) * (double)TIME_US
			  / (double)(now - s->rate_us);
		s->rate_rows = s->n_rows;
		s->rate_us = now;
	}
	grouped(rows, sizeof(rows), s->n_rows);
	grouped(rate, sizeof(rate), (uint64_t)(s->rate + 0.5));
	len = snprintf(text, sizeof(text), "%s rows", rows);
	if (s->watermark != TIME_NONE) {
		len += snprintf(text + len, 20, "  watermark ");
		len += (int)time_format_rfc3339(text + len, s->watermark);
	}
	len += snprintf(text + len, 60, "  %s rows/s", rate);
	buf_puts(out, s->color ? "\n\033[2m" : "\n");
	buf_put(
	    out, text, width_cut(&columns, text, (size_t)len, s->columns - 1));
	buf_puts(out, s->color ? "\033[22m\r\033[A" : "\r\033[A");
}

void
screen_status(struct screen *s, struct buf *out, int64_t now)
{
	if (now - s->start_us < STATUS_AFTER_US)
		return;
	put_status(s, out, now);
	s->status_shown = true;
}

void
screen_unstatus(struct screen *s, struct buf *out)
{
	if (s->begun && s->status_shown)
		buf_puts(out, "\r\033[J");
	s->status_shown = false;
}

/*
 * In place of what stands there each line erases the rest of its own.  To
 * erase all at once would not do: some terminals then keep a copy in their
 * history.
 */
void
screen_in_place(struct buf *out)
{
	out->len--;
	buf_puts(out, "\033[K\n");
}

void
screen_picture(struct screen *s, struct buf *out, const struct buf *text)
{
	const char *p = (const char *)text->data;
	size_t n = 0;

	if (s->n_picture > 0)
		buf_printf(out, "\033[%zuA", s->n_picture);
	for (size_t at = 0; at < text->len; n++) {
		const char *nl = memchr(p + at, '\n', text->len - at);
		size_t len = (size_t)(nl - (p + at)) + 1;

		buf_put(out, p + at, len);
		if (s->n_picture > 0)
			screen_in_place(out);
		at += len;
	}
	if (s->n_picture > 0)
		buf_puts(out, "\033[J");
	s->n_picture = n;
	s->begun = true;
}
