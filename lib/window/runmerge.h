/* SPDX-License-Identifier: ISC */
/* Several sorted runs as one. */
#ifndef MILLRACE_WINDOW_RUNMERGE_H
#define MILLRACE_WINDOW_RUNMERGE_H

#include "window/runs.h"

struct runmerge;

/* How runs are sorted: returns < 0, 0, > 0. */
typedef int runmerge_cmp(const struct run_entry *a, const struct run_entry *b);

/* By hash, then by the bytes of the key; by first. */
runmerge_cmp runmerge_by_key, runmerge_by_first;

/*
 * Read runs[0..n), sorted by cmp, through mem bytes of memory.  They are
 * borrowed for the call only; the merge keeps a reference of each.
 * runmerge_next: the next entry of all, valid until the next call; those that
 * are equal follow each other.  1, 0 at the end, -1 with runs_error.
 */
struct runmerge *runmerge_new(
    struct run *const *runs, size_t n, size_t mem, runmerge_cmp *cmp);
void runmerge_free(struct runmerge *m);
int runmerge_next(struct runmerge *m, struct run_entry *e);

#endif
