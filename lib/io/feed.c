/* SPDX-License-Identifier: ISC */
/* Bytes that were read and not yet taken, in one piece. */
#include "io/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
feed_release(struct feed *f)
{
	free(f->data);
	*f = (struct feed){0};
}

void
feed_begin(struct feed *f)
{
	f->at = f->len = 0;
	f->off = 0;
}

void
feed_put(struct feed *f, const void *p, size_t len)
{
	if (len == 0)
		return;
	f->data = mem_grow(f->data, &f->cap, f->len + len, 1);
	memcpy(f->data + f->len, p, len);
	f->len += len;
}

void
feed_unread(struct feed *f, const char *p, size_t len)
{
	size_t left = f->len - f->at;

	if (len == 0)
		return;
	f->off -= len;
	if (f->at < len) {
		f->data = mem_grow(f->data, &f->cap, len + left, 1);
		memmove(f->data + len, f->data + f->at, left);
		f->at = len;
		f->len = len + left;
	}
	f->at -= len;
	memcpy(f->data + f->at, p, len);
}

enum source_got
feed_fill(struct feed *f, struct source *s, size_t block)
{
	enum source_got got;
	size_t n;

	/* What is left is part of one record, so this copies little. */
	if (f->at > 0) {
		memmove(f->data, f->data + f->at, f->len - f->at);
		f->len -= f->at;
		f->at = 0;
	}
	f->data = mem_grow(f->data, &f->cap, f->len + block, 1);
	got = source_read(s, f->data + f->len, block, &n);
	f->len += n;
	return got;
}
