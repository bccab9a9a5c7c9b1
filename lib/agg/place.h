/* SPDX-License-Identifier: ISC */
/* Where a row stands in the order of all: what first, last and ties go by. */
#ifndef MILLRACE_AGG_PLACE_H
#define MILLRACE_AGG_PLACE_H

#include "agg/agg.h"

struct place {
	int64_t time_us;
	int64_t part;
	uint64_t order;
};

/* By event time, part and order in the part: below 0, 0, above 0. */
static inline int
place_compare(const struct place *a, const struct place *b)
{
	if (a->time_us != b->time_us)
		return a->time_us < b->time_us ? -1 : 1;
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static inline struct place
place_of(const struct agg_rows *r, uint32_t row)
{
	return (struct place){
	    .time_us = r->time_us == NULL ? 0 : r->time_us[row],
	    .part = r->parts == NULL ? r->part : r->parts[row],
	    .order = r->order + row};
}

/* 24 bytes; a cur that is too short fails.  base is added to the order. */
static inline void
place_save(struct buf *out, const struct place *p)
{
	buf_put_int(out, (uint64_t)p->time_us, 8);
	buf_put_int(out, (uint64_t)p->part, 8);
	buf_put_int(out, p->order, 8);
}

static inline struct place
place_load(struct cur *in, uint64_t base)
{
	struct place p;

	p.time_us = (int64_t)cur_get_int(in, 8);
	p.part = (int64_t)cur_get_int(in, 8);
	p.order = base + cur_get_int(in, 8);
	return p;
}

#endif
