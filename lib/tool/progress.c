/* SPDX-License-Identifier: ISC */
/* Progress on standard error. */
#include "tool/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/time.h"
#include "text/width.h"
#include "tool/signal.h"

#define LINE_MAX_LEN 256

void
progress_init(struct progress *p, const struct tool *t)
{
	int64_t now = time_mono_us();

	*p = (struct progress){.name = t->name,
	    .live = t->verbose > 0 && isatty(STDERR_FILENO) == 1,
	    .start_us = now,
	    .last_us = now,
	    .next_us = now + TIME_US};
}

/* Rows per second as 1234, 12.3k, 4.56M. */
static void
rate(char *out, size_t cap, double rows, int64_t us)
{
	double v = us > 0 ? rows * (double)TIME_US / (double)us : 0;

	if (v >= 1e6)
		snprintf(out, cap, "%.2fM", v / 1e6);
	else if (v >= 1e4)
		snprintf(out, cap, "%.1fk", v / 1e3);
	else
		snprintf(out, cap, "%.0f", v);
}

static void
status(char *out, size_t cap, struct progress *p,
    const struct progress_now *now, int64_t since_us)
{
	char per_s[32], mark[TIME_TEXT_MAX + 1];
	int64_t mono = time_mono_us();
	double lag;
	size_t len;

	rate(per_s, sizeof(per_s),
	    (double)(now->rows - (since_us == p->start_us ? 0 : p->last_rows)),
	    mono - since_us);
	len = (size_t)snprintf(out, cap,
	    "%.64s: %" PRIu64 " rows, %s rows/s, batch %" PRIu64, p->name,
	    now->rows, per_s, now->batch);
	if (now->watermark == TIME_NONE || len >= cap)
		return;
	mark[time_format_rfc3339(mark, now->watermark)] = '\0';
	lag = (double)time_now_us() - (double)now->watermark;
	snprintf(out + len, cap - len, ", watermark %s, lag %.1fs", mark,
	    lag / (double)TIME_US);
}

static void
print_line(struct progress *p, const struct progress_now *now)
{
	char line[LINE_MAX_LEN];

	status(line, sizeof(line), p, now, p->start_us);
	progress_clear(p);
	fprintf(stderr, "%s\n", line);
}

/* All columns of the terminal but one: in the last one a line would break. */
static size_t
room(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == -1 || w.ws_col < 2)
		return LINE_MAX_LEN;
	return (size_t)w.ws_col - 1;
}

static void
draw(struct progress *p, const struct progress_now *now, int64_t mono)
{
	char line[LINE_MAX_LEN];
	size_t columns;
	int len;

	status(line, sizeof(line), p, now, p->last_us);
	len = (int)width_cut(&columns, line, strlen(line), room());
	fprintf(stderr, "\r%.*s\033[K", len, line);
	fflush(stderr);
	p->drawn = true;
	p->last_us = mono;
	p->last_rows = now->rows;
	p->next_us = mono + TIME_US;
}

void
progress_tick(struct progress *p, const struct progress_now *now)
{
	int64_t mono;

	if (tool_wants_status())
		print_line(p, now);
	if (!p->live)
		return;
	mono = time_mono_us();
	if (mono >= p->next_us)
		draw(p, now, mono);
}

void
progress_clear(struct progress *p)
{
	if (!p->drawn)
		return;
	fputs("\r\033[K", stderr);
	p->drawn = false;
}
