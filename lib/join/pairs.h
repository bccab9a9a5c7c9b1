/* SPDX-License-Identifier: ISC */
/* Pairs of row numbers that a join has found and not yet given. */
#ifndef MILLRACE_JOIN_PAIRS_H
#define MILLRACE_JOIN_PAIRS_H

#include <stdint.h>

#define PAIRS_MAX (64u << 10)

/*
 * Pair i is row l[i] of the left side and row r[i] of the right one, or
 * SIDE_NONE, in the window [start[i], end[i]).
 */
struct pairs {
	uint32_t l[PAIRS_MAX];
	uint32_t r[PAIRS_MAX];
	int64_t start[PAIRS_MAX];
	int64_t end[PAIRS_MAX];
	uint32_t n;
	int64_t start_us; /* of the window at hand; 0 without windows */
	int64_t end_us;
	int (*full)(void *arg); /* give them, so that n is 0; 0 or -1 */
	void *arg;
};

/* Add one.  0, or -1 when full failed. */
static inline int
pairs_add(struct pairs *p, uint32_t l, uint32_t r)
{
	if (p->n == PAIRS_MAX && p->full(p->arg) == -1)
		return -1;
	p->l[p->n] = l;
	p->r[p->n] = r;
	p->start[p->n] = p->start_us;
	p->end[p->n++] = p->end_us;
	return 0;
}

#endif
