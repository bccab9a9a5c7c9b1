/* SPDX-License-Identifier: ISC */
/*
 * first and last by (event time, part, order in the part).  sreduce(1),
 * AGGREGATES.
 */
#include <stdlib.h>
#include <string.h>

#include "agg/agg_int.h"

struct place {
	int64_t time_us;
	int64_t part;
	uint64_t order;
};

struct pick {
	struct place place;
	int64_t value; /* of a wide type; bits of a double; a bool */
	char *p; /* owned; of a str */
	uint32_t len;
	uint32_t cap;
	uint64_t seen;
};

static int
compare(const struct place *a, const struct place *b)
{
	if (a->time_us != b->time_us)
		return a->time_us < b->time_us ? -1 : 1;
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

/* Whether a cell there takes the place of what s has; if so, it is noted. */
static bool
wins(struct pick *s, const struct place *at, int sign)
{
	if (s->seen != 0 && compare(at, &s->place) * sign <= 0)
		return false;
	s->seen = 1;
	s->place = *at;
	return true;
}

static void
keep_str(struct pick *s, const char *p, size_t len)
{
	if (s->p == NULL || len > s->cap) {
		free(s->p);
		s->p = mem_alloc(len);
		s->cap = (uint32_t)len;
	}
	if (len > 0)
		memcpy(s->p, p, len);
	s->len = (uint32_t)len;
}

static struct place
place_of(const struct agg_rows *r, uint32_t row)
{
	return (struct place){
	    .time_us = r->time_us == NULL ? 0 : r->time_us[row],
	    .part = r->parts == NULL ? r->part : r->parts[row],
	    .order = r->order + row};
}

#define KERNEL(name, sign, keep)                                               \
	static int name(void *states, const char **why,                        \
	    const struct agg_rows *r, const struct col *c)                     \
	{                                                                      \
		struct pick *all = states;                                     \
                                                                               \
		(void)why;                                                     \
		for (uint32_t i = 0; i < r->n; i++) {                          \
			uint32_t row = AGG_ROW(r->sel, i);                     \
			struct place at = place_of(r, row);                    \
			struct pick *s = &all[AGG_GROUP(r, r->group, row)];    \
                                                                               \
			if (wins(s, &at, sign))                                \
				keep(s, c, row);                               \
		}                                                              \
		return 0;                                                      \
	}

static void
keep_wide(struct pick *s, const struct col *c, uint32_t row)
{
	s->value = c->i[row];
}

static void
keep_bool(struct pick *s, const struct col *c, uint32_t row)
{
	s->value = bit_get(c->bits, col_entry(c, row));
}

static void
keep_cell(struct pick *s, const struct col *c, uint32_t row)
{
	size_t len;
	const char *p = col_str(c, row, &len);

	keep_str(s, p, len);
}

KERNEL(first_wide, -1, keep_wide)
KERNEL(last_wide, 1, keep_wide)
KERNEL(first_bool, -1, keep_bool)
KERNEL(last_bool, 1, keep_bool)
KERNEL(first_str, -1, keep_cell)
KERNEL(last_str, 1, keep_cell)

static int
merge(struct pick *s, const struct pick *f, int sign)
{
	if (f->seen == 0 || !wins(s, &f->place, sign))
		return 0;
	s->value = f->value;
	if (f->p != NULL)
		keep_str(s, f->p, f->len);
	return 0;
}

static int
first_merge(void *state, const char **why, const void *from)
{
	(void)why;
	return merge(state, from, -1);
}

static int
last_merge(void *state, const char **why, const void *from)
{
	(void)why;
	return merge(state, from, 1);
}

static void
save(struct buf *out, const void *state)
{
	const struct pick *s = state;

	buf_put_int(out, s->seen, 1);
	if (s->seen == 0)
		return;
	buf_put_int(out, (uint64_t)s->place.time_us, 8);
	buf_put_int(out, (uint64_t)s->place.part, 8);
	buf_put_int(out, s->place.order, 8);
	buf_put_int(out, (uint64_t)s->value, 8);
	buf_put_int(out, s->p != NULL, 1);
	if (s->p != NULL)
		buf_put_str(out, s->p, s->len);
}

static int
load(struct pick *s, struct cur *in, int sign)
{
	struct pick f = {.seen = cur_get_int(in, 1)};
	const char *p = NULL;
	uint64_t is_str;
	size_t len;

	if (in->failed || f.seen > 1)
		return -1;
	if (f.seen == 0)
		return 0;
	f.place.time_us = (int64_t)cur_get_int(in, 8);
	f.place.part = (int64_t)cur_get_int(in, 8);
	f.place.order = cur_get_int(in, 8);
	f.value = (int64_t)cur_get_int(in, 8);
	is_str = cur_get_int(in, 1);
	if (is_str == 1)
		p = cur_get_str(in, &len, COL_MAX_BYTES);
	if (in->failed || is_str > 1)
		return -1;
	if (!wins(s, &f.place, sign))
		return 0;
	s->value = f.value;
	if (p != NULL)
		keep_str(s, p, len);
	return 0;
}

static int
first_load(void *state, struct cur *in)
{
	return load(state, in, -1);
}

static int
last_load(void *state, struct cur *in)
{
	return load(state, in, 1);
}

static void
release(void *state)
{
	free(((struct pick *)state)->p);
}

int
pick_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct pick *s = state;
	double x;

	if (s->seen == 0) {
		colbuf_push_null(out);
		return 0;
	}
	switch (f->result) {
	case TYPE_BOOL:
		colbuf_push_bool(out, s->value != 0);
		break;
	case TYPE_FLOAT:
		memcpy(&x, &s->value, sizeof(x));
		colbuf_push_float(out, x);
		break;
	case TYPE_STR:
	case TYPE_BIN:
		colbuf_push_str(out, s->p, s->len);
		break;
	case TYPE_INT:
	case TYPE_TIME:
	case TYPE_DUR:
	default:
		colbuf_push_int(out, s->value);
		break;
	}
	return 0;
}

static size_t
owned(const void *state)
{
	return ((const struct pick *)state)->cap;
}

#define KIND(update, one)                                                      \
	{                                                                      \
		sizeof(struct pick), 1, update, one##_merge, save, one##_load, \
		    release, 0, NULL, owned                                    \
	}
const struct agg_kind pick_first_wide = KIND(first_wide, first);
const struct agg_kind pick_last_wide = KIND(last_wide, last);
const struct agg_kind pick_first_bool = KIND(first_bool, first);
const struct agg_kind pick_last_bool = KIND(last_bool, last);
const struct agg_kind pick_first_str = KIND(first_str, first);
const struct agg_kind pick_last_str = KIND(last_str, last);
