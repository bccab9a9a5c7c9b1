/* SPDX-License-Identifier: ISC */
/* Directories whose names come from data: made, and opened safely. */
#include "io/outdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

/* Open path[at..at + len) below fd; made (or NULL) as in outdir.h. */
static int
step(int fd, const char *path, size_t at, size_t len, bool trusted)
{
	char *name = mem_strndup(path + at, len);
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	int next = openat(fd, name, trusted ? flags : flags | O_NOFOLLOW);
	int e = errno;

	free(name);
	errno = e;
	return next;
}

static int
make_step(int fd, const char *path, size_t at, size_t len)
{
	char *name = mem_strndup(path + at, len);
	int rc = mkdirat(fd, name, 0777), e = errno;

	free(name);
	errno = e;
	return rc;
}

/*
 * The directory path[0..len), which ends in no slash, for O_PATH; missing
 * parts are made unless made is NULL.
 */
static int
walk(const char *path, size_t len, size_t n_trusted, size_t *made)
{
	int fd =
	    open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t at = 0, n;

	while (fd != -1 && at < len) {
		bool trusted = at < n_trusted;
		int next;

		n = strcspn(path + at, "/");
		n = n < len - at ? n : len - at;
		if (n == 0) {
			at++;
			continue;
		}
		next = step(fd, path, at, n, trusted);
		if (next == -1 && errno == ENOENT && made != NULL) {
			if (make_step(fd, path, at, n) == 0) {
				if (*made == 0 || at + n < *made)
					*made = at + n;
			} else if (errno != EEXIST) {
				io_drop(fd);
				return -1;
			}
			next = step(fd, path, at, n, trusted);
		}
		io_drop(fd);
		fd = next;
		at += n;
	}
	return fd;
}

static size_t
directory_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (size_t)(slash - path);
}

/* The same, for reading: fsync(2) needs more than a place in the tree. */
static int
walk_to_read(const char *path, size_t len, size_t n_trusted, size_t *made)
{
	int fd = walk(path, len, n_trusted, made), readable;

	if (fd == -1)
		return -1;
	readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	io_drop(fd);
	return readable;
}

int
outdir_open(const char *path, size_t n_trusted, size_t *made)
{
	return walk_to_read(path, directory_len(path), n_trusted, made);
}

/* The length of the directory that path[0..len), a directory, is in. */
static size_t
parent_len(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	while (len > 0 && path[len - 1] == '/')
		len--;
	return len;
}

int
outdir_sync(const char *path, size_t n_trusted, size_t made)
{
	size_t len = directory_len(path);
	bool more = true;

	while (more) {
		int fd = walk_to_read(path, len, n_trusted, NULL);

		if (fd == -1 || io_close(fd, fsync(fd)) == -1)
			return -1;
		more = made > 0 && len >= made;
		len = parent_len(path, len);
	}
	return 0;
}

void
outdir_remove(const char *path, size_t n_trusted, size_t made)
{
	size_t len = directory_len(path);

	while (made > 0 && len >= made) {
		size_t up = len;
		int fd;
		char *name;

		while (up > 0 && path[up - 1] != '/')
			up--;
		fd = walk(path, up, n_trusted, NULL);
		if (fd == -1)
			return;
		name = mem_strndup(path + up, len - up);
		if (unlinkat(fd, name, AT_REMOVEDIR) == -1)
			made = 0;
		free(name);
		close(fd);
		len = up > 0 ? up - 1 : 0;
	}
}

const char *
outdir_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

bool
outdir_same(const char *a, const char *b)
{
	size_t len = (size_t)(outdir_name(a) - a);

	return len == (size_t)(outdir_name(b) - b) && memcmp(a, b, len) == 0;
}

/* Whether both names are of one file: a link was made, and not yet undone. */
static bool
is_same(int dir_fd, const char *a, const char *b)
{
	struct stat x, y;

	return fstatat(dir_fd, a, &x, AT_SYMLINK_NOFOLLOW) == 0
	       && fstatat(dir_fd, b, &y, AT_SYMLINK_NOFOLLOW) == 0
	       && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int
outdir_rename_new(int dir_fd, const char *from, const char *to)
{
	if (renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != EEXIST)
		return -1;
	if (linkat(dir_fd, from, dir_fd, to, 0) == -1) {
		if (errno != EEXIST)
			return -1;
		if (!is_same(dir_fd, from, to)) {
			errno = EEXIST;
			return -1;
		}
	}
	return unlinkat(dir_fd, from, 0);
}
