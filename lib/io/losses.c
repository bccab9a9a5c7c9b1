/* SPDX-License-Identifier: ISC */
/* Records that made no row, by where they stand among the rows at hand. */
#include "io/losses.h"

#include <stdlib.h>

#include "base/mem.h"

void
losses_release(struct losses *l)
{
	free(l->v);
	*l = (struct losses){.v = NULL};
}

void
losses_reset(struct losses *l)
{
	l->n = 0;
}

static void
add(struct losses *l, uint32_t at, uint64_t n_bad, uint64_t n_filtered)
{
	if (l->n == 0 || l->v[l->n - 1].at != at) {
		l->v = mem_grow(l->v, &l->cap, l->n + 1, sizeof(*l->v));
		l->v[l->n++] = (struct loss){.at = at};
	}
	l->v[l->n - 1].n_bad += n_bad;
	l->v[l->n - 1].n_filtered += n_filtered;
}

void
losses_add(struct losses *l, uint32_t at)
{
	add(l, at, 1, 0);
}

void
losses_filter(struct losses *l, uint32_t from, uint32_t n_rows,
    const uint32_t *sel, uint32_t n)
{
	struct losses was = *l;
	size_t next = 0;
	uint32_t kept = 0;

	*l = (struct losses){.v = NULL};
	while (next < was.n && was.v[next].at < from) {
		add(l, was.v[next].at, was.v[next].n_bad,
		    was.v[next].n_filtered);
		next++;
	}
	for (uint32_t r = from; r <= n_rows; r++) {
		if (next < was.n && was.v[next].at == r) {
			add(l, from + kept, was.v[next].n_bad,
			    was.v[next].n_filtered);
			next++;
		}
		if (kept < n && sel[kept] == r)
			kept++;
		else if (r < n_rows)
			add(l, from + kept, 0, 1);
	}
	losses_release(&was);
}

void
losses_cut(struct losses *l, struct loss *left, uint32_t n)
{
	size_t to = 0;

	*left = (struct loss){.at = 0};
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].at < n)
			continue;
		l->v[to] = l->v[i];
		l->v[to].at -= n;
		left->n_bad += l->v[i].n_bad;
		left->n_filtered += l->v[i].n_filtered;
		to++;
	}
	l->n = to;
}
