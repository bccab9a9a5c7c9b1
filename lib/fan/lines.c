/* SPDX-License-Identifier: ISC */
/* What workers write on standard error, line by line. */
#include "fan/lines.h"

#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/quote.h"

#define LINE_MAX 4096 /* a longer one is cut in pieces */

/* One line, without its end. */
static void
print_line(const char *name, unsigned n, const char *p, size_t len)
{
	struct buf out = {.max = 0};

	quote_lines(&out, name, strlen(name));
	buf_printf(&out, "[%u]: ", n);
	quote_lines(&out, p, len);
	buf_putc(&out, '\n');
	io_write(STDERR_FILENO, out.data, out.len);
	buf_release(&out);
}

/* Lines that have ended or are too long. */
static void
print_whole(struct buf *line, const char *name, unsigned n)
{
	const char *p = (const char *)line->data, *nl;
	size_t left = line->len, len;

	while (left > 0) {
		nl = memchr(p, '\n', left);
		if (nl == NULL && left < LINE_MAX)
			break;
		len = nl == NULL ? left : (size_t)(nl - p);
		print_line(name, n, p, len);
		len += nl != NULL;
		p += len;
		left -= len;
	}
	if (left > 0)
		memmove(line->data, p, left);
	line->len = left;
}

bool
lines_read(struct buf *line, int fd, const char *name, unsigned n)
{
	uint8_t *p = buf_reserve(line, LINE_MAX);
	ssize_t got = io_read(fd, p, LINE_MAX);

	if (got > 0)
		line->len += (size_t)got;
	print_whole(line, name, n);
	if (got <= 0)
		lines_end(line, name, n);
	return got > 0;
}

void
lines_end(struct buf *line, const char *name, unsigned n)
{
	if (line->len > 0)
		print_line(name, n, (const char *)line->data, line->len);
	buf_reset(line);
}
