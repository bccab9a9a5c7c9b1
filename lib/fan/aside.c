/* SPDX-License-Identifier: ISC */
/* Frames that no worker can answer. */
#include "fan/aside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "tool/signal.h"
#include "wire/writer.h"

static int
failed(struct stage *st)
{
	return stage_fail(
	    st, TOOL_IO, "--quarantine: the file: %s", strerror(errno));
}

int
aside_open(struct aside *a, struct stage *st, const char *path)
{
	struct head head;
	char *why = NULL;
	int rc;

	if (path == NULL)
		return 0;
	a->sink = sink_open(path, tool_remove, &why);
	if (a->sink == NULL) {
		stage_fail(st, TOOL_IO, "%s", why);
		free(why);
		return -1;
	}
	if (sink_fd(a->sink) == -1)
		return stage_fail(st, TOOL_USAGE,
		    "--quarantine: a stream is not compressed; write "
		    "FILE.mill");
	a->writer = stream_writer_new(sink_fd(a->sink), STREAM_PCRC);
	head_copy(&head, &st->in);
	head_forget_checkpoint(&head);
	/* All of them are one batch, and no watermark goes with them. */
	head.many = false;
	head.windowed = false;
	head_add_stage(&head, CLASS_FRAME, st->tool->program, st->tool->name,
	    "--quarantine");
	rc = stream_write_head(a->writer, &head);
	head_release(&head);
	return rc == -1 ? failed(st) : 0;
}

int
aside_job(struct aside *a, struct stage *st, struct job *j)
{
	struct frame_header h = {.watermark = TIME_NONE,
	    .part = j->h.part,
	    .rows = j->h.rows,
	    .batch_us = j->h.batch_us,
	    .arrival_us = j->h.arrival_us};

	if (stream_write_payload(a->writer, &h, j->data.p, j->len) == -1)
		return failed(st);
	a->n_frames++;
	a->n_rows += j->h.rows;
	j->set_aside = j->h.rows;
	j->h.invalid += j->h.rows;
	j->h.rows = 0;
	j->h.raw_len = 0;
	j->len = 0;
	return 0;
}

int
aside_end(struct aside *a, struct stage *st, enum end_reason reason)
{
	struct frame_header h = {.watermark = TIME_NONE, .flags = FRAME_LAST};
	struct mark m = {.what = MARK_EOF, .name = ""};
	struct end e = {.reason = reason};

	/* What is there may be of an earlier run: the only copy of its rows. */
	if (a->n_frames == 0)
		return 0;
	if (stream_write_mark(a->writer, &h, &m) == -1
	    || stream_write_payload(a->writer, &h, NULL, 0) == -1
	    || stream_write_end(a->writer, &h, &e) == -1)
		return failed(st);
	if (sink_publish(a->sink) == -1)
		return stage_fail(st, TOOL_IO, "%s", sink_error(a->sink));
	if (st->tool->verbose >= 0)
		tool_warn("%ju frame%s of %ju rows set aside, which no worker "
			  "could answer",
		    (uintmax_t)a->n_frames, a->n_frames == 1 ? "" : "s",
		    (uintmax_t)a->n_rows);
	return 0;
}

void
aside_release(struct aside *a)
{
	sink_free(a->sink);
	stream_writer_free(a->writer);
}
