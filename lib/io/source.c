/* SPDX-License-Identifier: ISC */
/* The registry of sources and what all kinds share.  sbatch(1), SOURCES. */
#include "io/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
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

static const struct source_kind *const kinds[] = {&source_stdin_kind, &gen_kind,
    &listen_tcp, &listen_unix, &conn_tcp, &conn_udp, &helper_kind, &dir_kind,
    &set_followed, &set_kept, &source_pipe_kind, &source_file_kind};

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

bool
source_in_line(const struct source *s)
{
	return s->kind->in_line != NULL && s->kind->in_line(s);
}

void
source_done(struct source *s, bool all)
{
	if (s->kind->done != NULL)
		s->kind->done(s, all);
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
