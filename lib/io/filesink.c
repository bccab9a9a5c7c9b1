/* SPDX-License-Identifier: ISC */
/* A path as destination: a file beside it, renamed when it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/io.h"
#include "base/mem.h"
#include "io/sink_int.h"

#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, a gzip header */

struct filesink_gz {
	z_stream z;
	unsigned char out[64 << 10];
};

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
gz_open(struct sink *s)
{
	s->gz = mem_zero(1, sizeof(*s->gz));
	/* All arguments are constants, so that only memory can fail. */
	if (deflateInit2(&s->gz->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
		GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY)
	    == Z_OK)
		return 0;
	errno = ENOMEM;
	return cannot(s);
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
	if (len > 3 && strcmp(dest + len - 3, ".gz") == 0)
		return gz_open(s);
	return 0;
}

/* Compress p[0..len); with Z_FINISH to the end of the file. */
static int
gz_write(struct sink *s, const void *p, size_t len, int flush)
{
	z_stream *z = &s->gz->z;
	int rc;

	z->next_in = (z_const Bytef *)(uintptr_t)p;
	z->avail_in = (uInt)len;
	do {
		size_t n;

		z->next_out = s->gz->out;
		z->avail_out = sizeof(s->gz->out);
		rc = deflate(z, flush);
		n = sizeof(s->gz->out) - z->avail_out;
		if (n > 0 && io_write(s->fd, s->gz->out, n) == -1)
			return -1;
	} while (z->avail_out == 0 || (flush == Z_FINISH && rc == Z_OK));
	return 0;
}

static int
file_write(struct sink *s, const void *p, size_t len)
{
	if (s->gz != NULL)
		return gz_write(s, p, len, Z_NO_FLUSH);
	return io_write(s->fd, p, len);
}

static int
file_publish(struct sink *s)
{
	int fd = s->fd;

	if (s->gz != NULL && gz_write(s, "", 0, Z_FINISH) == -1)
		return -1;
	s->fd = -1;
	if (s->temp == NULL)
		return close(fd);
	if (io_publish(fd, s->temp, s->path) == -1)
		return -1;
	free(s->temp);
	s->temp = NULL;
	return 0;
}

static void
file_release(struct sink *s)
{
	if (s->fd != -1)
		close(s->fd);
	if (s->temp != NULL)
		unlink(s->temp);
	if (s->gz != NULL)
		deflateEnd(&s->gz->z);
	free(s->gz);
}

const struct sink_kind filesink_kind = {.claims = file_claims,
    .open = file_open,
    .write = file_write,
    .publish = file_publish,
    .release = file_release};
