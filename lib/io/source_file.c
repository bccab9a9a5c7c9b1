/* SPDX-License-Identifier: ISC */
/* Standard input, pipes and files at rest.  sbatch(1), SOURCES. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "io/source_int.h"

/* Standard input. */

static bool
is_stdin(const char *path, enum source_mode mode)
{
	return mode != SOURCE_FOLLOW && strcmp(path, "-") == 0;
}

static int
check_nothing(struct source *s)
{
	(void)s;
	return 0;
}

static int
open_stdin(struct source *s)
{
	s->fd = STDIN_FILENO;
	return 0;
}

/* A regular file as standard input is always ready and never makes us wait. */
enum source_got
source_read_pipe(struct source *s, void *p, size_t cap, size_t *len)
{
	int ready = io_wait(s->fd, -1, 0);
	ssize_t n;

	if (ready == 0)
		return SOURCE_WAIT;
	n = ready == -1 ? -1 : io_read(s->fd, p, cap);
	if (n == -1) {
		source_fail(s, EX_IOERR, "%s", strerror(errno));
		return SOURCE_ERROR;
	}
	*len = (size_t)n;
	return n > 0 ? SOURCE_BYTES : SOURCE_END;
}

static void
close_nothing(struct source *s)
{
	s->fd = -1;
}

/* Pipes and devices by path. */

static bool
is_special(const char *path, enum source_mode mode)
{
	struct stat st;

	return mode != SOURCE_FOLLOW && stat(path, &st) == 0
	       && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* NAME=PATH may have been meant as the name of a file. */
static int
refuse_path(struct source *s, const char *why)
{
	char *whole;
	int rc;

	if (!s->named)
		return source_fail(s, EX_NOINPUT, "%s", why);
	whole = mem_printf("%s=%s", s->name, s->path);
	if (access(whole, F_OK) == 0)
		rc = source_fail(s, EX_NOINPUT,
		    "%s: %s; write ./%s for the file of that name", s->path,
		    why, whole);
	else
		rc = source_fail(s, EX_NOINPUT, "%s: %s", s->path, why);
	free(whole);
	return rc;
}

int
source_check_path(struct source *s)
{
	struct stat st;

	if (stat(s->path, &st) == -1 || access(s->path, R_OK) == -1)
		return refuse_path(s, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return source_fail(s, EX_NOINPUT,
		    "is a directory; write %s/ for the files in it", s->path);
	return 0;
}

static int
open_path(struct source *s)
{
	s->fd = open(s->path, O_RDONLY | O_CLOEXEC);
	if (s->fd == -1)
		return source_fail(s, EX_NOINPUT, "%s", strerror(errno));
	return 0;
}

/*
 * Without waiting for the writer of a FIFO: the end of the reader behind us
 * and signals are seen meanwhile.  Linux reports no end before one has come.
 */
static int
open_special(struct source *s)
{
	s->fd = open(s->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (s->fd == -1)
		return source_fail(s, EX_NOINPUT, "%s", strerror(errno));
	return 0;
}

void
source_close_fd(struct source *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}

/* Files at rest. */

static bool
is_any(const char *path, enum source_mode mode)
{
	return path[0] != '\0' && mode == SOURCE_ONCE;
}

ssize_t
source_pread(struct source *s, void *p, size_t cap)
{
	uint64_t left = s->limit > s->off ? s->limit - s->off : 0;
	ssize_t n;

	n = io_pread(s->fd, p, left < cap ? (size_t)left : cap, (off_t)s->off);
	if (n == -1)
		return source_fail(s, EX_IOERR, "byte %ju: %s",
		    (uintmax_t)s->off, strerror(errno));
	s->off += (uint64_t)n;
	return n;
}

static enum source_got
read_file(struct source *s, void *p, size_t cap, size_t *len)
{
	ssize_t n = source_pread(s, p, cap);

	if (n == -1)
		return SOURCE_ERROR;
	*len = (size_t)n;
	return n > 0 ? SOURCE_BYTES : SOURCE_END;
}

int
source_file_fd(const struct source *s)
{
	return s->form == FORM_PLAIN ? s->fd : -1;
}

void
source_file_seek(struct source *s, uint64_t off)
{
	s->off = off;
}

const struct source_kind source_stdin_kind = {
    .name = "stdin",
    .traits = SOURCE_LIVE,
    .unpack = true,
    .spools = SOURCE_SPOOL_STREAM,
    .claims = is_stdin,
    .check = check_nothing,
    .open = open_stdin,
    .read = source_read_pipe,
    .close = close_nothing,
};

const struct source_kind source_pipe_kind = {
    .name = "pipe",
    .traits = SOURCE_LIVE,
    .unpack = true,
    .spools = SOURCE_SPOOL_STREAM,
    .claims = is_special,
    .check = source_check_path,
    .open = open_special,
    .read = source_read_pipe,
    .close = source_close_fd,
};

const struct source_kind source_file_kind = {
    .name = "file",
    .unpack = true,
    .claims = is_any,
    .check = source_check_path,
    .open = open_path,
    .read = read_file,
    .close = source_close_fd,
    .plain_fd = source_file_fd,
    .seek = source_file_seek,
    .as_set = &set_at_rest,
};
