/* SPDX-License-Identifier: ISC */
/* An aggregate over all of a key's rows so far. */
#include "agg/agg.h"
#include "step/call.h"
#include "window/packed.h"

struct running {
	const struct agg_fn *fn;
	struct agg_set set;
};

static void
begin(void *state, const struct expr_call *call)
{
	struct running *s = state;

	s->fn = agg_of_call(call);
	agg_set_init(&s->set, s->fn);
}

static int
rows(void *state, struct colbuf *out, const char **why,
    const struct call_rows *in)
{
	struct running *s = state;
	struct agg_rows one = {.order = in->order};

	if (agg_needs_time(s->fn))
		one.time_us = in->keyed->times;
	agg_set_grow(&s->set, in->keyed->n);
	for (uint32_t r = 0; r < in->n; r++) {
		one.one = in->keyed->group[r];
		if (in->keyed->begins[r])
			agg_clear(&s->set, one.one);
		if (agg_one(&s->set, why, &one, in->arg, r) == -1)
			return -1;
		if (agg_final(out, s->fn, &s->set, one.one) == -1) {
			*why = agg_limit(s->fn);
			return -1;
		}
		if (call_too_long(out, why))
			return -1;
	}
	return 0;
}

static void
keep(void *state, const uint32_t *old, uint32_t n)
{
	agg_keep(&((struct running *)state)->set, old, n);
}

static void
release(void *state)
{
	struct running *s = state;

	if (s->fn != NULL)
		agg_set_release(&s->set);
}

static void
save(const void *state, struct buf *out)
{
	packed_put_set(out, &((const struct running *)state)->set);
}

static int
load(void *state, struct cur *in)
{
	return packed_get_set(&((struct running *)state)->set, in);
}

const struct call_kind running_call = {
    sizeof(struct running), begin, rows, keep, release, save, load};
