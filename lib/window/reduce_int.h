/* SPDX-License-Identifier: ISC */
/* What the files that reduce windows share. */
#ifndef MILLRACE_WINDOW_REDUCE_INT_H
#define MILLRACE_WINDOW_REDUCE_INT_H

#include "window/reduce.h"
#include "window/session.h"
#include "window/spill.h"

#define REDUCE_MAX_SPARE 64 /* tables kept for reuse */

/*
 * Invariants: panes[0..n_panes) ascend by start and hold rows; every pane's
 * last window ends above closed_us.
 *
 * Windows that share panes are combined by two stacks.  The first n_front
 * panes hold suffixes: panes[i] is the union of what was in i..n_front-1.
 * back is the union of the next n_back panes, which still hold their own.  A
 * window that begins with panes[0] is then the union of two tables, however
 * many panes it has.  All of these panes have ended, so no row comes to them.
 * Cumulative windows need no front: all their panes are in back.
 */
struct reduce {
	const struct pane_plan *plan;
	bool windowed;
	struct sessions *sessions; /* or NULL, and then all that follows */
	struct grid grid;
	struct zone *zone;
	struct pane **panes;
	size_t n_panes;
	size_t cap;
	size_t n_front;
	size_t n_back;
	struct pane *back; /* or NULL; worth nothing while both are 0 */
	struct pane *last; /* the one found last */
	struct pane *spare[REDUCE_MAX_SPARE];
	size_t n_spare;
	struct pane *given; /* the table of the last window */
	struct spill *spill; /* or NULL: memory is not bounded */
	size_t mem;
	bool more; /* spill may have more of the last window */
	uint64_t n_merges;
	int64_t closed_us; /* end of the last window, or TIME_NONE */
	uint32_t *order;
	size_t cap_order;
};

/* A table without rows, and a table (NULL is nothing) back to make others of.
 */
struct pane *reduce_take(struct reduce *r);
void reduce_give_back(struct reduce *r, struct pane *p);

/*
 * Above most bytes of memory, move tables out until half of what may be used
 * is free; without keys there is nothing to move.  0, or -1 with *why.
 */
int reduce_relieve(struct reduce *r, const char **why, size_t most);

/*
 * Between calls: the table of the last window is forgotten, and where memory is
 * bounded tables are moved out until the rest takes no more than most bytes.
 * 0, or -1 with *why.
 */
int reduce_settle(struct reduce *r, const char **why, size_t most);

#endif
