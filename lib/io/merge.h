/* SPDX-License-Identifier: ISC */
/* Rows of several sources in the order of their event times. */
#ifndef MILLRACE_IO_MERGE_H
#define MILLRACE_IO_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "data/batch.h"

/* Rows at hand of one source: those of rows from at on. */
struct merge_run {
	struct build rows;
	uint32_t at;
	uint32_t part;
	void *owner;
	int64_t key; /* private */
};

/*
 * The runs that have rows.  Invariant: a heap by the event time of the first
 * row of each, then by part.
 */
struct merge {
	struct merge_run **heap; /* the runs are borrowed */
	size_t n;
	size_t cap;
	int time_col; /* of the rows; or -1, then there is one run at most */
};

void merge_release(struct merge *m);

/*
 * merge_add: r has rows now.
 * merge_first: the run with the least first row, or NULL; its event time, or
 * INT64_MIN for a row without one, in *t.
 * merge_len: how many of its rows, at most max, come before those of all
 * other runs and are no later than due.  Rows that come after later ones, and
 * those without a time, wait for nothing.
 * merge_took: so many of its rows went; it leaves when none is left.
 */
void merge_add(struct merge *m, struct merge_run *r);
struct merge_run *merge_first(const struct merge *m, int64_t *t);
uint32_t merge_len(const struct merge *m, uint32_t max, int64_t due);
void merge_took(struct merge *m, uint32_t n);

#endif
