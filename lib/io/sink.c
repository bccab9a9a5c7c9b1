/* SPDX-License-Identifier: ISC */
/* The registry of destinations, and standard output. */
#include "io/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "io/sink_int.h"

static bool
stdout_claims(const char *dest)
{
	return strcmp(dest, "-") == 0;
}

static int
stdout_open(struct sink *s, const char *dest)
{
	(void)dest;
	s->name = mem_strdup("standard output");
	s->fd = STDOUT_FILENO;
	return 0;
}

static int
stdout_write(struct sink *s, const void *p, size_t len)
{
	return io_write(s->fd, p, len);
}

/* Some file systems tell only at close that a write was lost. */
static int
stdout_publish(struct sink *s)
{
	int fd = s->fd;

	s->fd = -1;
	return close(fd);
}

static void
stdout_release(struct sink *s)
{
	s->fd = -1;
}

static const struct sink_kind stdout_kind = {.claims = stdout_claims,
    .open = stdout_open,
    .write = stdout_write,
    .publish = stdout_publish,
    .finish = stdout_publish,
    .release = stdout_release};

/* The first that claims a destination has it; a path is anything. */
static const struct sink_kind *const kinds[] = {&stdout_kind, &filesink_kind};

struct sink *
sink_open(const char *dest, sink_files_fn on_files, char **why)
{
	struct sink *s = mem_zero(1, sizeof(*s));
	size_t i = 0;

	while (!kinds[i]->claims(dest))
		i++;
	s->kind = kinds[i];
	s->fd = -1;
	s->on_files = on_files;
	if (on_files != NULL)
		on_files(&s->temp, 1);
	if (s->kind->open(s, dest) == 0)
		return s;
	*why = s->why;
	s->why = NULL;
	sink_free(s);
	return NULL;
}

static int
failed(struct sink *s)
{
	s->why = mem_printf("%s: %s", s->name, strerror(errno));
	return -1;
}

int
sink_write(void *sink, const void *p, size_t len)
{
	struct sink *s = sink;

	if (s->why != NULL)
		return -1;
	return s->kind->write(s, p, len) == -1 ? failed(s) : 0;
}

int
sink_publish(struct sink *s)
{
	if (s->why != NULL)
		return -1;
	return s->kind->publish(s) == -1 ? failed(s) : 0;
}

int
sink_prepare(struct sink *s, char **temp, char **path)
{
	if (s->why != NULL)
		return -1;
	if (s->kind->finish(s) == -1)
		return failed(s);
	*temp = s->temp;
	*path = s->path;
	s->temp = NULL;
	s->path = NULL;
	return 0;
}

void
sink_free(struct sink *s)
{
	if (s == NULL)
		return;
	s->kind->release(s);
	if (s->on_files != NULL)
		s->on_files(NULL, 0);
	free(s->name);
	free(s->why);
	free(s->path);
	free(s->temp);
	free(s);
}

const char *
sink_error(const struct sink *s)
{
	return s->why;
}

int
sink_fd(const struct sink *s)
{
	return s->gz == NULL ? s->fd : -1;
}
