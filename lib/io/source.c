/* SPDX-License-Identifier: ISC */
/* The registry of sources and what all kinds share.  sbatch(1), SOURCES. */
#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
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

int
source_refuse(struct source *s, int status, char *why)
{
	free(s->error);
	s->error = why;
	s->status = status;
	return -1;
}

const char *
source_url(const char *path, const char *scheme)
{
	size_t len = strlen(scheme);

	if (strncmp(path, scheme, len) != 0
	    || strncmp(path + len, "://", 3) != 0)
		return NULL;
	return path + len + 3;
}

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

int
source_check_path(struct source *s)
{
	struct stat st;

	if (stat(s->path, &st) == -1 || access(s->path, R_OK) == -1)
		return source_fail(s, EX_NOINPUT, "%s", strerror(errno));
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

static const struct source_kind stdin_kind = {
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

static const struct source_kind pipe_kind = {
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

static const struct source_kind *const kinds[] = {&stdin_kind, &gen_kind,
    &listen_tcp, &listen_unix, &conn_tcp, &conn_udp, &helper_kind, &dir_kind,
    &set_followed, &set_kept, &pipe_kind, &source_file_kind};

const struct source_kind *
source_find_kind(const char *path, enum source_mode mode)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i]->claims(path, mode))
			return kinds[i];
	return NULL;
}

struct source *
source_new(const struct source_kind *kind, const struct source_opts *o,
    const char *name, const char *path)
{
	struct source *s = mem_zero(1, sizeof(*s));

	s->kind = kind;
	s->traits = kind->traits;
	s->opts = o;
	s->name = mem_strdup(name);
	s->path = mem_strdup(path);
	s->fd = -1;
	s->limit = UINT64_MAX;
	s->ended = SOURCE_BYTES;
	return s;
}

void
source_free(struct source *s)
{
	if (s == NULL)
		return;
	s->kind->close(s);
	gunzip_free(s->gunzip);
	source_free(s->back);
	free(s->name);
	free(s->path);
	free(s->sample);
	free(s->saved);
	free(s->error);
	free(s);
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

const char *
source_sample(const struct source *s)
{
	return s->kind->samples ? s->sample : s->path;
}

const char *
source_format(const struct source *s)
{
	return s->kind->format;
}

const char *
source_where(const struct source *s)
{
	return s->kind->where != NULL ? s->kind->where(s) : s->name;
}

int64_t
source_mtime_us(const struct source *s)
{
	struct stat st;

	if (s->kind->mtime_us != NULL)
		return s->kind->mtime_us(s);
	if (s->fd == -1 || fstat(s->fd, &st) == -1 || !S_ISREG(st.st_mode))
		return time_now_us();
	return st.st_mtim.tv_sec * TIME_US + st.st_mtim.tv_nsec / 1000;
}

bool
source_is(const struct source *s, enum source_trait trait)
{
	return (s->traits & trait) != 0;
}

int
source_check(struct source *s)
{
	return s->kind->check(s);
}

/* The next file of a set has a form of its own. */
static void
forget_form(struct source *s)
{
	gunzip_free(s->gunzip);
	s->gunzip = NULL;
	s->n_first = 0;
	s->form = s->kind->unpack ? FORM_UNKNOWN : FORM_PLAIN;
}

int
source_open(struct source *s)
{
	forget_form(s);
	return s->kind->open(s);
}

bool
source_keeps(const struct source *s)
{
	return s->kind->save != NULL;
}

void
source_save(const struct source *s, struct buf *out, uint64_t off)
{
	if (s->kind->save != NULL)
		s->kind->save(s, out, off);
}

enum source_ending
source_ending(const struct source *s)
{
	if (s->kind->ending != NULL)
		return s->kind->ending(s);
	return s->kind->save != NULL ? SOURCE_GROWS : SOURCE_WHOLE;
}

void
source_done(struct source *s)
{
	if (s->kind->done != NULL)
		s->kind->done(s);
}

bool
source_wants(const struct source *s, const char *path)
{
	return s->kind->wants == NULL || s->kind->wants(s, path);
}

enum source_keep
source_kept_as(const struct source *s)
{
	return s->kind->save == NULL ? SOURCE_KEEPS_NOTHING : s->kind->kept_as;
}

void
source_load(struct source *s, const void *p, size_t len)
{
	s->saved = mem_dup(p, len);
	s->n_saved = len;
}

bool
source_settled(const struct source *s)
{
	return s->saved != NULL;
}

void
source_settle(struct source *s)
{
	struct buf b;

	/* One that is missing is an error when it is opened. */
	if (access(s->path, F_OK) == -1)
		return;
	buf_init(&b, 0);
	source_save(s, &b, 0);
	source_load(s, b.data, b.len);
	buf_release(&b);
}

void
source_stop(struct source *s)
{
	if (s->kind->stop != NULL)
		s->kind->stop(s);
}

struct source *
source_take(struct source *s)
{
	struct source *peer = s->back;

	s->back = NULL;
	if (peer == NULL)
		peer = s->kind->take(s);
	else
		return peer;
	if (s->opts->tape != NULL && s->kind->spools == SOURCE_SPOOL_PEERS)
		peer = spooled_new(peer, s->path);
	return peer;
}

/* Whether a connection of an earlier start is there, which goes first. */
static bool
comes_back(struct source *s)
{
	if (s->opts->tape == NULL || s->kind->spools != SOURCE_SPOOL_PEERS)
		return false;
	s->back = spooled_guest(s);
	return s->back != NULL;
}

int
source_plain_fd(const struct source *s)
{
	return s->kind->plain_fd != NULL ? s->kind->plain_fd(s) : -1;
}

void
source_seek(struct source *s, uint64_t off)
{
	s->kind->seek(s, off);
}

void
source_limit(struct source *s, uint64_t off)
{
	s->limit = off;
}

bool
source_to_end(struct source *s, uint64_t *off)
{
	return s->kind->to_end != NULL && s->kind->to_end(s, off);
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

	/* What is gzip must fit into the unpacker. */
	cap = cap < GUNZIP_INPUT ? cap : GUNZIP_INPUT;
	for (;;) {
		if (s->n_first > 0)
			*(unsigned char *)p = s->first;
		n = 0;
		got = s->kind->read(
		    s, (char *)p + s->n_first, cap - s->n_first, &n);
		*len = s->n_first + n;
		if (got == SOURCE_WAIT || got == SOURCE_ERROR || *len == 0) {
			*len = 0;
			return got;
		}
		if (*len > 1 || got != SOURCE_BYTES
		    || *(unsigned char *)p != (unsigned char)GUNZIP_MAGIC[0])
			break;
		s->first = *(unsigned char *)p;
		s->n_first = 1;
	}
	s->n_first = 0;
	s->ended = got;
	return begin(s, p, len);
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
		if (got == SOURCE_BYTES) {
			gunzip_add(s->gunzip, n);
			continue;
		}
		if ((got == SOURCE_END || got == SOURCE_NEXT)
		    && !gunzip_is_whole(s->gunzip)) {
			source_fail(s, EX_IOERR, "the gzip data are cut short");
			return SOURCE_ERROR;
		}
		return got;
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
	if (comes_back(s))
		return SOURCE_PEER;
	if (s->ended != SOURCE_BYTES) {
		/* It came behind a lone first byte. */
		got = s->ended;
		s->ended = SOURCE_BYTES;
	} else if (s->form == FORM_UNKNOWN)
		got = read_first(s, p, cap, len);
	else if (s->form == FORM_PLAIN)
		got = s->kind->read(s, p, cap, len);
	else
		got = SOURCE_BYTES;
	if (got == SOURCE_BYTES && s->form == FORM_GZIP)
		got = read_gzip(s, p, cap, len);
	if (got == SOURCE_NEXT)
		forget_form(s);
	return got;
}

int
source_fd(const struct source *s)
{
	return s->kind->fd != NULL ? s->kind->fd(s) : s->fd;
}

int
source_wait_ms(const struct source *s)
{
	return s->kind->wait_ms != NULL ? s->kind->wait_ms(s) : -1;
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
	return s->kind->note != NULL ? s->kind->note(s) : NULL;
}
