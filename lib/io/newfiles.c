/* SPDX-License-Identifier: ISC */
/* Files that a directory has, and that it gains. */
#include "io/newfiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"

static void
free_list(struct newfile *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].name);
	free(v);
}

static void
forget_closed(struct newfiles *f)
{
	for (size_t i = 0; i < f->n_closed; i++)
		free(f->closed[i]);
	f->n_closed = 0;
}

void
newfiles_release(struct newfiles *f)
{
	forget_closed(f);
	free(f->closed);
	free_list(f->v, f->n);
	*f = (struct newfiles){0};
}

static bool
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len >= n && strcmp(name + len - n, end) == 0;
}

/* Whether a name is one of finished files: no leading dot, no .tmp, no ~. */
static bool
is_finished(const char *name)
{
	return name[0] != '.' && !ends_in(name, ".tmp") && !ends_in(name, "~");
}

void
newfiles_closed(struct newfiles *f, const char *name)
{
	f->closed = mem_grow(
	    f->closed, &f->cap_closed, f->n_closed + 1, sizeof(char *));
	f->closed[f->n_closed++] = mem_strdup(name);
}

static int
by_id(const void *va, const void *vb)
{
	const struct newfile *a = va, *b = vb;

	if (a->id.dev != b->id.dev)
		return a->id.dev < b->id.dev ? -1 : 1;
	if (a->id.ino != b->id.ino)
		return a->id.ino < b->id.ino ? -1 : 1;
	return (a->id.born_ns > b->id.born_ns)
	       - (a->id.born_ns < b->id.born_ns);
}

static int
by_change(const void *va, const void *vb)
{
	const struct newfile *const *a = va, *const *b = vb;

	if ((*a)->mtime_ns != (*b)->mtime_ns)
		return (*a)->mtime_ns < (*b)->mtime_ns ? -1 : 1;
	return strcmp((*a)->name, (*b)->name);
}

static int
by_name(const void *va, const void *vb)
{
	const char *const *a = va, *const *b = vb;

	return strcmp(*a, *b);
}

static bool
was_closed(const struct newfiles *f, const char *name)
{
	return f->n_closed > 0
	       && bsearch(
		      &name, f->closed, f->n_closed, sizeof(char *), by_name)
		      != NULL;
}

/* What the file was like at the last look, or NULL. */
static struct newfile *
before(const struct newfiles *f, const struct newfile *now)
{
	return f->n == 0 ? NULL
			 : bsearch(now, f->v, f->n, sizeof(*f->v), by_id);
}

const struct newfile *
newfiles_find(const struct newfiles *f, const struct file_id *id)
{
	struct newfile key = {.id = *id};

	return before(f, &key);
}

const struct newfile *
newfiles_named(const struct newfiles *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].name, name) == 0)
			return &f->v[i];
	return NULL;
}

void
newfiles_give(struct newfiles *f, const struct file_id *id)
{
	f->v = mem_grow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->v[f->n++] = (struct newfile){.id = *id, .given = true};
}

/* Add what dir has under a name, if that is a file that counts. */
static void
add(const struct newfiles *f, struct newfiles *now, int dir_fd,
    const char *name)
{
	struct newfile file = {.since_us = time_mono_us()};
	const struct newfile *old;
	struct stat st;

	if (!is_finished(name)
	    || sibling_id(&file.id, &file.mtime_ns, dir_fd, name) == -1
	    || fstatat(dir_fd, name, &st, 0) == -1)
		return;
	file.size = (uint64_t)st.st_size;
	file.name = mem_strdup(name);
	old = before(f, &file);
	if (old != NULL) {
		file.given = old->given;
		if (old->size == file.size && old->mtime_ns == file.mtime_ns)
			file.since_us = old->since_us;
	}
	now->v = mem_grow(now->v, &now->cap, now->n + 1, sizeof(*now->v));
	now->v[now->n++] = file;
}

/* A file that was changed long ago need not be looked at twice. */
static bool
is_whole(const struct newfiles *f, const struct newfile *file, bool at_rest)
{
	int64_t age_us = time_now_us() - file->mtime_ns / 1000;

	return at_rest || was_closed(f, file->name)
	       || time_mono_us() >= file->since_us + NEWFILES_STILL_US
	       || age_us > 2 * NEWFILES_STILL_US;
}

/* Hand out those that are new and whole. */
static void
give(struct newfiles *f, char ***names, size_t *n, bool at_rest)
{
	struct newfile **list = mem_zero(f->n + 1, sizeof(struct newfile *));

	*n = 0;
	f->waiting = false;
	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i].given)
			continue;
		if (is_whole(f, &f->v[i], at_rest))
			list[(*n)++] = &f->v[i];
		else
			f->waiting = true;
	}
	if (*n > 0)
		qsort(list, *n, sizeof(struct newfile *), by_change);
	*names = mem_zero(*n + 1, sizeof(char *));
	for (size_t i = 0; i < *n; i++) {
		(*names)[i] = mem_strdup(list[i]->name);
		list[i]->given = true;
	}
	free(list);
}

int
newfiles_look(struct newfiles *f, char ***names, size_t *n, const char *path,
    bool at_rest)
{
	struct newfiles now = {0};
	struct dirent *e;
	DIR *dir = opendir(path);

	*names = NULL;
	*n = 0;
	if (dir == NULL)
		return -1;
	/* Unless it is the first look, they are. */
	if (f->n > 1)
		qsort(f->v, f->n, sizeof(*f->v), by_id);
	while ((errno = 0, e = readdir(dir)) != NULL)
		add(f, &now, dirfd(dir), e->d_name);
	if (io_end_list(dir) == -1) {
		free_list(now.v, now.n);
		return -1;
	}
	if (now.n > 0)
		qsort(now.v, now.n, sizeof(*now.v), by_id);
	if (f->n_closed > 0)
		qsort(f->closed, f->n_closed, sizeof(char *), by_name);
	free_list(f->v, f->n);
	f->v = now.v;
	f->n = now.n;
	f->cap = now.cap;
	give(f, names, n, at_rest);
	forget_closed(f);
	return 0;
}
