/* SPDX-License-Identifier: ISC */
/* Intermediate results within a batch.  sreduce(1), --early. */
#include "group/early.h"

#include "base/num.h"
#include "group/group_int.h"

/* The period that a time lies in ends here. */
static int64_t
period_end(const struct early *e, int64_t t)
{
	int64_t end;

	return num_add(&end, t - num_floor_mod(t, e->every_us), e->every_us)
		   ? end
		   : INT64_MAX;
}

uint32_t
early_run(struct early *e, const int64_t *times, uint32_t from, uint32_t n)
{
	for (uint32_t r = from; r < n; r++) {
		if (times[r] == INT64_MIN
		    || (e->begun && times[r] < e->until_us))
			continue;
		e->until_us = period_end(e, times[r]);
		/* The row that begins all has nothing before it. */
		if (e->begun)
			return r - from;
		e->begun = true;
	}
	return n - from;
}

/* Rows [from, from + n) of b. */
static int
add_part(struct stage *st, struct group *g, const struct frame *f,
    struct batch *b, uint32_t from, uint32_t n)
{
	uint32_t *sel;

	if (n == b->n_rows)
		return g->way->add(st, g, f, b);
	sel = arena_alloc(&b->arena, n * sizeof(*sel));
	for (uint32_t i = 0; i < n; i++)
		sel[i] = from + i;
	batch_gather(&g->early.part, b, sel, n);
	return g->way->add(st, g, f, &g->early.part);
}

int
group_add_early(
    struct stage *st, struct group *g, const struct frame *f, struct batch *b)
{
	uint32_t from = 0, n;
	const int64_t *times;

	if (b->n_rows == 0)
		return 0;
	if (g->early.every_us == 0)
		return g->way->add(st, g, f, b);
	times = group_times(g, b);
	while (from < b->n_rows) {
		n = early_run(&g->early, times, from, b->n_rows);
		if (n > 0 && add_part(st, g, f, b, from, n) == -1)
			return -1;
		from += n;
		if (from < b->n_rows && g->way->early(st, g) == -1)
			return -1;
	}
	return 0;
}
