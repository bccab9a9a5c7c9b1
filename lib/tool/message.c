/* SPDX-License-Identifier: ISC */
/* Messages to the user, and to the next stage. */
#include <err.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/quote.h"
#include "tool/tool.h"
#include "wire/writer.h"

#define NAME_LEN 32 /* of the stage in the last words */

/* Messages must work before and without a struct tool. */
static const char *message_name = "millrace";
static bool stdout_is_stream;

void
tool_message_name(const char *name)
{
	message_name = name;
}

void
tool_stdout(bool is_stream)
{
	stdout_is_stream = is_stream;
}

/* Whether a stage reads stdout and waits for a stream. */
static bool
is_heard(void)
{
	return stdout_is_stream && io_flows(STDOUT_FILENO);
}

static void
send_fail(int status, const char *text)
{
	struct stream_writer *w;
	struct fail f = {.status = status,
	    .stage = message_name,
	    .stage_len = strlen(message_name),
	    .text = text,
	    .text_len = strnlen(text, NOTE_MAX_TEXT)};

	if (!is_heard())
		return;
	/* A reader that has gone must not change the exit status. */
	signal(SIGPIPE, SIG_IGN);
	w = stream_writer_new(STDOUT_FILENO, 0);
	stream_write_fail(w, &f);
	stream_writer_free(w);
}

/*
 * One write a message, so that those of several stages do not mix.  Names of
 * columns and stages come from the input, so that no part is trusted.
 */
static void
tell(const char *text)
{
	struct buf line = {.max = 0};

	quote_lines(&line, message_name, strlen(message_name));
	buf_puts(&line, ": ");
	quote_lines(&line, text, strlen(text));
	buf_putc(&line, '\n');
	fflush(stderr);
	io_write(STDERR_FILENO, line.data, line.len);
	buf_release(&line);
}

void
tool_last_words(void)
{
	static const char text[] = "out of memory";
	uint8_t frame[FRAME_HEADER_LEN + NAME_LEN + sizeof(text) + 9];
	size_t name_len = strnlen(message_name, NAME_LEN);
	size_t at = FRAME_HEADER_LEN;
	struct frame_header h = {.kind = FRAME_FAIL, .watermark = INT64_MIN};

	warnx("%s", text);
	if (!is_heard())
		return;
	frame[at++] = TOOL_MEMORY;
	le_put(frame + at, name_len, 4);
	memcpy(frame + at + 4, message_name, name_len);
	at += 4 + name_len;
	le_put(frame + at, sizeof(text) - 1, 4);
	memcpy(frame + at + 4, text, sizeof(text) - 1);
	at += 4 + sizeof(text) - 1;
	h.stored_len = h.raw_len = (uint32_t)(at - FRAME_HEADER_LEN);
	frame_format(frame, &h);
	signal(SIGPIPE, SIG_IGN);
	io_write(STDOUT_FILENO, frame, at);
}

/* Tell, and return the text, to be freed. */
__attribute__((format(printf, 1, 0))) static char *
vtell(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) == -1)
		errx(TOOL_MEMORY, "out of memory");
	tell(text);
	return text;
}

void
tool_die(enum tool_status status, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = vtell(fmt, ap);
	va_end(ap);
	send_fail((int)status, text);
	free(text);
	exit((int)status);
}

void
tool_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(vtell(fmt, ap));
	va_end(ap);
}

void
tool_notes(struct buf *b)
{
	const char *p = (const char *)b->data, *end;

	for (; b->len > 0 && (end = memchr(p, '\n', b->len)) != NULL;
	     p = end + 1) {
		tool_warn("%.*s", (int)(end - p), p);
		b->len -= (size_t)(end + 1 - p);
	}
	buf_reset(b);
}

int
tool_print_schema(const struct schema *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];

		if (!f->system)
			printf("%s\t%s%s%s\n", f->name, type_name(f->type),
			    f->untyped ? "\tuntyped" : "",
			    (int)i == s->time_col ? "\tevent time" : "");
	}
	return fflush(stdout) == EOF ? -1 : 0;
}
