/* SPDX-License-Identifier: ISC */
/* --over: which of a key's rows are still in sight. */
#include "step/over.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"

/* The rows in sight of one group; their times, ascending, as a ring. */
struct over_times {
	int64_t *ring; /* cap of them, a power of two; NULL without a time */
	uint32_t at; /* of the oldest */
	uint32_t n;
	uint32_t cap;
	int64_t last_us;
};

static void
grow(struct over *o, uint32_t n)
{
	if (n <= o->n)
		return;
	o->times = mem_grow(o->times, &o->cap, n, sizeof(*o->times));
	memset(o->times + o->n, 0, (n - o->n) * sizeof(*o->times));
	o->n = n;
}

static void
push(struct over_times *t, int64_t us)
{
	uint32_t cap = t->cap == 0 ? 4 : 2 * t->cap;
	int64_t *ring;

	if (t->n == t->cap) {
		ring = mem_resize(NULL, cap, sizeof(*ring));
		for (uint32_t i = 0; i < t->n; i++)
			ring[i] = t->ring[(t->at + i) & (t->cap - 1)];
		free(t->ring);
		t->ring = ring;
		t->cap = cap;
		t->at = 0;
	}
	t->ring[(t->at + t->n++) & (t->cap - 1)] = us;
	t->last_us = us;
}

/* How many rows are too old once a row of that time is there. */
static uint32_t
too_old(struct over_times *t, int64_t us, int64_t length)
{
	uint32_t n = 0;
	int64_t from;

	if (!num_sub(&from, us, length))
		from = TIME_NONE;
	for (; t->n > 0 && t->ring[t->at] <= from; n++) {
		t->at = (t->at + 1) & (t->cap - 1);
		t->n--;
	}
	return n;
}

void
over_rows(struct over *o, const struct keyed *k, uint32_t n)
{
	grow(o, k->n);
	o->leave = mem_grow(o->leave, &o->cap_leave, n, sizeof(*o->leave));
	for (uint32_t r = 0; r < n; r++) {
		struct over_times *t = &o->times[k->group[r]];
		int64_t us = o->us > 0 ? k->times[r] : 0;

		if (k->begins[r]) {
			t->n = 0;
			t->last_us = TIME_NONE;
		}
		if (us < t->last_us)
			us = t->last_us;
		o->leave[r] = o->us > 0 ? too_old(t, us, o->us) : 0;
		if (o->rows > 0 && t->n == o->rows) {
			o->leave[r]++;
			t->n--;
			t->at = o->us > 0 ? (t->at + 1) & (t->cap - 1) : 0;
		}
		if (o->us > 0)
			push(t, us);
		else
			t->n++;
	}
}

void
over_keep(struct over *o, const uint32_t *keep, uint32_t n)
{
	uint32_t at = 0;

	for (uint32_t g = 0; g < o->n; g++) {
		if (at < n && keep[at] == g)
			o->times[at++] = o->times[g];
		else
			free(o->times[g].ring);
	}
	o->n = at;
}

void
over_release(struct over *o)
{
	for (uint32_t g = 0; g < o->n; g++)
		free(o->times[g].ring);
	free(o->times);
	free(o->leave);
}

void
over_save(const struct over *o, struct buf *out)
{
	buf_put_int(out, o->n, 4);
	for (uint32_t g = 0; g < o->n; g++) {
		const struct over_times *t = &o->times[g];

		buf_put_int(out, (uint64_t)t->last_us, 8);
		buf_put_int(out, t->n, 4);
		for (uint32_t i = 0; o->us > 0 && i < t->n; i++)
			buf_put_int(out,
			    (uint64_t)t->ring[(t->at + i) & (t->cap - 1)], 8);
	}
}

int
over_load(struct over *o, struct cur *in)
{
	uint64_t n_groups = cur_get_int(in, 4);

	if (in->failed || n_groups > in->left)
		return -1;
	grow(o, (uint32_t)n_groups);
	for (uint32_t g = 0; g < o->n; g++) {
		struct over_times *t = &o->times[g];
		int64_t last_us = (int64_t)cur_get_int(in, 8);
		uint32_t n = (uint32_t)cur_get_int(in, 4);

		if (in->failed || (o->us > 0 && in->left / 8 < n))
			return -1;
		for (uint32_t i = 0; o->us > 0 && i < n; i++)
			push(t, (int64_t)cur_get_int(in, 8));
		t->n = n;
		t->last_us = last_us;
	}
	return in->failed ? -1 : 0;
}
