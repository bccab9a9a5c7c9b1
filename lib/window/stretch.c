/* SPDX-License-Identifier: ISC */
/* The time that the rows of one session cover. */
#include "window/stretch.h"

void
stretch_join(struct stretch *to, const struct stretch *x)
{
	if (x->first_us < to->first_us)
		to->first_us = x->first_us;
	if (x->last_us > to->last_us)
		to->last_us = x->last_us;
	if (x->order < to->order)
		to->order = x->order;
}

void
stretch_put(struct buf *out, const struct stretch *x)
{
	buf_put_int(out, 1, 1);
	buf_put_int(out, (uint64_t)x->first_us, 8);
	buf_put_int(out, (uint64_t)x->last_us, 8);
	buf_put_int(out, x->order, 8);
}

void
stretch_end(struct buf *out)
{
	buf_put_int(out, 0, 1);
}

int
stretch_get(struct stretch *x, struct cur *in)
{
	uint64_t more = cur_get_int(in, 1);

	if (in->failed || more > 1)
		return -1;
	if (more == 0)
		return 0;
	x->first_us = (int64_t)cur_get_int(in, 8);
	x->last_us = (int64_t)cur_get_int(in, 8);
	x->order = cur_get_int(in, 8);
	return in->failed || x->first_us > x->last_us ? -1 : 1;
}
