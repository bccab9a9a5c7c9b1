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
#include "io/newfiles.h"
#include "io/source_int.h"

/* Network filesystems give no events; a silent file is whole after a while. */
#define LOOK_MS 1000

struct dir {
	struct newfiles files;
	int event_fd; /* inotify, or -1 */
	char **names; /* owned, each; of files to be given */
	size_t at;
	size_t n;
	bool stopping;
};

static bool
is_dir(const char *path, enum source_mode mode)
{
	size_t len = strlen(path);
	struct stat st;

	return mode == SOURCE_FOLLOW && len > 0 && path[len - 1] == '/'
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
	if (n > 0)
		s->sample = mem_printf("%s%s", s->path, names[0]);
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	newfiles_release(&files);
	return 0;
}

static int
open_dir(struct source *s)
{
	struct dir *d = mem_zero(1, sizeof(*d));

	s->own = d;
	d->event_fd = inotify_init1(IN_CLOEXEC);
	if (d->event_fd != -1)
		inotify_add_watch(d->event_fd, s->path,
		    IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
	return 0;
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

static enum source_got
read_dir(struct source *s, void *p, size_t cap, size_t *len)
{
	struct dir *d = s->own;

	(void)p;
	(void)cap;
	*len = 0;
	if (d->at == d->n) {
		free_names(d);
		drain_events(d);
		if (newfiles_look(&d->files, &d->names, &d->n, s->path, false)
		    == -1) {
			source_fail(s, EX_IOERR, "%s", strerror(errno));
			return SOURCE_ERROR;
		}
	}
	if (d->at < d->n)
		return SOURCE_PEER;
	return d->stopping ? SOURCE_END : SOURCE_WAIT;
}

static struct source *
take_file(struct source *s)
{
	struct dir *d = s->own;
	char *path = mem_printf("%s%s", s->path, d->names[d->at++]);
	struct source *file = source_new(
	    &source_file_kind, s->opts, s->named ? s->name : path, path);

	free(path);
	return file;
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
	(void)s;
	return LOOK_MS;
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
    .samples = true,
};
