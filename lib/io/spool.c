/* SPDX-License-Identifier: ISC */
/* Reading ahead. */
#include "io/spool.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

#define KEEP (1u << 20) /* memory that an empty spool keeps */

void
spool_init(struct spool *s, int fd, size_t max)
{
	*s = (struct spool){.fd = fd, .max = max};
}

void
spool_release(struct spool *s)
{
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	free(s->data);
}

bool
spool_full(const struct spool *s)
{
	return s->ended || s->len >= s->max;
}

/* Room for one read behind the bytes. */
static void
make_room(struct spool *s)
{
	/* As much is moved as was taken, at most. */
	if (s->from >= s->len && s->from > 0) {
		memmove(s->data, s->data + s->from, s->len);
		s->from = 0;
	}
	s->data = mem_grow(s->data, &s->cap, s->from + s->len + SPOOL_STEP, 1);
}

int
spool_fill(struct spool *s)
{
	ssize_t n;

	make_room(s);
	n = io_read(s->fd, s->data + s->from + s->len, SPOOL_STEP);
	if (n == -1)
		return -1;
	s->len += (size_t)n;
	s->ended = n == 0;
	return 0;
}

ssize_t
spool_read(struct spool *s, void *p, size_t len)
{
	ssize_t n;

	if (s->len == 0) {
		n = s->ended ? 0 : io_read(s->fd, p, len);
		s->ended |= n == 0;
		return n;
	}
	if (len > s->len)
		len = s->len;
	memcpy(p, s->data + s->from, len);
	s->from += len;
	s->len -= len;
	if (s->len == 0) {
		s->from = 0;
		if (s->cap > KEEP) {
			free(s->data);
			s->data = NULL;
			s->cap = 0;
		}
	}
	return (ssize_t)len;
}
