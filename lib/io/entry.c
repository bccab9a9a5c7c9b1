/* SPDX-License-Identifier: ISC */
/* A file in a directory that resumes.  sbatch(1), DIRECTORIES. */
#include "io/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/held.h"

struct entry {
	struct seen_file *file;
	size_t *n_open;
	char *path; /* owned; the present one */
	struct held at; /* fd -1 until it is open */
	char *note; /* owned; of the last read, or NULL */
	bool ended; /* how it was then is noted */
};

/* Where an earlier start was in it; what has become another is read anew. */
static int
take_up(struct source *s)
{
	struct entry *e = s->own;
	struct held before = {.fd = -1};
	struct cur in;
	int rc;

	cur_init(&in, s->saved, s->n_saved);
	held_get_place(&before, &in);
	if (in.failed || in.left > 0)
		return source_fail(
		    s, EX_DATAERR, "the place in it is malformed");
	rc = held_skip(&e->at, &before);
	if (rc == -1)
		return source_fail(s, EX_IOERR, "%s", strerror(errno));
	/* Of a plain file the next read tells that. */
	if (rc == 0 && e->at.gunzip != NULL)
		return source_fail(s, EX_NOINPUT,
		    "it is not what was read up to byte %ju",
		    (uintmax_t)before.off);
	return 0;
}

static int
open_entry(struct source *s)
{
	struct entry *e = s->own;

	/* Of what was begun the rest must not be missed. */
	if (s->saved != NULL)
		s->traits |= SOURCE_STRICT;
	if (held_open(&e->at, AT_FDCWD, e->path) == -1)
		return source_fail(s, EX_NOINPUT, "%s", strerror(errno));
	/* Another one has its name by now, and comes by itself. */
	if (!file_id_same(&e->at.id, &e->file->id))
		return source_fail(s, EX_NOINPUT, "it was taken away");
	if (s->saved != NULL && take_up(s) == -1)
		return -1;
	s->traits &= ~(unsigned)SOURCE_STRICT;
	return 0;
}

/* What of it was to be read is gone. */
static enum source_got
on_truncation(struct source *s)
{
	struct entry *e = s->own;

	if (!s->opts->on_truncate_restart) {
		/* It is no fault of this file alone: rows are lost. */
		s->traits |= SOURCE_STRICT;
		source_fail(s, EX_NOINPUT,
		    "truncated after byte %ju; --on-truncate restart reads it "
		    "from the start",
		    (uintmax_t)e->at.off);
		return SOURCE_ERROR;
	}
	e->note = mem_printf("%s: truncated after byte %ju, reading it from "
			     "the start",
	    e->path, (uintmax_t)e->at.off);
	held_rewind(&e->at);
	return SOURCE_NEXT;
}

/* How it is when no more of it is read.  0, or -1 with errno. */
static int
note_state(struct entry *e)
{
	struct stat st;

	if (fstat(e->at.fd, &st) == -1)
		return -1;
	e->file->size = (uint64_t)st.st_size;
	e->file->mtime_ns =
	    st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
	e->ended = true;
	return 0;
}

/* Its end, for now or for good. */
static enum source_got
on_end(struct source *s)
{
	struct entry *e = s->own;

	if (note_state(e) == -1) {
		source_fail(s, EX_IOERR, "%s", strerror(errno));
		return SOURCE_ERROR;
	}
	/* It may have grown since the read that found its end. */
	e->file->size =
	    e->at.gunzip == NULL ? e->at.off : (uint64_t)e->at.packed_off;
	return SOURCE_END;
}

static enum source_got
read_entry(struct source *s, void *p, size_t cap, size_t *len)
{
	struct entry *e = s->own;
	ssize_t n;

	free(e->note);
	e->note = NULL;
	n = held_read(&e->at, p, cap);
	*len = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return SOURCE_BYTES;
	if (n == 0)
		return on_end(s);
	if (errno == ESTALE)
		return on_truncation(s);
	source_fail(s, EX_IOERR, "%s",
	    errno == EBADMSG ? "the gzip data are damaged or cut short"
			     : strerror(errno));
	return SOURCE_ERROR;
}

static void
close_entry(struct source *s)
{
	struct entry *e = s->own;

	if (e == NULL)
		return;
	held_release(&e->at);
	free(e->path);
	free(e->note);
	free(e);
	s->own = NULL;
}

static const char *
entry_note(const struct source *s)
{
	const struct entry *e = s->own;

	return e->note;
}

static const char *
entry_where(const struct source *s)
{
	const struct entry *e = s->own;

	return e->path;
}

static int64_t
entry_mtime_us(const struct source *s)
{
	const struct entry *e = s->own;

	return e->at.mtime_ns / 1000;
}

static int
entry_plain_fd(const struct source *s)
{
	const struct entry *e = s->own;

	return e->at.gunzip == NULL ? e->at.fd : -1;
}

static void
seek_entry(struct source *s, uint64_t off)
{
	struct entry *e = s->own;

	held_seek(&e->at, off);
}

static void
save_entry(const struct source *s, struct buf *out, uint64_t off)
{
	const struct entry *e = s->own;

	held_put_place(out, &e->at, off);
}

static bool
entry_in_line(const struct source *s)
{
	const struct entry *e = s->own;

	return held_in_line(&e->at);
}

/* With -F it is read once, else a later start reads what it has gained. */
static enum source_ending
entry_ending(const struct source *s)
{
	return s->opts->mode == SOURCE_FOLLOW ? SOURCE_WHOLE : SOURCE_GROWS;
}

/* A record that waits for its end must not be taken away with its file. */
static void
entry_done(struct source *s, bool all)
{
	struct entry *e = s->own;

	(*e->n_open)--;
	if (!all)
		return;
	/* One that was refused before its end is tried again if it changes. */
	if (!e->ended && e->at.fd != -1)
		(void)note_state(e);
	e->file->state = s->opts->mode == SOURCE_FOLLOW ? SEEN_DONE : SEEN_READ;
}

static const struct source_kind entry_kind = {
    .name = "entry",
    .open = open_entry,
    .read = read_entry,
    .close = close_entry,
    .note = entry_note,
    .where = entry_where,
    .mtime_us = entry_mtime_us,
    .plain_fd = entry_plain_fd,
    .seek = seek_entry,
    .save = save_entry,
    .in_line = entry_in_line,
    .kept_as = SOURCE_KEEPS_ENTRY,
    .ending = entry_ending,
    .done = entry_done,
};

struct source *
entry_new(const struct source *dir, struct seen_file *file, size_t *n_open)
{
	struct entry *e = mem_zero(1, sizeof(*e));
	char *path = mem_printf("%s%s", dir->path, file->name);
	char *key = mem_printf(
	    "%s%s#%ju", dir->path, file->key, (uintmax_t)file->number);
	struct source *s = source_new(
	    &entry_kind, dir->opts, dir->named ? dir->name : path, key);

	free(key);
	e->file = file;
	file->state = SEEN_OPEN;
	e->n_open = n_open;
	e->path = path;
	e->at.fd = -1;
	s->own = e;
	(*n_open)++;
	return s;
}
