/* SPDX-License-Identifier: ISC */
/* A table of groups: keys, and for each the states of the aggregates. */
#ifndef MILLRACE_WINDOW_PANE_H
#define MILLRACE_WINDOW_PANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agg/agg.h"
#include "window/keys.h"
#include "window/runs.h"

#define PANE_MAX_BYTES (UINT32_C(2) << 30) /* text of one key column */
#define PANE_UNIT 16

/* What all tables of an operator have in common; borrowed by them. */
struct pane_plan {
	const enum type *key_types;
	size_t n_keys; /* 0: one group, which is there from the start */
	const size_t *session_keys; /* which keys sessions are of */
	size_t n_session_keys;
	const struct agg_fn *const *states; /* one for each kept state */
	size_t n_states;
	bool track; /* the tables know when a group had its last row */
	bool measured; /* pane_bytes is wanted */
	bool loads; /* rows are states: args are bins that agg_save wrote */
};

/* What states own beside the array of them, as far as it is measured. */
struct pane_owned {
	uint32_t *units; /* by group, of PANE_UNIT bytes */
	size_t cap;
	uint32_t n; /* groups that units has */
	size_t total;
};

/* The groups of runs are not in memory: keys and sets know only the others. */
struct pane {
	const struct pane_plan *plan;
	int64_t start; /* microseconds, or a number; 0 without windows */
	int64_t end;
	struct keys keys;
	struct agg_set *sets;
	uint64_t *last; /* by group: order of its last row, with plan->track */
	size_t cap_last;
	uint64_t newest; /* the greatest of them */
	uint32_t n_rows; /* of the frame at hand; scratch of the operator */
	uint32_t at; /* where those begin */
	struct pane_owned *owned; /* by state; NULL unless measured */
	struct run **runs; /* a reference of each */
	size_t n_runs;
	size_t cap_runs;
};

struct pane *pane_new(const struct pane_plan *plan);
void pane_free(struct pane *p);
void pane_reset(struct pane *p);

uint32_t pane_n_groups(const struct pane *p); /* in memory */
size_t pane_bytes(const struct pane *p); /* of those, with their states */

/*
 * Rows to add.  args[i] has the columns for state i, one behind the other, or
 * is NULL for none; rows has all but n, sel, group and one.
 */
struct pane_rows {
	const struct keys_rows *keys;
	const struct col *const *args;
	const struct agg_rows *rows;
	uint32_t *group; /* scratch, by row */
};

/*
 * pane_add: add rows sel[0..n), or NULL for 0..n-1.
 * pane_merge: add all groups of from, which stays as it is; its runs become
 * p's, too.
 * pane_keep: groups keep[0..n), ascending, become 0..n-1, the others end; of a
 * table with keys.
 * pane_add, pane_merge: 0, or -1 with the reason in *why (static), also when
 * the keys pass PANE_MAX_BYTES.
 */
int pane_add(struct pane *p, const char **why, const struct pane_rows *in,
    const uint32_t *sel, uint32_t n);
int pane_merge(struct pane *p, const char **why, const struct pane *from);
void pane_keep(struct pane *p, const uint32_t *keep, uint32_t n);

/*
 * pane_weigh: measure all states anew, which came by another way.
 * pane_add_run: x, of which p takes the reference, holds more groups of p.
 */
void pane_weigh(struct pane *p);
void pane_add_run(struct pane *p, struct run *x);

/* x holds all groups of p now: give their memory back.  Takes the reference. */
void pane_to_run(struct pane *p, struct run *x);

#endif
