/* SPDX-License-Identifier: ISC */
/* Bytes that were read and not yet taken, in one piece. */
#include "io/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
feed_init(struct feed *f)
{
	*f = (struct feed){0};
	/* Never NULL: who is shown no bytes is still shown a place. */
	f->data = mem_grow(NULL, &f->cap, FEED_BLOCK, 1);
}

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

enum source_got
feed_fill(struct feed *f, struct source *s)
{
	enum source_got got;
	size_t n;

	/* What is left is part of one record, so this copies little. */
	if (f->at > 0) {
		memmove(f->data, f->data + f->at, f->len - f->at);
		f->len -= f->at;
		f->at = 0;
	}
	f->data = mem_grow(f->data, &f->cap, f->len + FEED_BLOCK, 1);
	got = source_read(s, f->data + f->len, FEED_BLOCK, &n);
	f->len += n;
	return got;
}
