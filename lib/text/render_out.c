/* SPDX-License-Identifier: ISC */
/* Output on its way to a sink: one buffer of constant size. */
#include "text/render_out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
render_out_init(struct render_out *o, render_write_fn write, void *arg)
{
	o->start = o->p = mem_alloc(RENDER_BUF_LEN);
	o->end = o->start + RENDER_BUF_LEN;
	o->write = write;
	o->arg = arg;
	o->n_flushed = 0;
	o->failed = false;
}

void
render_out_release(struct render_out *o)
{
	free(o->start);
	o->start = o->p = o->end = NULL;
}

void
render_out_flush(struct render_out *o)
{
	size_t len = (size_t)(o->p - o->start);

	if (len > 0 && !o->failed && o->write(o->arg, o->start, len) == -1)
		o->failed = true;
	o->n_flushed += len;
	o->p = o->start;
}

void
render_out_long(struct render_out *o, const void *p, size_t len)
{
	const char *s = p;

	while (len > 0) {
		size_t n = (size_t)(o->end - o->p);

		if (n == 0) {
			render_out_flush(o);
			continue;
		}
		if (n > len)
			n = len;
		memcpy(o->p, s, n);
		o->p += n;
		s += n;
		len -= n;
	}
}

void
render_out_puts(struct render_out *o, const char *s)
{
	render_out_put(o, s, strlen(s));
}

void
render_out_printf(struct render_out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	render_out_room(o, RENDER_ROOM);
	va_start(ap, fmt);
	n = vsnprintf(o->p, RENDER_ROOM, fmt, ap);
	va_end(ap);
	if (n > 0)
		o->p += (size_t)n < RENDER_ROOM ? (size_t)n : RENDER_ROOM - 1;
}
