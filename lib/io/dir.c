/* SPDX-License-Identifier: ISC */
/* A directory that gains files: DIR/ with -F.  sbatch(1), DIRECTORIES. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "io/entry.h"
#include "io/newfiles.h"
#include "io/seen.h"
#include "io/source_int.h"

/* Network filesystems give no events; a silent file is whole after a while. */
#define LOOK_MS 1000
#define DONE_MS 10 /* until those that were given are read */

struct dir {
	struct newfiles files;
	int event_fd; /* inotify, or -1 */
	char **names; /* owned, each; of files to be given */
	size_t at;
	size_t n;
	bool stopping;
	/* Of one that resumes. */
	struct seen seen;
	size_t back; /* the next of n_back that may have to come again */
	size_t n_back;
	size_t n_open; /* given, and not read to their ends */
	struct buf note; /* of the start */
	bool told; /* it was */
};

static bool
is_dir(const char *path, enum source_mode mode)
{
	size_t len = strlen(path);
	struct stat st;

	return mode != SOURCE_ONCE && len > 0 && path[len - 1] == '/'
	       && (stat(path, &st) == -1 || S_ISDIR(st.st_mode));
}

static int
check_dir(struct source *s)
{
	struct newfiles files = {0};
	char **names;
	size_t n;

	if (access(s->path, R_OK | X_OK) == -1
	    || newfiles_look(&files, &names, &n, s->path, true) == -1)
		return source_fail(s, EX_NOINPUT, "%s", strerror(errno));
	if (s->opts->mode != SOURCE_FOLLOW)
		s->traits = SOURCE_PARENT;
	if (n > 0)
		s->sample = mem_printf("%s%s", s->path, names[0]);
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	newfiles_release(&files);
	return 0;
}

/* A file that was not read to its end is gone. */
static int
on_missing(struct source *s, const struct seen_file *f)
{
	struct dir *d = s->own;

	if (!s->opts->on_missing_skip)
		return source_fail(s, EX_NOINPUT,
		    "%s is gone and was not read to its end; --on-missing skip "
		    "goes on without it",
		    f->key);
	buf_printf(&d->note, "%s%s%s: is gone and was not read to its end",
	    d->note.len > 0 ? "; " : "", s->path, f->key);
	return 0;
}

/* What earlier starts were given, as it is now. */
static int
resume(struct source *s, struct dir *d)
{
	struct newfiles there = {0};
	struct cur in;
	char **names;
	size_t n;

	cur_init(&in, s->saved, s->n_saved);
	if (seen_load(&d->seen, &in) == -1)
		return source_fail(s, EX_DATAERR, "its state is malformed");
	if (newfiles_look(&there, &names, &n, s->path, true) == -1)
		return source_fail(s, EX_IOERR, "%s", strerror(errno));
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	seen_match(&d->seen, &there);
	newfiles_release(&there);
	for (size_t i = 0; i < d->seen.n;) {
		const struct seen_file *f = d->seen.v[i];

		if (f->name != NULL) {
			newfiles_give(&d->files, &f->id);
			i++;
			continue;
		}
		if (f->state == SEEN_OPEN && on_missing(s, f) == -1)
			return -1;
		seen_drop(&d->seen, i);
	}
	d->n_back = d->seen.n;
	if (d->note.len > 0)
		*buf_reserve(&d->note, 1) = '\0';
	return 0;
}

static int
open_dir(struct source *s)
{
	struct dir *d = mem_zero(1, sizeof(*d));

	s->own = d;
	d->stopping = s->opts->mode != SOURCE_FOLLOW;
	buf_init(&d->note, 0);
	d->event_fd = inotify_init1(IN_CLOEXEC);
	if (d->event_fd != -1)
		inotify_add_watch(d->event_fd, s->path,
		    IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
	return s->saved == NULL ? 0 : resume(s, d);
}

/* Which files are whole.  When events were lost, time tells. */
static void
drain_events(struct dir *d)
{
	_Alignas(struct inotify_event) char events[4096];
	const struct inotify_event *e;
	ssize_t n;

	while (d->event_fd != -1 && io_wait(d->event_fd, -1, 0) == 1) {
		n = io_read(d->event_fd, events, sizeof(events));
		if (n <= 0)
			return;
		for (const char *p = events; p < events + n;
		     p += sizeof(*e) + e->len) {
			e = (const void *)p;
			if (e->len > 0)
				newfiles_closed(&d->files, e->name);
		}
	}
}

static void
free_names(struct dir *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->names[i]);
	free(d->names);
	d->names = NULL;
	d->at = d->n = 0;
}

/* Whether a file that was given before is to be given again, the next one. */
static bool
comes_back(const struct source *s)
{
	struct dir *d = s->own;

	for (; d->back < d->n_back; d->back++) {
		const struct seen_file *f = d->seen.v[d->back];

		if (f->state == SEEN_OPEN
		    || (f->state == SEEN_READ && f->changed
			&& s->opts->mode != SOURCE_FOLLOW))
			return true;
	}
	return false;
}

/* Files that were read, and are not there any more, will not come again. */
static void
forget_gone(struct dir *d)
{
	for (size_t i = 0; i < d->seen.n;)
		if (d->seen.v[i]->state != SEEN_OPEN
		    && newfiles_find(&d->files, &d->seen.v[i]->id) == NULL)
			seen_drop(&d->seen, i);
		else
			i++;
}

static enum source_got
read_dir(struct source *s, void *p, size_t cap, size_t *len)
{
	struct dir *d = s->own;

	(void)p;
	(void)cap;
	*len = 0;
	if (d->told)
		buf_reset(&d->note);
	d->told = true;
	if (comes_back(s))
		return SOURCE_PEER;
	if (d->at == d->n) {
		free_names(d);
		drain_events(d);
		if (newfiles_look(&d->files, &d->names, &d->n, s->path,
			s->opts->mode != SOURCE_FOLLOW)
		    == -1) {
			source_fail(s, EX_IOERR, "%s", strerror(errno));
			return SOURCE_ERROR;
		}
		d->back = d->n_back = 0;
		forget_gone(d);
	}
	if (d->at < d->n)
		return SOURCE_PEER;
	/* How far they were read is to be known. */
	return d->stopping && d->n_open == 0 ? SOURCE_END : SOURCE_WAIT;
}

/* A file that is to be kept in mind. */
static struct source *
take_entry(struct source *s)
{
	struct dir *d = s->own;
	const char *name;
	const struct newfile *f;
	struct file_id none = {0};

	if (d->back < d->n_back)
		return entry_new(s, d->seen.v[d->back++], &d->n_open);
	name = d->names[d->at++];
	f = newfiles_named(&d->files, name);
	return entry_new(s,
	    seen_add(&d->seen, f == NULL ? &none : &f->id, name), &d->n_open);
}

static struct source *
take_file(struct source *s)
{
	struct dir *d = s->own;
	struct source *file;
	char *path;

	if (s->opts->kept)
		return take_entry(s);
	path = mem_printf("%s%s", s->path, d->names[d->at++]);
	file = source_new(
	    &source_file_kind, s->opts, s->named ? s->name : path, path);
	free(path);
	return file;
}

static void
save_dir(const struct source *s, struct buf *out, uint64_t off)
{
	const struct dir *d = s->own;

	(void)off;
	seen_save(&d->seen, out);
}

/* Of a file that is gone, or was read for good, no place is needed. */
static bool
dir_wants(const struct source *s, const char *path)
{
	const struct dir *d = s->own;
	const struct seen_file *f =
	    seen_find(&d->seen, strtoull(strrchr(path, '#') + 1, NULL, 10));

	return f != NULL && f->state != SEEN_DONE;
}

static const char *
dir_note(const struct source *s)
{
	const struct dir *d = s->own;

	return d->note.len > 0 ? (const char *)d->note.data : NULL;
}

static int
dir_fd(const struct source *s)
{
	const struct dir *d = s->own;

	return d->event_fd;
}

static int
dir_wait_ms(const struct source *s)
{
	const struct dir *d = s->own;

	return d->stopping ? DONE_MS : LOOK_MS;
}

static void
stop_dir(struct source *s)
{
	struct dir *d = s->own;

	d->stopping = true;
}

static void
close_dir(struct source *s)
{
	struct dir *d = s->own;

	if (d == NULL)
		return;
	if (d->event_fd != -1)
		close(d->event_fd);
	newfiles_release(&d->files);
	seen_release(&d->seen);
	buf_release(&d->note);
	free_names(d);
	free(d);
	s->own = NULL;
}

const struct source_kind dir_kind = {
    .name = "directory",
    .traits = SOURCE_ENDLESS | SOURCE_BATCHED | SOURCE_PARENT,
    .claims = is_dir,
    .check = check_dir,
    .open = open_dir,
    .read = read_dir,
    .close = close_dir,
    .stop = stop_dir,
    .fd = dir_fd,
    .wait_ms = dir_wait_ms,
    .take = take_file,
    .note = dir_note,
    .save = save_dir,
    .kept_as = SOURCE_KEEPS_FILES,
    .wants = dir_wants,
    .samples = true,
};
