/* SPDX-License-Identifier: ISC */
/* Files that wait for their names.  millrace-checkpoint(5), SINKS. */
#include "io/prepared.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "io/outdir.h"

#define LIST_MAX ((size_t)1 << 30) /* bytes of the list of litter */

void
prepared_init(struct prepared *p)
{
	*p = (struct prepared){.list_fd = -1, .cwd = getcwd(NULL, 0)};
	if (p->cwd == NULL)
		p->cwd = mem_strdup(".");
}

void
prepared_reset(struct prepared *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->files[i].temp);
		free(p->files[i].path);
	}
	p->n = 0;
}

void
prepared_release(struct prepared *p)
{
	prepared_reset(p);
	free(p->files);
	free(p->cwd);
	if (p->list_fd != -1)
		close(p->list_fd);
}

char *
prepared_path(const char *cwd, const char *path, size_t *n_trusted)
{
	if (*path == '/')
		return mem_strdup(path);
	*n_trusted += strlen(cwd) + 1;
	return mem_printf("%s/%s", cwd, path);
}

static int
failed(char **why, const char *path)
{
	*why = mem_printf("%s: %s", path, strerror(errno));
	return -1;
}

/* A file system that is read-only says so first, whatever is there. */
static bool
is_absent(int dir_fd, const char *name)
{
	return errno == ENOENT
	       || (faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == -1
		   && errno == ENOENT);
}

/*
 * Names end in .0, .1, ...; one may be missing among them, where a later file
 * has replaced an earlier one.
 */
static int
sweep(char **why, const char *prefix, size_t n_trusted)
{
	int dir_fd = outdir_open(prefix, n_trusted, NULL), rc = 0;
	unsigned missing = 0;

	if (dir_fd == -1)
		return errno == ENOENT || errno == ENOTDIR
			   ? 0
			   : failed(why, prefix);
	for (unsigned i = 0; missing < 2 && rc == 0; i++) {
		char *name = mem_printf("%s%u", outdir_name(prefix), i);

		if (unlinkat(dir_fd, name, 0) == 0)
			missing = 0;
		else if (is_absent(dir_fd, name))
			missing++;
		else
			rc = failed(why, prefix);
		free(name);
	}
	close(dir_fd);
	return rc;
}

/* A name that a kill has cut short is none. */
static int
sweep_all(char **why, const struct buf *list)
{
	struct cur c;
	int rc = 0;

	cur_init(&c, list->data, list->len);
	while (rc == 0 && c.left > 0) {
		size_t n_trusted = cur_get_int(&c, 8), len = 0;
		const char *s = cur_get_str(&c, &len, PATH_MAX);
		char *prefix;

		if (c.failed || s == NULL)
			break;
		prefix = mem_strndup(s, len);
		rc = sweep(why, prefix, n_trusted);
		free(prefix);
	}
	return rc;
}

static int
read_list(struct prepared *p, struct buf *list)
{
	struct stat st;
	uint8_t *at;
	ssize_t n;

	if (fstat(p->list_fd, &st) == -1)
		return -1;
	at = buf_reserve(list, (size_t)st.st_size);
	if (at == NULL && st.st_size > 0) {
		errno = EFBIG;
		return -1;
	}
	n = io_read_full(p->list_fd, at, (size_t)st.st_size);
	list->len = n > 0 ? (size_t)n : 0;
	return n == -1 ? -1 : 0;
}

static int
failed_list(char **why, const struct checkpoint *c, const char *name)
{
	checkpoint_failed(c, why, name);
	return -1;
}

int
prepared_begin(struct prepared *p, char **why, const struct checkpoint *c)
{
	char *name = mem_printf("%s.litter", c->stage);
	struct buf list;
	int rc = 0;

	buf_init(&list, LIST_MAX);
	/* Nothing is durable here: after a loss of power litter may stay. */
	p->list_fd = openat(c->fd, name,
	    O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (p->list_fd == -1 || read_list(p, &list) == -1)
		rc = failed_list(why, c, name);
	if (rc == 0)
		rc = sweep_all(why, &list);
	if (rc == 0 && ftruncate(p->list_fd, 0) == -1)
		rc = failed_list(why, c, name);
	buf_release(&list);
	free(name);
	return rc;
}

int
prepared_note(
    struct prepared *p, char **why, const char *path, size_t n_trusted)
{
	char *full = prepared_path(p->cwd, path, &n_trusted);
	const char *last = outdir_name(full);
	char *prefix = mem_printf(
	    "%.*s.%.200s.%ld.", (int)(last - full), full, last, (long)getpid());
	struct buf b;
	int rc;

	buf_init(&b, 0);
	buf_put_int(&b, n_trusted, 8);
	buf_put_str(&b, prefix, strlen(prefix));
	rc = io_write(p->list_fd, b.data, b.len);
	if (rc == -1)
		failed(why, "the list of unfinished files");
	buf_release(&b);
	free(prefix);
	free(full);
	return rc;
}

static struct prepared_file *
add(struct prepared *p)
{
	p->files = mem_grow(p->files, &p->cap, p->n + 1, sizeof(*p->files));
	return &p->files[p->n++];
}

void
prepared_add(struct prepared *p, const char *temp, const char *path,
    size_t n_trusted, bool fresh)
{
	struct prepared_file *f = add(p);
	size_t same = n_trusted;

	f->temp = prepared_path(p->cwd, temp, &same);
	f->path = prepared_path(p->cwd, path, &n_trusted);
	f->n_trusted = n_trusted;
	f->fresh = fresh;
}

void
prepared_discard(struct prepared *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct prepared_file *f = &p->files[i];
		int dir_fd = outdir_open(f->path, f->n_trusted, NULL);

		if (dir_fd == -1)
			continue;
		unlinkat(dir_fd, outdir_name(f->temp), 0);
		close(dir_fd);
	}
	prepared_reset(p);
}

void
prepared_save(const struct prepared *p, struct buf *out)
{
	buf_put_int(out, p->n, 4);
	for (size_t i = 0; i < p->n; i++) {
		const struct prepared_file *f = &p->files[i];

		buf_put_str(out, f->temp, strlen(f->temp));
		buf_put_str(out, f->path, strlen(f->path));
		buf_put_int(out, f->n_trusted, 4);
		buf_put_int(out, f->fresh, 1);
	}
}

int
prepared_load(struct prepared *p, struct cur *in)
{
	uint64_t n = cur_get_int(in, 4);

	prepared_reset(p);
	for (uint64_t i = 0; i < n && !in->failed; i++) {
		size_t temp_len = 0, path_len = 0;
		const char *temp = cur_get_str(in, &temp_len, PATH_MAX);
		const char *path = cur_get_str(in, &path_len, PATH_MAX);
		size_t n_trusted = cur_get_int(in, 4);
		bool fresh = cur_get_int(in, 1) != 0;
		struct prepared_file *f;

		if (in->failed || temp == NULL || path == NULL)
			break;
		f = add(p);
		f->temp = mem_strndup(temp, temp_len);
		f->path = mem_strndup(path, path_len);
		f->n_trusted = n_trusted;
		f->fresh = fresh;
	}
	return in->failed ? -1 : 0;
}

/* Whether the folder was made for the data; the user's own must be there. */
static bool
was_taken(const struct prepared_file *f)
{
	char *own;
	int fd;

	if (errno != ENOENT)
		return false;
	own = mem_strndup(f->path, f->n_trusted);
	fd = outdir_open(own, f->n_trusted, NULL);
	free(own);
	if (fd != -1)
		close(fd);
	return fd != -1;
}

static int
give_name(char **why, const struct prepared_file *f)
{
	int dir_fd = outdir_open(f->path, f->n_trusted, NULL), rc;
	const char *temp = outdir_name(f->temp), *path = outdir_name(f->path);

	if (dir_fd == -1)
		return was_taken(f) ? 0 : failed(why, f->path);
	rc = f->fresh ? outdir_rename_new(dir_fd, temp, path)
		      : renameat(dir_fd, temp, dir_fd, path);
	if (rc == -1 && errno == ENOENT)
		rc = 0;
	if (rc == -1)
		failed(why, f->path);
	close(dir_fd);
	return rc;
}

static int
sync_name(char **why, const struct prepared_file *f)
{
	if (outdir_sync(f->path, f->n_trusted, 0) == 0 || was_taken(f))
		return 0;
	return failed(why, f->path);
}

int
prepared_sync(const struct prepared *p, char **why)
{
	for (size_t i = 0; i < p->n; i++)
		if ((i + 1 == p->n
			|| !outdir_same(p->files[i].path, p->files[i + 1].path))
		    && sync_name(why, &p->files[i]) == -1)
			return -1;
	return 0;
}

int
prepared_publish(struct prepared *p, char **why)
{
	for (size_t i = 0; i < p->n; i++)
		if (give_name(why, &p->files[i]) == -1)
			return -1;
	if (prepared_sync(p, why) == -1)
		return -1;
	prepared_reset(p);
	/* All dot names are gone now, so the list can begin anew. */
	if (p->list_fd != -1 && ftruncate(p->list_fd, 0) == -1)
		return failed(why, "the list of unfinished files");
	return 0;
}

bool
prepared_has(const struct prepared *p, const char *path)
{
	size_t n = 0;
	char *full = prepared_path(p->cwd, path, &n);
	bool has = false;

	for (size_t i = 0; i < p->n && !has; i++)
		has = strcmp(p->files[i].path, full) == 0;
	free(full);
	return has;
}
