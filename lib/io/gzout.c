/* SPDX-License-Identifier: ISC */
/* Packing of what goes into a file, as gzip members.  RFC 1952. */
#include "io/gzout.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/io.h"
#include "base/mem.h"

#define GZIP_WBITS (15 + 16) /* zlib.h: largest window, gzip wrapper */
#define WRITE_MAX (1u << 30) /* bytes at once; avail_in is 32 bits wide */

struct gzout {
	z_stream z;
	bool ready; /* deflateInit2 succeeded */
	bool begun; /* a member has begun */
	unsigned char out[32 << 10];
};

struct gzout *
gzout_new(void)
{
	struct gzout *g = mem_zero(1, sizeof(*g));

	/* All arguments are constants, so that only memory can fail. */
	g->ready = deflateInit2(&g->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
		       GZIP_WBITS, 8, Z_DEFAULT_STRATEGY)
		   == Z_OK;
	return g;
}

void
gzout_free(struct gzout *g)
{
	if (g == NULL)
		return;
	deflateEnd(&g->z);
	free(g);
}

static int
pack(struct gzout *g, int fd, int flush)
{
	int rc;

	do {
		size_t n;

		g->z.next_out = g->out;
		g->z.avail_out = sizeof(g->out);
		rc = deflate(&g->z, flush);
		n = sizeof(g->out) - g->z.avail_out;
		if (n > 0 && io_write(fd, g->out, n) == -1)
			return -1;
	} while (g->z.avail_out == 0 || (flush == Z_FINISH && rc == Z_OK));
	return 0;
}

int
gzout_write(struct gzout *g, int fd, const void *p, size_t len)
{
	const unsigned char *s = p;

	if (!g->ready) {
		errno = ENOMEM;
		return -1;
	}
	g->begun = true;
	while (len > 0) {
		size_t n = len < WRITE_MAX ? len : WRITE_MAX;

		g->z.next_in = (z_const Bytef *)(uintptr_t)s;
		g->z.avail_in = (uInt)n;
		if (pack(g, fd, Z_NO_FLUSH) == -1)
			return -1;
		s += n;
		len -= n;
	}
	return 0;
}

int
gzout_finish(struct gzout *g, int fd)
{
	if (!g->begun)
		return 0;
	g->z.next_in = NULL;
	g->z.avail_in = 0;
	if (pack(g, fd, Z_FINISH) == -1)
		return -1;
	g->begun = false;
	deflateReset(&g->z);
	return 0;
}

bool
gzout_is_name(const char *path)
{
	size_t len = strlen(path);

	return len > 3 && strcmp(path + len - 3, ".gz") == 0;
}
