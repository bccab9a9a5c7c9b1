/* SPDX-License-Identifier: ISC */
/* A tape is found again.  millrace-checkpoint(5), SPOOL. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "ckpt/durable.h"
#include "ckpt/entries.h"
#include "ckpt/segment.h"
#include "ckpt/tape_int.h"

static int
by_number(const void *va, const void *vb)
{
	const struct tape_file *a = va, *b = vb;

	return (a->number > b->number) - (a->number < b->number);
}

static int
add_file(void *arg, const char *name)
{
	struct tape *t = arg;
	uint32_t number;

	if (!segment_number(&number, name))
		return 0;
	t->files = mem_grow(
	    t->files, &t->cap_files, t->n_files + 1, sizeof(*t->files));
	t->files[t->n_files++] = (struct tape_file){number, 0};
	return 0;
}

/* The files that are there, in order. */
static int
list(struct tape *t, char **why)
{
	int rc = entries_each(t->dir, why, add_file, t);

	if (t->n_files > 1)
		qsort(t->files, t->n_files, sizeof(*t->files), by_number);
	return rc == 0 ? 0 : tape_fail(t, why, rc);
}

/*
 * Where each begins.  The last may have been in the making, and is then not
 * counted: *torn is its number.
 */
static int
read_starts(struct tape *t, char **why, uint32_t *torn)
{
	*torn = 0;
	for (size_t i = 0; i < t->n_files; i++) {
		struct tape_file *f = &t->files[i];
		int fd = segment_open(t->dir->fd, f->number, &f->start);

		if (fd != -1) {
			close(fd);
			continue;
		}
		if (errno != EBADMSG || i + 1 < t->n_files)
			return tape_failed(t, why, f->number);
		*torn = f->number;
		t->n_files--;
	}
	return 0;
}

/* Add what was dropped to what is told of. */
static void
tell(char **note, char *what)
{
	char *before = *note;

	*note = before == NULL ? mem_strdup(what)
			       : mem_printf("%s; %s", before, what);
	free(before);
	free(what);
}

/* A file without a beginning, if nothing says that more of it was durable. */
static int
drop_torn(struct tape *t, char **why, char **note, uint32_t number)
{
	char name[SEGMENT_NAME_MAX];
	int fd = segment_open_any(t->dir->fd, number), rc;

	if (fd == -1)
		return tape_failed(t, why, number);
	rc = segment_proves(fd, SEGMENT_HEAD, t->at);
	io_drop(fd);
	if (rc == 1 || (rc == 0 && t->at < t->kept)) {
		errno = EBADMSG;
		rc = -1;
	}
	segment_name(name, number);
	if (rc == 0)
		rc = unlinkat(t->dir->fd, name, 0);
	if (rc == -1)
		return tape_failed(t, why, number);
	tell(note,
	    mem_printf("%s/%s: the last file of the spool was not whole and "
		       "is removed",
		t->dir->path, name));
	return 0;
}

static int
gone(struct tape *t, char **why, uint64_t at)
{
	*why = mem_printf("%s: byte %ju of the spool, which an epoch needs, is "
			  "gone",
	    t->dir->path, (uintmax_t)at);
	return tape_fail(t, why, EX_DATAERR);
}

/* The first place that is needed, as the state says. */
static uint64_t
first_place(const struct tape *t)
{
	uint64_t at = t->kept;

	for (size_t i = 0; i < t->n_streams; i++)
		if (t->streams[i]->from < at)
			at = t->streams[i]->from;
	return at;
}

/* A stream that began after the state had been saved. */
static struct tape_stream *
new_stream(struct tape *t, uint32_t id)
{
	struct tape_stream *s;
	struct tape_opened o;

	if (id == 0 || tape_parse_open(&o, &t->data) == -1)
		return NULL;
	s = tape_put(t, o.path, o.path_len, o.name, o.name_len);
	s->id = id;
	s->guest = o.guest;
	s->from = t->kept;
	if (id >= t->next_id)
		t->next_id = id + 1;
	return s;
}

/*
 * Note a record for the stream that it belongs to.  What a state no longer
 * knows had been taken whole.  0, or -1 when it makes no sense.
 */
static int
note(struct tape *t, const struct segment_rec *r)
{
	struct tape_stream *s = tape_by_id(t, r->id);

	if (s == NULL && r->at < t->kept)
		return 0;
	if (s == NULL && r->kind == SEGMENT_OPEN)
		s = new_stream(t, r->id);
	if (s == NULL)
		return -1;
	if (r->at < s->from)
		return 0;
	/* What the state says to come next is a record of it. */
	if (s->n_again == 0 && s->from < t->kept && r->at != s->from)
		return -1;
	if (!tape_fits(r, &t->data, r->at == s->from ? s->skip : 0))
		return -1;
	tape_again(s, r->at);
	return 0;
}

/* All whole records of a file, up to end. */
static int
read_records(
    struct tape *t, char **why, int fd, const struct tape_file *f, uint64_t end)
{
	struct segment_rec r;
	int rc = 1;

	t->at = f->start;
	while (t->at < end && rc == 1) {
		rc = segment_read(
		    &r, &t->data, fd, SEGMENT_HEAD + t->at - f->start, t->at);
		if (rc == 1 && note(t, &r) == -1) {
			errno = EBADMSG;
			rc = -1;
		}
		if (rc == 1)
			t->at += SEGMENT_REC + r.len;
	}
	return rc == -1 ? tape_failed(t, why, f->number) : 0;
}

/*
 * The last file ends where its last whole record does, if nothing says that
 * more of it was durable.
 */
static int
cut_tail(
    struct tape *t, char **why, char **note, int fd, const struct tape_file *f)
{
	uint64_t used = SEGMENT_HEAD + t->at - f->start;
	struct stat st;
	int rc = segment_proves(fd, used, t->at);

	if (rc == -1 || fstat(fd, &st) == -1)
		return tape_failed(t, why, f->number);
	errno = EBADMSG;
	if (rc == 1 || t->at < t->kept)
		return tape_failed(t, why, f->number);
	/* What a killed process has left is durable from now on. */
	if (fsync(fd) == -1 || durable_sync(t->dir->fd) == -1)
		return tape_failed(t, why, f->number);
	if ((uint64_t)st.st_size > used)
		tell(note,
		    mem_printf("%s: the last %ju bytes of the spool were not "
			       "whole and are cut off",
			t->dir->path,
			(uintmax_t)((uint64_t)st.st_size - used)));
	t->synced = t->at;
	return 0;
}

static int
read_file(struct tape *t, char **why, char **note, size_t i)
{
	const struct tape_file *f = &t->files[i];
	bool last = i + 1 == t->n_files;
	uint64_t start, end = last ? UINT64_MAX : f[1].start;
	int fd, rc;

	errno = EBADMSG;
	if (!last && (f[1].number != f->number + 1 || end < f->start))
		return tape_failed(t, why, f->number + 1);
	fd = segment_open(t->dir->fd, f->number, &start);
	if (fd == -1)
		return tape_failed(t, why, f->number);
	rc = read_records(t, why, fd, f, end);
	errno = EBADMSG;
	if (rc == 0 && last)
		rc = cut_tail(t, why, note, fd, f);
	else if (rc == 0 && t->at != end)
		rc = tape_failed(t, why, f->number);
	close(fd);
	return rc;
}

/* What the state says to come next has come. */
static int
check_streams(struct tape *t, char **why)
{
	for (size_t i = 0; i < t->n_streams; i++)
		if (t->streams[i]->from < t->kept
		    && t->streams[i]->n_again == 0)
			return gone(t, why, t->streams[i]->from);
	return 0;
}

int
tape_start(struct tape *t, char **why, const struct checkpoint *dir)
{
	uint64_t from = first_place(t);
	char *note = NULL;
	uint32_t torn;
	size_t i = 0;
	int rc;

	*why = NULL;
	t->dir = dir;
	rc = list(t, why);
	if (rc == 0)
		rc = read_starts(t, why, &torn);
	if (rc != 0)
		return rc;
	if (t->n_files > 0 ? t->files[0].start > from
			   : t->kept > 0 && torn == 0)
		return gone(t, why, from);
	while (i + 1 < t->n_files && t->files[i + 1].start <= from)
		i++;
	for (; rc == 0 && i < t->n_files; i++)
		rc = read_file(t, why, &note, i);
	if (rc == 0)
		rc = check_streams(t, why);
	if (rc == 0 && torn > 0)
		rc = drop_torn(t, why, &note, torn);
	t->marked = t->kept;
	if (rc == 0)
		*why = note;
	else
		free(note);
	return rc;
}
