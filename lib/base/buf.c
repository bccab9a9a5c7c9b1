/* SPDX-License-Identifier: ISC */
/* Bounded bytes. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_release(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

uint8_t *
buf_reserve(struct buf *b, size_t len)
{
	size_t max = b->max > 0 ? b->max : SIZE_MAX;

	if (b->failed || len > max - b->len) {
		b->failed = true;
		return NULL;
	}
	/* Never without bytes: an empty file's room is no failure, NULL is. */
	b->data =
	    mem_grow(b->data, &b->cap, b->len + len > 0 ? b->len + len : 1, 1);
	return b->data + b->len;
}

void
buf_put(struct buf *b, const void *p, size_t len)
{
	uint8_t *to;

	if (len == 0)
		return;
	to = buf_reserve(b, len);
	if (to == NULL)
		return;
	memcpy(to, p, len);
	b->len += len;
}

void
buf_put_int(struct buf *b, uint64_t v, unsigned n_bytes)
{
	uint8_t *to = buf_reserve(b, n_bytes);

	if (to == NULL)
		return;
	le_put(to, v, n_bytes);
	b->len += n_bytes;
}

void
buf_put_str(struct buf *b, const void *p, size_t len)
{
	if (len > UINT32_MAX) {
		b->failed = true;
		return;
	}
	buf_put_int(b, len, 4);
	buf_put(b, p, len);
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	uint8_t *to;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	/* The final NUL is written, but does not count. */
	to = n < 0 ? NULL : buf_reserve(b, (size_t)n + 1);
	if (to == NULL) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
cur_init(struct cur *c, const void *p, size_t len)
{
	c->p = p;
	c->left = len;
	c->failed = false;
}

const uint8_t *
cur_get(struct cur *c, size_t len)
{
	const uint8_t *p = c->p;

	if (c->failed || len > c->left) {
		c->failed = true;
		return NULL;
	}
	c->p += len;
	c->left -= len;
	return p;
}

uint64_t
cur_get_int(struct cur *c, unsigned n_bytes)
{
	const uint8_t *p = cur_get(c, n_bytes);

	return p == NULL ? 0 : le_get(p, n_bytes);
}

const char *
cur_get_str(struct cur *c, size_t *len, size_t max)
{
	size_t n = cur_get_int(c, 4);

	*len = 0;
	if (n > max)
		c->failed = true;
	if (c->failed)
		return NULL;
	*len = n;
	return (const char *)cur_get(c, n);
}
