/* SPDX-License-Identifier: ISC */
/* Output on its way to a sink: one buffer of constant size. */
#ifndef MILLRACE_TEXT_RENDER_OUT_H
#define MILLRACE_TEXT_RENDER_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "text/render.h"

#define RENDER_BUF_LEN (256u << 10)
#define RENDER_ROOM 4096 /* the most that is asked for at once */

/* Output on its way to write. */
struct render_out {
	char *start; /* owned, RENDER_BUF_LEN bytes */
	char *p;
	char *end;
	render_write_fn write;
	void *arg;
	uint64_t n_flushed; /* bytes given to write so far */
	bool failed; /* sticky; the output is then dropped */
};

void render_out_init(struct render_out *o, render_write_fn write, void *arg);
void render_out_release(struct render_out *o);
void render_out_flush(struct render_out *o);

/* How many bytes were put so far. */
static inline uint64_t
render_out_at(const struct render_out *o)
{
	return o->n_flushed + (uint64_t)(o->p - o->start);
}

/* Room for len <= RENDER_ROOM bytes at o->p, which the caller then advances. */
static inline void
render_out_room(struct render_out *o, size_t len)
{
	if ((size_t)(o->end - o->p) < len)
		render_out_flush(o);
}

/* render_out_put of what does not fit into the buffer. */
void render_out_long(struct render_out *o, const void *p, size_t len);

/* Append; render_out_printf at most RENDER_ROOM bytes, the rest is cut. */
static inline void
render_out_put(struct render_out *o, const void *p, size_t len)
{
	if (len == 1 && o->p < o->end) {
		*o->p++ = *(const char *)p;
	} else if (len <= (size_t)(o->end - o->p)) {
		if (len > 0) /* p may be NULL */
			memcpy(o->p, p, len);
		o->p += len;
	} else {
		render_out_long(o, p, len);
	}
}

void render_out_puts(struct render_out *o, const char *s);
void render_out_printf(struct render_out *o, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
