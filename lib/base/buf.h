/* SPDX-License-Identifier: ISC */
/* Bounded bytes: little-endian writing into a buffer, reading from a view. */
#ifndef MILLRACE_BASE_BUF_H
#define MILLRACE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t
le_get(const uint8_t *p, unsigned n_bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n_bytes; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static inline void
le_put(uint8_t *p, uint64_t v, unsigned n_bytes)
{
	for (unsigned i = 0; i < n_bytes; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* Growing bytes.  All zero bytes with a max is a valid empty buffer. */
struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max; /* len never passes it; 0 = no bound but memory */
	bool failed; /* something did not fit; sticky until buf_reset */
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
void buf_reset(struct buf *b);

/*
 * Append.  What would pass b->max is not written and sets b->failed, so that
 * a series of puts is checked once, at its end.
 * buf_reserve: room for len more bytes, returned as a pointer that is valid
 * until the next call, or NULL; the caller then adds to b->len what it wrote.
 * buf_put_int: v in n_bytes little-endian bytes.
 * buf_put_str: a u32 length, then the bytes.
 * buf_printf: formatted text without its NUL.
 */
uint8_t *buf_reserve(struct buf *b, size_t len);
void buf_put(struct buf *b, const void *p, size_t len);
void buf_put_int(struct buf *b, uint64_t v, unsigned n_bytes);
void buf_put_str(struct buf *b, const void *p, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A view that is read from its front; never grows, never frees. */
struct cur {
	const uint8_t *p;
	size_t left;
	bool failed; /* read past the end; sticky */
};

void cur_init(struct cur *c, const void *p, size_t len);

/*
 * Take from the front.  Past the end they set c->failed and give 0 or NULL.
 * Returned pointers point into the view.  cur_get_str reads what buf_put_str
 * wrote; *len is its length, refused (failed) above max.
 */
uint64_t cur_get_int(struct cur *c, unsigned n_bytes);
const uint8_t *cur_get(struct cur *c, size_t len);
const char *cur_get_str(struct cur *c, size_t *len, size_t max);

#endif
