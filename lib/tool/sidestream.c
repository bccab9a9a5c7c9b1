/* SPDX-License-Identifier: ISC */
/* A saved stream beside the output.  swindow(1), RELIABILITY. */
#include "tool/sidestream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/time.h"
#include "io/begun.h"
#include "io/gzout.h"
#include "tool/signal.h"

/* In a state, of a file; 1 in those of before, which have its length alone. */
#define SAYS_END 2

void
sidestream_init(struct sidestream *s, const char *opt, enum stage_class cls)
{
	*s = (struct sidestream){.opt = opt, .cls = cls, .fd = -1};
}

void
sidestream_release(struct sidestream *s)
{
	sink_free(s->sink);
	stream_writer_free(s->writer);
	if (s->fd != -1)
		close(s->fd);
}

static int
failed(const struct sidestream *s, struct stage *st)
{
	return stage_fail(st, TOOL_IO, "%s: %s", s->path, strerror(errno));
}

/* The answer of a call of side.h. */
static int
checked(const struct sidestream *s, struct stage *st, int status, char *why)
{
	if (status == 0)
		return 0;
	stage_fail(st, status, "%s: %s", s->opt, why);
	free(why);
	return -1;
}

static int
write_head(struct sidestream *s, struct stage *st)
{
	struct head head;
	int rc;

	head_copy(&head, &st->in);
	head_forget_checkpoint(&head);
	/* All of them are one batch, and no watermark goes with them. */
	head.many = false;
	head.windowed = false;
	head_add_stage(
	    &head, s->cls, st->tool->program, st->tool->name, s->opt);
	rc = stream_write_head(s->writer, &head);
	head_release(&head);
	return rc == -1 ? failed(s, st) : 0;
}

static int
open_sink(struct sidestream *s, struct stage *st)
{
	char *why = NULL;

	s->sink = sink_open(s->path, tool_remove, &why);
	if (s->sink == NULL) {
		stage_fail(st, TOOL_IO, "%s", why);
		free(why);
		return -1;
	}
	s->writer = stream_writer_new(sink_fd(s->sink), STREAM_PCRC);
	return write_head(s, st);
}

/* Or what is left of one that a kill has cut. */
static bool
is_stream(const struct sidestream *s)
{
	char p[sizeof(FRAME_MAGIC) - 1];
	ssize_t n = io_pread_full(s->fd, p, sizeof(p), 0);

	return n > 0 && memcmp(p, FRAME_MAGIC, (size_t)n) == 0;
}

/*
 * Whether the file is one that this pipeline has begun, and of which the state
 * that it goes on from knows nothing: 1, 0, or -1.
 */
static int
is_uncommitted(struct sidestream *s, struct stage *st)
{
	bool begun;
	char *why = NULL;
	int status = begun_is(&begun, &why, &st->resume.dir, s->fd, &s->end);

	if (checked(s, st, status, why) == -1)
		return -1;
	return begun && is_stream(s);
}

/* It is empty now, whatever the last start knew of one. */
static int
begin_anew(struct sidestream *s, struct stage *st)
{
	char *why = NULL;
	int status;

	s->end = (struct side_end){.len = 0};
	s->resumes = false;
	if (ftruncate(s->fd, 0) == -1)
		return failed(s, st);
	status = begun_save(&st->resume.dir, &why, s->fd, st->resume.epoch);
	return checked(s, st, status, why);
}

/* Cut the file to what the last start knew of it, or to nothing. */
static int
cut_file(struct sidestream *s, struct stage *st)
{
	struct stat is;
	char *why = NULL;
	int status, uncommitted;

	if (fstat(s->fd, &is) == -1)
		return failed(s, st);
	if (!S_ISREG(is.st_mode))
		return stage_fail(st, TOOL_USAGE,
		    "%s: sbatch -S: %s is no file, which could be cut", s->opt,
		    s->path);
	uncommitted = is.st_size == 0 ? 1 : is_uncommitted(s, st);
	if (uncommitted != 0)
		return uncommitted == -1 ? -1 : begin_anew(s, st);
	if (!s->resumes)
		return stage_fail(st, TOOL_DATA,
		    "%s: %s is there already, and is not of this pipeline; "
		    "move it away, or name another file",
		    s->opt, s->path);
	status = side_cut(&s->end, &why, s->path, s->fd);
	if (checked(s, st, status, why) == -1)
		return -1;
	return lseek(s->fd, 0, SEEK_END) == -1 ? failed(s, st) : 0;
}

static int
claim(struct sidestream *s, struct stage *st)
{
	char *why = NULL;
	int status = side_claim(&why, s->path, s->fd, false);

	return checked(s, st, status, why);
}

/* With O_CREAT it is made where there is none. */
static int
take_file(struct sidestream *s, struct stage *st, int create)
{
	if (s->fd != -1)
		return 0;
	s->fd = open(s->path, O_RDWR | create | O_NOCTTY | O_CLOEXEC, 0666);
	if (s->fd == -1)
		return create == 0 && errno == ENOENT ? 0 : failed(s, st);
	return claim(s, st) == -1 ? -1 : cut_file(s, st);
}

/* Behind sbatch -S. */
static int
open_file(struct sidestream *s, struct stage *st)
{
	if (take_file(s, st, O_CREAT) == -1)
		return -1;
	if (io_sync_directory(s->path) == -1)
		return failed(s, st);
	s->writer = stream_writer_new(s->fd, STREAM_PCRC);
	if (!s->resumes)
		return write_head(s, st);
	stream_writer_continue(s->writer, &s->place);
	return 0;
}

/* Look whether the file can be taken, and goes on; make none. */
static int
look(struct sidestream *s, struct stage *st)
{
	if (take_file(s, st, 0) == -1)
		return -1;
	if (s->fd == -1)
		s->resumes = false;
	return 0;
}

/* There is something to write. */
static int
ready(struct sidestream *s, struct stage *st)
{
	if (s->writer != NULL)
		return 0;
	return st->resume.active ? open_file(s, st) : open_sink(s, st);
}

int
sidestream_begin(struct sidestream *s, struct stage *st)
{
	if (s->path == NULL)
		return 0;
	/* A stream that is packed could not be read while it grows. */
	if (gzout_is_name(s->path))
		return stage_fail(st, TOOL_USAGE,
		    "%s: a stream is not compressed; write FILE.mill", s->opt);
	/* What an earlier start has ended stays so until there is more. */
	if (s->resumes)
		return 0;
	return st->resume.active && s->if_any ? look(s, st) : ready(s, st);
}

static struct frame_header
header_of(const struct frame_header *of)
{
	return (struct frame_header){.watermark = TIME_NONE,
	    .part = of->part,
	    .rows = of->rows,
	    .batch_us = of->batch_us,
	    .arrival_us = of->arrival_us};
}

int
sidestream_rows(struct sidestream *s, struct stage *st,
    const struct frame_header *of, const struct batch *b)
{
	struct frame_header h = header_of(of);

	if (s->path == NULL)
		return 0;
	if (ready(s, st) == -1)
		return -1;
	return stream_write_rows(s->writer, &h, b) == -1 ? failed(s, st) : 0;
}

int
sidestream_payload(struct sidestream *s, struct stage *st,
    const struct frame_header *of, const void *p, size_t len)
{
	struct frame_header h = header_of(of);

	if (s->path == NULL)
		return 0;
	if (ready(s, st) == -1)
		return -1;
	return stream_write_payload(s->writer, &h, p, len) == -1 ? failed(s, st)
								 : 0;
}

/* As a source would. */
static int
end_stream(struct sidestream *s, struct stage *st, enum end_reason reason)
{
	struct frame_header h = {.watermark = TIME_NONE, .flags = FRAME_LAST};
	struct mark m = {.what = MARK_EOF, .name = ""};
	struct end e = {.reason = reason};

	if (stream_write_mark(s->writer, &h, &m) == -1
	    || stream_write_payload(s->writer, &h, NULL, 0) == -1
	    || stream_write_end(s->writer, &h, &e) == -1)
		return failed(s, st);
	return 0;
}

int
sidestream_end(struct sidestream *s, struct stage *st, enum end_reason reason)
{
	/* Behind sbatch -S the last state has ended it. */
	if (s->path == NULL || st->resume.active)
		return 0;
	if (end_stream(s, st, reason) == -1)
		return -1;
	if (sink_publish(s->sink) == -1)
		return stage_fail(st, TOOL_IO, "%s", sink_error(s->sink));
	return 0;
}

/* The end of the stream is no part of what the next start goes on behind. */
static int
settle(struct sidestream *s, struct stage *st)
{
	off_t len;

	if (ready(s, st) == -1)
		return -1;
	len = lseek(s->fd, 0, SEEK_CUR);
	if (len == -1 || side_measure(&s->end, s->fd, (uint64_t)len) == -1)
		return failed(s, st);
	stream_writer_place(s->writer, &s->place);
	if (st->resume.finished && end_stream(s, st, END_EOF) == -1)
		return -1;
	return fsync(s->fd) == -1 ? failed(s, st) : 0;
}

/* Whether there is a stream, or is to be one: 1, 0, or -1. */
static int
is_there(struct sidestream *s, struct stage *st)
{
	if (s->path == NULL)
		return 0;
	if (s->writer != NULL || !s->if_any)
		return 1;
	return look(s, st) == -1 ? -1 : s->resumes;
}

void
sidestream_save(struct sidestream *s, struct stage *st, struct buf *out)
{
	int is = is_there(s, st);

	buf_put_int(out, is == 1 ? SAYS_END : 0, 1);
	if (is != 1 || settle(s, st) == -1)
		return;
	side_put(out, &s->end);
	buf_put_int(out, s->place.seq, 8);
	buf_put_int(out, s->place.n_rows, 8);
	buf_put_int(out, s->place.n_frames, 8);
}

int
sidestream_load(struct sidestream *s, struct cur *in)
{
	uint64_t says = cur_get_int(in, 1);

	if (says == 0)
		return 0;
	s->resumes = true;
	if (says == SAYS_END)
		side_get(&s->end, in);
	else
		s->end.len = cur_get_int(in, 8);
	s->place.seq = cur_get_int(in, 8);
	s->place.n_rows = cur_get_int(in, 8);
	s->place.n_frames = cur_get_int(in, 8);
	return s->end.len > INT64_MAX ? -1 : 0;
}
