/* SPDX-License-Identifier: ISC */
/* What workers write on standard error, line by line. */
#include "fan/lines.h"

#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/quote.h"

#define LINE_MAX 4096 /* a longer one is cut in pieces */
#define MAX_HELD (64u << 10)

/* One line, without its end. */
static void
hold_line(struct lines *l, const char *p, size_t len)
{
	quote_lines(&l->held, l->name, strlen(l->name));
	buf_printf(&l->held, "[%u]: ", l->n);
	quote_lines(&l->held, p, len);
	buf_putc(&l->held, '\n');
}

/* Lines that have ended or are too long. */
static void
hold_whole(struct lines *l)
{
	const char *p = (const char *)l->line.data, *nl;
	size_t left = l->line.len, len;

	while (left > 0) {
		nl = memchr(p, '\n', left);
		if (nl == NULL && left < LINE_MAX)
			break;
		len = nl == NULL ? left : (size_t)(nl - p);
		hold_line(l, p, len);
		len += nl != NULL;
		p += len;
		left -= len;
	}
	if (left > 0)
		memmove(l->line.data, p, left);
	l->line.len = left;
}

bool
lines_read(struct lines *l, int fd)
{
	uint8_t *p = buf_reserve(&l->line, LINE_MAX);
	ssize_t got = io_read(fd, p, LINE_MAX);

	if (got > 0)
		l->line.len += (size_t)got;
	hold_whole(l);
	if (got <= 0)
		lines_end(l);
	if (l->held.len > MAX_HELD)
		lines_print(&l->held);
	return got > 0;
}

void
lines_end(struct lines *l)
{
	if (l->line.len > 0)
		hold_line(l, (const char *)l->line.data, l->line.len);
	buf_reset(&l->line);
}

/* One write a line, so that those of several processes do not mix. */
void
lines_print(struct buf *held)
{
	const char *p = (const char *)held->data, *nl;
	size_t left = held->len, len;

	for (; left > 0; p += len, left -= len) {
		nl = memchr(p, '\n', left);
		len = nl == NULL ? left : (size_t)(nl - p) + 1;
		/* Where this fails there is nowhere to say so. */
		io_write(STDERR_FILENO, p, len);
	}
	buf_reset(held);
}

void
lines_release(struct lines *l)
{
	buf_release(&l->line);
	buf_release(&l->held);
}
