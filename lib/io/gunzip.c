/* SPDX-License-Identifier: ISC */
/* Unpacking of gzip data that arrives in pieces.  RFC 1952. */
#include "io/gunzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"

#define GZIP_WBITS (15 + 16) /* zlib.h: largest window, gzip wrapper only */

enum place { IN_MEMBER, AFTER_MEMBER, IN_PADDING };

struct gunzip {
	z_stream z;
	enum place place;
	const char *error;
	unsigned char in[GUNZIP_INPUT];
};

struct gunzip *
gunzip_new(void)
{
	struct gunzip *g = mem_zero(1, sizeof(*g));

	if (inflateInit2(&g->z, GZIP_WBITS) != Z_OK)
		g->error = "zlib cannot start";
	return g;
}

void
gunzip_free(struct gunzip *g)
{
	if (g == NULL)
		return;
	inflateEnd(&g->z);
	free(g);
}

void *
gunzip_room(struct gunzip *g, size_t *cap)
{
	g->z.next_in = g->in;
	g->z.avail_in = 0;
	*cap = sizeof(g->in);
	return g->in;
}

void
gunzip_add(struct gunzip *g, size_t len)
{
	g->z.avail_in = (uInt)len;
}

/* Between members: 1 when another begins, 0 at the end of the bytes, or -1. */
static int
next_member(struct gunzip *g)
{
	while (g->z.avail_in > 0 && g->z.next_in[0] == 0) {
		g->place = IN_PADDING;
		g->z.next_in++;
		g->z.avail_in--;
	}
	if (g->z.avail_in == 0)
		return 0;
	if (g->place == IN_PADDING
	    || g->z.next_in[0] != (unsigned char)GUNZIP_MAGIC[0]) {
		g->error = "there is something else behind the gzip data";
		return -1;
	}
	inflateReset(&g->z);
	g->place = IN_MEMBER;
	return 1;
}

int
gunzip_read(struct gunzip *g, void *p, size_t cap, size_t *len)
{
	uInt room = cap < INT_MAX ? (uInt)cap : INT_MAX;
	int rc;

	*len = 0;
	if (g->error != NULL)
		return -1;
	/* Without input, too: zlib may hold bytes that did not fit before. */
	do {
		if (g->place != IN_MEMBER && (rc = next_member(g)) != 1)
			return rc;
		g->z.next_out = p;
		g->z.avail_out = room;
		rc = inflate(&g->z, Z_NO_FLUSH);
		*len = room - g->z.avail_out;
		if (rc == Z_STREAM_END)
			g->place = AFTER_MEMBER;
		else if (rc != Z_OK && rc != Z_BUF_ERROR)
			g->error = "the gzip data are damaged";
		if (*len > 0)
			return 1;
	} while (g->error == NULL && g->z.avail_in > 0);
	return g->error == NULL ? 0 : -1;
}

bool
gunzip_is_whole(const struct gunzip *g)
{
	return g->place != IN_MEMBER;
}

const char *
gunzip_error(const struct gunzip *g)
{
	return g->error;
}
