/* SPDX-License-Identifier: ISC */
/*
 * Single groups without tables: their states stand in arrays, by number, and
 * the numbers of those that end are given again.
 */
#ifndef MILLRACE_WINDOW_SLOTS_H
#define MILLRACE_WINDOW_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "window/pane.h"

/* Invariant: the states of numbers in free are empty. */
struct slots {
	const struct pane_plan *plan; /* borrowed */
	struct agg_set *sets; /* one for each state */
	uint32_t n; /* numbers given so far */
	uint32_t *free;
	size_t n_free;
	size_t cap_free;
};

void slots_init(struct slots *s, const struct pane_plan *plan);
void slots_release(struct slots *s);

/*
 * slots_take: a number, whose states are empty.
 * slots_add: add rows sel[0..n) to slot.  slots_merge: add all of another one,
 * which ends.  Both: 0, or -1 with the reason in *why (static).
 * slots_move: slot ends, and its states become those of group 0 of p, which
 * has one, without any.
 */
uint32_t slots_take(struct slots *s);
int slots_add(struct slots *s, uint32_t slot, const char **why,
    const struct pane_rows *in, const uint32_t *sel, uint32_t n);
int slots_merge(
    struct slots *s, uint32_t slot, const char **why, uint32_t from);
void slots_move(struct slots *s, uint32_t slot, struct pane *p);

/* The states of a slot as bytes; load: 0, or -1 when they are malformed. */
void slots_save(const struct slots *s, uint32_t slot, struct buf *out);
int slots_load(struct slots *s, uint32_t slot, struct cur *in);

#endif
