/* SPDX-License-Identifier: ISC */
/* The rows of an epoch as a stream.  millrace-checkpoint(5), SINKS. */
#include "sql/dbspool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "ckpt/entries.h"
#include "wire/writer.h"

#define SUFFIX ".rows"

static char *
file_name(const struct checkpoint *c, uint64_t epoch, uint64_t generation)
{
	return mem_printf("%s.%ju.%ju" SUFFIX, c->stage, (uintmax_t)epoch,
	    (uintmax_t)generation);
}

static int
failed(const struct checkpoint *c, char **why, const char *name)
{
	checkpoint_failed(c, why, name);
	return -1;
}

static bool
is_ours(const struct checkpoint *c, const char *name)
{
	size_t len = strlen(name), stage_len = strlen(c->stage);

	return len > stage_len + strlen(SUFFIX)
	       && strncmp(name, c->stage, stage_len) == 0
	       && name[stage_len] == '.'
	       && strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int
sweep(void *arg, const char *name)
{
	const struct checkpoint *c = ((const struct dbspool *)arg)->c;

	if (is_ours(c, name) && unlinkat(c->fd, name, 0) == -1
	    && errno != ENOENT)
		return -1;
	return 0;
}

int
dbspool_begin(struct dbspool *s, char **why, const struct checkpoint *c,
    const struct head *h)
{
	*s = (struct dbspool){
	    .c = c, .head = h, .epoch = c->last.epoch + 1, .fd = -1};
	return entries_each(c, why, sweep, s) == 0 ? 0 : -1;
}

/* The first row of the epoch has come. */
static int
begin(struct dbspool *s, char **why, const struct frame *f)
{
	char *name = file_name(s->c, s->epoch, s->c->generation);

	s->fd = openat(s->c->fd, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->fd != -1) {
		s->writer = stream_writer_new(s->fd, STREAM_PCRC);
		s->first_batch = f->h.batch;
	}
	if (s->fd == -1 || stream_write_head(s->writer, s->head) == -1)
		failed(s->c, why, name);
	free(name);
	return *why == NULL ? 0 : -1;
}

int
dbspool_frame(
    struct dbspool *s, char **why, const struct frame *f, const struct batch *b)
{
	struct frame_header h = f->h;
	bool complete = s->head->mode == MODE_COMPLETE;
	bool closes = complete && mode_closes(&s->batches, f);
	char *name;
	int rc;

	*why = NULL;
	/* An empty result is one, what the end of the data leaves is none. */
	if (b == NULL || (b->n_rows == 0 && complete && !closes))
		return 0;
	if (s->fd == -1 && b->n_rows == 0 && !complete)
		return 0;
	if (s->fd == -1 && begin(s, why, f) == -1)
		return -1;
	h.flags &= FRAME_LAST;
	h.batch -= s->first_batch;
	rc = stream_write_rows(s->writer, &h, b);
	if (rc == -1) {
		name = file_name(s->c, s->epoch, s->c->generation);
		failed(s->c, why, name);
		free(name);
	}
	return rc;
}

int
dbspool_end(struct dbspool *s, char **why, bool *has)
{
	struct frame_header h = {.watermark = INT64_MAX};
	struct end e = {.reason = END_STOP};
	char *name = file_name(s->c, s->epoch, s->c->generation);
	int rc = 0;

	*has = s->fd != -1;
	if (*has) {
		rc = stream_write_end(s->writer, &h, &e);
		if (rc == 0)
			rc = fsync(s->fd);
		if (rc == -1)
			failed(s->c, why, name);
		if (close(s->fd) == -1 && rc == 0)
			rc = failed(s->c, why, name);
		s->fd = -1;
		stream_writer_free(s->writer);
		s->writer = NULL;
	}
	free(name);
	s->epoch++;
	return rc;
}

static int
read_frames(struct stream_reader *r, dbspool_fn fn, void *arg, bool *theirs)
{
	struct head h;
	struct frame f;
	struct batch b;
	int rc;

	batch_init(&b);
	rc = stream_read_head(r, &h);
	while (rc == 1 && (rc = stream_read(r, &f, -1)) == 1) {
		if (f.h.kind != FRAME_ROWS)
			continue;
		if (stream_rows(r, &b) == -1)
			rc = -1;
		else if (fn(arg, &f, &b) == -1) {
			*theirs = true;
			rc = -1;
		}
	}
	batch_release(&b);
	head_release(&h);
	return rc;
}

static int
read_file(const struct checkpoint *c, char **why, const char *name,
    dbspool_fn fn, void *arg)
{
	int fd = openat(c->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stream_reader *r;
	bool theirs = false;
	int rc = 0;

	if (fd == -1 && errno != ENOENT)
		return checkpoint_failed(c, why, name);
	if (fd == -1) {
		*why = mem_printf("%s/%s: it is not there, though its epoch "
				  "is committed",
		    c->path, name);
		return EX_DATAERR;
	}
	r = stream_reader_new(fd, -1);
	if (read_frames(r, fn, arg, &theirs) == -1) {
		rc = stream_reader_unread(r) ? EX_IOERR : EX_DATAERR;
		if (!theirs)
			*why = mem_printf(
			    "%s/%s: %s", c->path, name, stream_reader_error(r));
	}
	stream_reader_free(r);
	close(fd);
	return rc;
}

int
dbspool_read(const struct checkpoint *c, char **why, dbspool_fn fn, void *arg)
{
	char *name = file_name(c, c->last.epoch, c->last.generation);
	int rc;

	*why = NULL;
	rc = read_file(c, why, name, fn, arg);
	free(name);
	return rc;
}

void
dbspool_remove(const struct checkpoint *c)
{
	char *name = file_name(c, c->last.epoch, c->last.generation);

	unlinkat(c->fd, name, 0);
	free(name);
}

void
dbspool_release(struct dbspool *s)
{
	stream_writer_free(s->writer);
	if (s->fd != -1)
		close(s->fd);
}
