/* SPDX-License-Identifier: ISC */
/* Late rows: swindow --late-to and --max-late. */
#include "event/late.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/time.h"
#include "tool/signal.h"
#include "wire/writer.h"

/* In a state, of a file; 1 in those of before, which have its length alone. */
#define SAYS_END 2

void
late_init(struct late *l)
{
	*l = (struct late){.max = -1, .max_share = 2, .fd = -1};
	batch_init(&l->rows);
}

void
late_release(struct late *l)
{
	sink_free(l->sink);
	stream_writer_free(l->writer);
	if (l->fd != -1)
		close(l->fd);
	batch_release(&l->rows);
}

static int
failed(const struct late *l, struct stage *st)
{
	return stage_fail(st, TOOL_IO, "%s: %s", l->to, strerror(errno));
}

static int
write_head(struct late *l, struct stage *st)
{
	struct head head;
	int rc;

	head_copy(&head, &st->in);
	head_forget_checkpoint(&head);
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
open_sink(struct late *l, struct stage *st)
{
	char *why = NULL;

	l->sink = sink_open(l->to, tool_remove, &why);
	if (l->sink == NULL) {
		stage_fail(st, TOOL_IO, "%s", why);
		free(why);
		return -1;
	}
	l->writer = stream_writer_new(sink_fd(l->sink), STREAM_PCRC);
	return write_head(l, st);
}

/* Cut the file to what the last start knew of it, or to nothing. */
static int
cut_file(struct late *l, struct stage *st)
{
	struct stat s;
	char *why = NULL;
	int status;

	if (fstat(l->fd, &s) == -1)
		return failed(l, st);
	if (!S_ISREG(s.st_mode))
		return stage_fail(st, TOOL_USAGE,
		    "--late-to: sbatch -S: %s is no file, which could be cut",
		    l->to);
	/* It was taken away: another one begins. */
	if (s.st_size == 0) {
		l->end = (struct side_end){.len = 0};
		l->resumes = false;
	}
	status = side_cut(&l->end, &why, l->to, l->fd);
	if (status != 0) {
		stage_fail(st, status, "--late-to: %s", why);
		free(why);
		return -1;
	}
	return lseek(l->fd, 0, SEEK_END) == -1 ? failed(l, st) : 0;
}

static int
claim(struct late *l, struct stage *st)
{
	char *why;
	int status = side_claim(&why, l->to, l->fd, false);

	if (status == 0)
		return 0;
	stage_fail(st, status, "--late-to: %s", why);
	free(why);
	return -1;
}

/* Behind sbatch -S: the first write of this start is near. */
static int
open_file(struct late *l, struct stage *st)
{
	if (l->writer != NULL)
		return 0;
	l->fd = open(l->to, O_RDWR | O_CREAT | O_NOCTTY | O_CLOEXEC, 0666);
	if (l->fd == -1 || io_sync_directory(l->to) == -1)
		return failed(l, st);
	if (claim(l, st) == -1 || cut_file(l, st) == -1)
		return -1;
	l->writer = stream_writer_new(l->fd, STREAM_PCRC);
	if (!l->resumes)
		return write_head(l, st);
	stream_writer_continue(l->writer, &l->place);
	return 0;
}

int
late_open(struct late *l, struct stage *st)
{
	if (l->to == NULL)
		return 0;
	/* A stream that is packed could not be read while it grows. */
	if (strlen(l->to) > 3 && strcmp(l->to + strlen(l->to) - 3, ".gz") == 0)
		return stage_fail(st, TOOL_USAGE,
		    "--late-to: a stream is not compressed; write FILE.mill");
	return st->in.path[0] == '\0' || st->tool->schema_only
		   ? open_sink(l, st)
		   : 0;
}

/* There is something to write. */
static int
begin(struct late *l, struct stage *st)
{
	if (l->writer != NULL)
		return 0;
	return st->resume.active ? open_file(l, st) : open_sink(l, st);
}

static int
save(struct late *l, struct stage *st, const struct batch *b,
    const struct stamped *s)
{
	struct frame_header h = {.watermark = TIME_NONE};

	if (l->to == NULL || s->n_late == 0)
		return 0;
	if (begin(l, st) == -1)
		return -1;
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

/* End the saved stream as a source would. */
static int
end_stream(struct late *l, struct stage *st, enum end_reason reason)
{
	struct frame_header h = {.watermark = TIME_NONE, .flags = FRAME_LAST};
	struct mark m = {.what = MARK_EOF, .name = ""};
	struct end e = {.reason = reason};

	batch_reset(&l->rows, 0);
	if (stream_write_mark(l->writer, &h, &m) == -1
	    || stream_write_rows(l->writer, &h, &l->rows) == -1
	    || stream_write_end(l->writer, &h, &e) == -1)
		return failed(l, st);
	return 0;
}

int
late_end(struct late *l, struct stage *st, enum end_reason reason)
{
	if (check_share(l, st) == -1)
		return -1;
	if (l->to == NULL || st->resume.active)
		return 0;
	if (begin(l, st) == -1 || end_stream(l, st, reason) == -1)
		return -1;
	if (sink_publish(l->sink) == -1)
		return stage_fail(st, TOOL_IO, "%s", sink_error(l->sink));
	return 0;
}

/* The end of the stream is no part of what the next start goes on behind. */
static int
settle(struct late *l, struct stage *st)
{
	off_t len;

	if (open_file(l, st) == -1)
		return -1;
	len = lseek(l->fd, 0, SEEK_CUR);
	if (len == -1)
		return failed(l, st);
	if (side_measure(&l->end, l->fd, (uint64_t)len) == -1)
		return failed(l, st);
	stream_writer_place(l->writer, &l->place);
	if (st->resume.finished && end_stream(l, st, END_EOF) == -1)
		return -1;
	return fsync(l->fd) == -1 ? failed(l, st) : 0;
}

void
late_save(struct late *l, struct stage *st, struct buf *out)
{
	buf_put_int(out, l->to != NULL ? SAYS_END : 0, 1);
	if (l->to == NULL || settle(l, st) == -1)
		return;
	side_put(out, &l->end);
	buf_put_int(out, l->place.seq, 8);
	buf_put_int(out, l->place.n_rows, 8);
	buf_put_int(out, l->place.n_frames, 8);
}

int
late_load(struct late *l, struct cur *in)
{
	uint64_t says = cur_get_int(in, 1);

	if (says == 0)
		return 0;
	l->resumes = true;
	if (says == SAYS_END)
		side_get(&l->end, in);
	else
		l->end.len = cur_get_int(in, 8);
	l->place.seq = cur_get_int(in, 8);
	l->place.n_rows = cur_get_int(in, 8);
	l->place.n_frames = cur_get_int(in, 8);
	return l->end.len > INT64_MAX ? -1 : 0;
}
