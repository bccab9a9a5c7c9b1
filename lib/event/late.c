/* SPDX-License-Identifier: ISC */
/* Late rows: swindow --late-to and --max-late. */
#include "event/late.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

void
late_init(struct late *l)
{
	*l = (struct late){.max = -1, .max_share = 2};
	batch_init(&l->rows);
}

void
late_release(struct late *l)
{
	sink_free(l->sink);
	stream_writer_free(l->writer);
	batch_release(&l->rows);
}

static int
failed(const struct late *l, struct stage *st)
{
	return stage_fail(st, TOOL_IO, "%s: %s", l->to, strerror(errno));
}

int
late_open(struct late *l, struct stage *st)
{
	struct head head;
	char *why = NULL;
	int rc;

	if (l->to == NULL)
		return 0;
	l->sink = sink_open(l->to, tool_remove, &why);
	if (l->sink == NULL) {
		stage_fail(st, TOOL_IO, "%s", why);
		free(why);
		return -1;
	}
	if (sink_fd(l->sink) == -1)
		return stage_fail(st, TOOL_USAGE,
		    "--late-to: a stream is not compressed; write FILE.mill");
	l->writer = stream_writer_new(sink_fd(l->sink), STREAM_PCRC);
	head_copy(&head, &st->in);
	/* All of them are one batch, and no watermark goes with them. */
	head.many = false;
	head.windowed = false;
	head_add_stage(&head, CLASS_STATEFUL, st->tool->program, st->tool->name,
	    "--late-to");
	rc = stream_write_head(l->writer, &head);
	head_release(&head);
	return rc == -1 ? failed(l, st) : 0;
}

static int
save(struct late *l, struct stage *st, const struct batch *b,
    const struct stamped *s)
{
	struct frame_header h = {.watermark = TIME_NONE};

	if (l->writer == NULL || s->n_late == 0)
		return 0;
	h.part = st->now.part;
	h.batch_us = st->now.batch_us;
	h.arrival_us = st->now.arrival_us;
	batch_gather(&l->rows, b, s->late, s->n_late);
	/* What swindow has added is not theirs. */
	l->rows.n_cols = st->in.schema.n;
	return stream_write_rows(l->writer, &h, &l->rows) == -1 ? failed(l, st)
								: 0;
}

static int
check_share(const struct late *l, struct stage *st)
{
	if ((double)st->acct.late <= l->max_share * (double)st->acct.in)
		return 0;
	return stage_fail(st, TOOL_DATA,
	    "%ju of %ju rows late, more than --max-late %g%%",
	    (uintmax_t)st->acct.late, (uintmax_t)st->acct.in,
	    l->max_share * 100);
}

int
late_rows(struct late *l, struct stage *st, const struct batch *b,
    const struct stamped *s, bool last)
{
	if (save(l, st, b, s) == -1)
		return -1;
	if (l->max >= 0 && st->acct.late > (uint64_t)l->max)
		return stage_fail(st, TOOL_DATA,
		    "%ju rows late, more than --max-late %jd",
		    (uintmax_t)st->acct.late, (intmax_t)l->max);
	return last && st->in.many ? check_share(l, st) : 0;
}

/* End the saved stream as a source would and publish it. */
static int
publish(struct late *l, struct stage *st, enum end_reason reason)
{
	struct frame_header h = {.watermark = TIME_NONE, .flags = FRAME_LAST};
	struct mark m = {.what = MARK_EOF, .name = ""};
	struct end e = {.reason = reason};

	batch_reset(&l->rows, 0);
	if (stream_write_mark(l->writer, &h, &m) == -1
	    || stream_write_rows(l->writer, &h, &l->rows) == -1
	    || stream_write_end(l->writer, &h, &e) == -1)
		return failed(l, st);
	if (sink_publish(l->sink) == -1)
		return stage_fail(st, TOOL_IO, "%s", sink_error(l->sink));
	return 0;
}

int
late_end(struct late *l, struct stage *st, enum end_reason reason)
{
	if (check_share(l, st) == -1)
		return -1;
	return l->writer == NULL ? 0 : publish(l, st, reason);
}
