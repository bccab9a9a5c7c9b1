/* SPDX-License-Identifier: ISC */
/* Several sorted runs as one in which equal entries are made one. */
#ifndef MILLRACE_WINDOW_RUNFOLD_H
#define MILLRACE_WINDOW_RUNFOLD_H

#include "window/pane.h"
#include "window/runmerge.h"

struct runfold;

/*
 * As runmerge_new.  plan, borrowed, says what the states are.
 * runfold_next: the next group, valid until the next call; 1, 0 at the end,
 * -1 with the reason in *why: static, or NULL, and then runs_error has it.
 */
struct runfold *runfold_new(const struct pane_plan *plan,
    struct run *const *runs, size_t n, size_t mem, runmerge_cmp *cmp);
void runfold_free(struct runfold *f);
int runfold_next(struct runfold *f, const char **why, struct run_entry *e);

#endif
