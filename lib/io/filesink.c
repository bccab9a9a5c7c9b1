/* SPDX-License-Identifier: ISC */
/* A path as destination: a file beside it, renamed when it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "io/gzout.h"
#include "io/sink_int.h"

static bool
file_claims(const char *dest)
{
	(void)dest;
	return true;
}

static int
cannot(struct sink *s)
{
	s->why = mem_printf("%s: %s", s->name, strerror(errno));
	return -1;
}

static int
file_open(struct sink *s, const char *dest)
{
	size_t len = strlen(dest);
	struct stat st;
	char *real;

	s->name = mem_strdup(dest);
	if (len == 0) {
		errno = ENOENT;
		return cannot(s);
	}
	/* The file that a link points to is replaced, not the link. */
	real = realpath(dest, NULL);
	s->path = mem_strdup(real != NULL ? real : dest);
	free(real);
	if (stat(s->path, &st) == 0 && !S_ISREG(st.st_mode))
		s->fd = open(s->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	else
		s->fd = io_temp(&s->temp, s->path);
	if (s->fd == -1)
		return cannot(s);
	if (gzout_is_name(dest))
		s->gz = gzout_new();
	return 0;
}

static int
file_write(struct sink *s, const void *p, size_t len)
{
	if (s->gz != NULL)
		return gzout_write(s->gz, s->fd, p, len);
	return io_write(s->fd, p, len);
}

/* No rows and no names make an empty member, not an empty file. */
static int
end_packing(struct sink *s)
{
	if (s->gz == NULL)
		return 0;
	if (gzout_write(s->gz, s->fd, "", 0) == -1)
		return -1;
	return gzout_finish(s->gz, s->fd);
}

static int
file_finish(struct sink *s)
{
	int fd = s->fd;

	if (end_packing(s) == -1)
		return -1;
	s->fd = -1;
	return io_close(fd, s->temp == NULL ? 0 : fsync(fd));
}

static int
file_publish(struct sink *s)
{
	int fd = s->fd;
	char *temp;

	if (end_packing(s) == -1)
		return -1;
	s->fd = -1;
	if (s->temp == NULL)
		return close(fd);
	if (io_publish(fd, s->temp, s->path) == -1)
		return -1;
	temp = s->temp;
	s->temp = NULL;
	free(temp);
	return 0;
}

static void
file_release(struct sink *s)
{
	if (s->fd != -1)
		close(s->fd);
	if (s->temp != NULL)
		unlink(s->temp);
	gzout_free(s->gz);
}

const struct sink_kind filesink_kind = {.claims = file_claims,
    .open = file_open,
    .write = file_write,
    .publish = file_publish,
    .finish = file_finish,
    .release = file_release};
