/* SPDX-License-Identifier: ISC */
/*
 * first and last by (event time, part, order in the part).  sreduce(1),
 * AGGREGATES.
 */
#include <stdlib.h>

#include "agg/agg_int.h"
#include "agg/place.h"
#include "data/kept.h"

struct pick {
	struct place place;
	struct kept value;
};

/* Whether a cell there takes the place of what s has; if so, it is noted. */
static bool
wins(struct pick *s, const struct place *at, int sign)
{
	if (s->value.seen && place_compare(at, &s->place) * sign <= 0)
		return false;
	s->place = *at;
	return true;
}

static void
update(
    struct pick *all, const struct agg_rows *r, const struct col *c, int sign)
{
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = AGG_ROW(r->sel, i);
		struct place at = place_of(r, row);
		struct pick *s = &all[AGG_GROUP(r, r->group, row)];

		if (wins(s, &at, sign))
			kept_set(&s->value, c, row);
	}
}

static void
save(struct buf *out, const void *state)
{
	const struct pick *s = state;

	buf_put_int(out, s->value.seen, 1);
	if (!s->value.seen)
		return;
	place_save(out, &s->place);
	kept_save(out, &s->value);
}

static int
load(struct pick *s, struct cur *in, int sign, bool is_str, uint64_t base)
{
	uint64_t seen = cur_get_int(in, 1);
	struct kept value = {.p = NULL};
	struct place at;
	int rc = -1;

	if (in->failed || seen > 1)
		return -1;
	if (seen == 0)
		return 0;
	at = place_load(in, base);
	if (kept_load(&value, in, is_str) == 0 && value.valid) {
		rc = 0;
		if (wins(s, &at, sign))
			kept_copy(&s->value, &value);
	}
	free(value.p);
	return rc;
}

static void
release(void *state)
{
	free(((struct pick *)state)->value.p);
}

int
pick_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	(void)f;
	kept_push(out, &((const struct pick *)state)->value);
	return 0;
}

static size_t
owned(const void *state)
{
	return ((const struct pick *)state)->value.cap;
}

#define SIDE(name, sign)                                                       \
	static int name##_update(void *states, const char **why,               \
	    const struct agg_rows *r, const struct col *c)                     \
	{                                                                      \
		(void)why;                                                     \
		update(states, r, c, sign);                                    \
		return 0;                                                      \
	}                                                                      \
	static int name##_merge(                                               \
	    void *state, const char **why, const void *from)                   \
	{                                                                      \
		struct pick *s = state;                                        \
		const struct pick *f = from;                                   \
                                                                               \
		(void)why;                                                     \
		if (f->value.seen && wins(s, &f->place, sign))                 \
			kept_copy(&s->value, &f->value);                       \
		return 0;                                                      \
	}
SIDE(first, -1)
SIDE(last, 1)

#define KIND(name, side, sign, is_str)                                         \
	static int name##_load(void *state, struct cur *in)                    \
	{                                                                      \
		return load(state, in, sign, is_str, 0);                       \
	}                                                                      \
	static int name##_load_at(void *state, struct cur *in, uint64_t base)  \
	{                                                                      \
		return load(state, in, sign, is_str, base);                    \
	}                                                                      \
	const struct agg_kind pick_##name = {sizeof(struct pick), 2,           \
	    side##_update, side##_merge, save, name##_load, release, 0, NULL,  \
	    owned, name##_load_at};
KIND(first_wide, first, -1, false)
KIND(last_wide, last, 1, false)
KIND(first_str, first, -1, true)
KIND(last_str, last, 1, true)
