/* SPDX-License-Identifier: ISC */
/* How a filter fails.  millrace-frame(5), section 10. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tool/stage_int.h"
#include "wire/writer.h"

int
stage_fail(struct stage *st, int status, const char *fmt, ...)
{
	va_list ap;

	if (st->failed)
		return -1;
	va_start(ap, fmt);
	if (vasprintf(&st->why, fmt, ap) == -1)
		st->why = mem_strdup(fmt);
	va_end(ap);
	st->failed = true;
	st->status = status;
	return -1;
}

int
stage_deserted(struct stage *st)
{
	st->deserted = !st->failed;
	return stage_fail(st, TOOL_IO, "standard output: %s", strerror(EPIPE));
}

int
stage_output_failed(struct stage *st)
{
	if (errno == EPIPE)
		return stage_deserted(st);
	return stage_fail(st, TOOL_IO, "standard output: %s", strerror(errno));
}

int
stage_forward(struct stage *st, const struct fail *f)
{
	stage_fail(st, f->status, "%.*s", (int)f->text_len, f->text);
	st->forwarded = true;
	if (st->writer != NULL && stream_write_fail(st->writer, f) == -1)
		return -1;
	return -1;
}

int
stage_input_failed(struct stage *st)
{
	const char *why = stream_reader_error(st->reader);
	const char *name = "stdin";
	int status = stream_reader_status(st->reader);

	if (st->pair == NULL && stream_reader_deserted(st->reader))
		return stage_deserted(st);
	if (st->pair != NULL && pair_fail(st->pair) != NULL)
		return stage_forward(st, pair_fail(st->pair));
	if (st->pair != NULL && pair_error(st->pair) != NULL)
		return stage_fail(st, TOOL_IO, "%s", pair_error(st->pair));
	if (st->pair != NULL)
		name = pair_name(st->pair, st->side);
	/* That one begins with the words itself. */
	if (status == TOOL_DATA)
		return stage_fail(st, status, "%s", why);
	return stage_fail(st, status, "%s: %s", name, why);
}

/* Tell the next stage of our failure, and the user. */
void
stage_report(struct stage *st)
{
	struct fail f = {.status = st->status,
	    .stage = st->tool->name,
	    .stage_len = strnlen(st->tool->name, NOTE_MAX_TEXT),
	    .text = st->why,
	    .text_len = strnlen(st->why, NOTE_MAX_TEXT)};

	progress_clear(&st->progress);
	if (st->forwarded)
		return;
	/* The stage that has gone says why, as where SIGPIPE ends us. */
	if (st->deserted && !st->sink && st->tool->verbose <= 0)
		return;
	tool_warn("%s", st->why);
	/* When the output is what failed, this fails too: nothing to add. */
	if (st->writer != NULL && !st->tool->schema_only)
		stream_write_fail(st->writer, &f);
}
