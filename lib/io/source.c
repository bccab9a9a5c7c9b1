/* SPDX-License-Identifier: ISC */
/* The registry of sources and what all kinds share.  sbatch(1), SOURCES. */
#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "io/follow.h"
#include "io/gunzip.h"
#include "io/source_int.h"

int
source_fail(struct source *s, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(s->error);
	if (vasprintf(&s->error, fmt, ap) == -1)
		s->error = mem_strdup("out of memory");
	va_end(ap);
	s->status = status;
	return -1;
}

/* Standard input. */

static bool
is_stdin(const char *path, enum source_mode mode)
{
	return mode == SOURCE_ONCE && strcmp(path, "-") == 0;
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
static enum source_got
read_pipe(struct source *s, void *p, size_t cap, size_t *len)
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

	return mode == SOURCE_ONCE && stat(path, &st) == 0
	       && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int
check_path(struct source *s)
{
	struct stat st;

	if (stat(s->path, &st) == -1 || access(s->path, R_OK) == -1)
		return source_fail(s, EX_NOINPUT, "%s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return source_fail(s, EX_NOINPUT, "%s", strerror(EISDIR));
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

static void
close_path(struct source *s)
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

static enum source_got
read_file(struct source *s, void *p, size_t cap, size_t *len)
{
	ssize_t n = io_pread(s->fd, p, cap, (off_t)s->off);

	if (n == -1) {
		source_fail(s, EX_IOERR, "byte %ju: %s", (uintmax_t)s->off,
		    strerror(errno));
		return SOURCE_ERROR;
	}
	s->off += (uint64_t)n;
	*len = (size_t)n;
	return n > 0 ? SOURCE_BYTES : SOURCE_END;
}

/* A followed file. */

static bool
is_followed(const char *path, enum source_mode mode)
{
	return mode == SOURCE_FOLLOW && strcmp(path, "-") != 0;
}

/* It may be missing; what is there must be a file that can be read. */
static int
check_followed(struct source *s)
{
	struct stat st;

	if (stat(s->path, &st) == -1 && errno == ENOENT)
		return 0;
	if (check_path(s) == -1)
		return -1;
	if (!S_ISREG(st.st_mode))
		return source_fail(s, EX_NOINPUT, "is no regular file");
	return 0;
}

static int
open_followed(struct source *s)
{
	s->follow = follow_new(s->path);
	return 0;
}

static enum source_got
read_followed(struct source *s, void *p, size_t cap, size_t *len)
{
	enum source_got got = follow_read(s->follow, p, cap, len);

	if (got == SOURCE_ERROR)
		source_fail(s, EX_IOERR, "%s", follow_error(s->follow));
	return got;
}

static void
close_followed(struct source *s)
{
	follow_free(s->follow);
	s->follow = NULL;
}

static const struct source_kind kinds[] = {
    {"stdin", true, true, is_stdin, check_nothing, open_stdin, read_pipe,
	close_nothing},
    {"follow", true, false, is_followed, check_followed, open_followed,
	read_followed, close_followed},
    {"pipe", true, true, is_special, check_path, open_special, read_pipe,
	close_path},
    {"file", false, true, is_any, check_path, open_path, read_file, close_path},
};

static const struct source_kind *
find_kind(const char *path, enum source_mode mode)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].claims(path, mode))
			return &kinds[i];
	return NULL;
}

void
source_list_init(struct source_list *l)
{
	*l = (struct source_list){0};
}

void
source_list_release(struct source_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		source_close(l->v[i]);
		free(l->v[i]->name);
		free(l->v[i]->path);
		free(l->v[i]->error);
		free(l->v[i]);
	}
	free(l->v);
	source_list_init(l);
}

/* The length of the name in "NAME=PATH": letters, digits, '_', '.', '-'. */
static size_t
name_len(const char *operand)
{
	size_t n = strspn(operand, "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	return operand[n] == '=' ? n : 0;
}

static int
add_one(struct source_list *l, const char *name, const char *path,
    enum source_mode mode, char **why)
{
	const struct source_kind *kind = find_kind(path, mode);
	struct source *s;

	if (kind == NULL) {
		*why = mem_printf("'%s' is no source%s", path,
		    mode == SOURCE_FOLLOW ? " that can be followed" : "");
		return -1;
	}
	if (l->n == SOURCE_MAX) {
		*why = mem_printf("more than %d sources", SOURCE_MAX);
		return -1;
	}
	s = mem_zero(1, sizeof(*s));
	s->kind = kind;
	s->path = mem_strdup(path);
	s->fd = -1;
	if (name != NULL)
		s->name = mem_strdup(name);
	else
		s->name = mem_strdup(is_stdin(path, mode) ? "stdin" : path);
	l->v = mem_grow(l->v, &l->cap, l->n + 1, sizeof(struct source *));
	l->v[l->n++] = s;
	return 0;
}

static int
add_pattern(struct source_list *l, const char *name, const char *pattern,
    enum source_mode mode, char **why)
{
	glob_t g;
	int rc = glob(pattern, 0, NULL, &g);

	if (rc != 0) {
		*why = mem_printf("%s: %s", pattern,
		    rc == GLOB_NOMATCH ? "no file matches"
				       : "cannot read the directory");
		return -1;
	}
	for (size_t i = 0; rc == 0 && i < g.gl_pathc; i++)
		rc = add_one(l, name, g.gl_pathv[i], mode, why);
	globfree(&g);
	return rc;
}

int
source_list_add(struct source_list *l, const char *operand,
    enum source_mode mode, char **why)
{
	size_t n = name_len(operand);
	char *name = n > 0 ? mem_strndup(operand, n) : NULL;
	const char *path = n > 0 ? operand + n + 1 : operand;
	struct stat st;
	int rc;

	/* A file may have the characters of a pattern in its name. */
	if (strpbrk(path, "*?[") != NULL && lstat(path, &st) == -1)
		rc = add_pattern(l, name, path, mode, why);
	else
		rc = add_one(l, name, path, mode, why);
	free(name);
	return rc;
}

const char *
source_name(const struct source *s)
{
	return s->name;
}

const char *
source_path(const struct source *s)
{
	return s->path;
}

bool
source_is_live(const struct source *s)
{
	return s->kind->live;
}

int
source_check(struct source *s)
{
	return s->kind->check(s);
}

int
source_open(struct source *s)
{
	if (!s->kind->unpack)
		s->form = FORM_PLAIN;
	return s->kind->open(s);
}

void
source_close(struct source *s)
{
	s->kind->close(s);
	gunzip_free(s->gunzip);
	s->gunzip = NULL;
}

void
source_stop(struct source *s)
{
	if (s->follow != NULL)
		follow_stop(s->follow);
}

/* Hand the first bytes on, as they are or to the unpacker. */
static enum source_got
begin(struct source *s, void *p, size_t *len)
{
	void *room;
	size_t cap;

	s->form = FORM_PLAIN;
	if (*len < 2 || memcmp(p, GUNZIP_MAGIC, 2) != 0)
		return SOURCE_BYTES;
	s->form = FORM_GZIP;
	s->gunzip = gunzip_new();
	room = gunzip_room(s->gunzip, &cap);
	memcpy(room, p, *len);
	gunzip_add(s->gunzip, *len);
	*len = 0;
	return SOURCE_BYTES;
}

/* Read until there are two bytes, or fewer that cannot be the magic. */
static enum source_got
read_first(struct source *s, void *p, size_t cap, size_t *len)
{
	enum source_got got;
	size_t n;

	if (s->n_first > 0)
		*(unsigned char *)p = s->first;
	/* What is gzip must fit into the unpacker. */
	cap = cap < GUNZIP_INPUT ? cap : GUNZIP_INPUT;
	got = s->kind->read(s, (char *)p + s->n_first, cap - s->n_first, &n);
	if (got == SOURCE_BYTES || (got == SOURCE_END && s->n_first > 0)) {
		*len = s->n_first + (got == SOURCE_BYTES ? n : 0);
		if (*len > 1 || got == SOURCE_END
		    || *(unsigned char *)p != (unsigned char)GUNZIP_MAGIC[0])
			return begin(s, p, len);
		s->first = *(unsigned char *)p;
		s->n_first = 1;
		*len = 0;
		return SOURCE_WAIT;
	}
	return got;
}

static enum source_got
read_gzip(struct source *s, void *p, size_t cap, size_t *len)
{
	enum source_got got;
	size_t room_cap, n;
	void *room;
	int rc;

	while ((rc = gunzip_read(s->gunzip, p, cap, len)) == 0) {
		room = gunzip_room(s->gunzip, &room_cap);
		got = s->kind->read(s, room, room_cap, &n);
		if (got == SOURCE_END && !gunzip_is_whole(s->gunzip)) {
			source_fail(s, EX_IOERR, "the gzip data are cut short");
			return SOURCE_ERROR;
		}
		if (got != SOURCE_BYTES)
			return got;
		gunzip_add(s->gunzip, n);
	}
	if (rc == 1)
		return SOURCE_BYTES;
	source_fail(s, EX_DATAERR, "%s", gunzip_error(s->gunzip));
	return SOURCE_ERROR;
}

enum source_got
source_read(struct source *s, void *p, size_t cap, size_t *len)
{
	enum source_got got;

	*len = 0;
	if (s->error != NULL)
		return SOURCE_ERROR;
	if (s->form == FORM_UNKNOWN) {
		got = read_first(s, p, cap, len);
		if (got != SOURCE_BYTES || s->form == FORM_PLAIN)
			return got;
	}
	if (s->form == FORM_GZIP)
		return read_gzip(s, p, cap, len);
	return s->kind->read(s, p, cap, len);
}

int
source_fd(const struct source *s)
{
	return s->follow != NULL ? follow_fd(s->follow) : s->fd;
}

int
source_wait_ms(const struct source *s)
{
	return s->follow != NULL ? follow_wait_ms(s->follow) : -1;
}

const char *
source_error(const struct source *s)
{
	return s->error;
}

int
source_status(const struct source *s)
{
	return s->status;
}

const char *
source_note(const struct source *s)
{
	return s->follow != NULL ? follow_note(s->follow) : NULL;
}
