/* SPDX-License-Identifier: ISC */
/*
 * Runs in snapshots: where they are in files that outlast the process.
 * millrace-checkpoint(5), FILES.
 */
#ifndef MILLRACE_WINDOW_RUNKEEP_H
#define MILLRACE_WINDOW_RUNKEEP_H

#include "base/buf.h"
#include "window/runs.h"

struct runkeep; /* a snapshot being made */

/*
 * runkeep_begin: the snapshot of epoch; those before epoch least are of no use
 * any more.  runkeep_put: n runs, as one list, of which each keeps a reference.
 * runkeep_end: all that was put is durable, the name of its file with it, and
 * stands in out.  Frees k.  0, or -1 with runs_error.
 * runkeep_forget: the snapshots before that epoch; files and room that were
 * there for them are given back.
 */
struct runkeep *runkeep_begin(
    struct runs *r, struct buf *out, uint64_t epoch, uint64_t least);
void runkeep_put(struct runkeep *k, struct run *const *runs, size_t n);
int runkeep_end(struct runkeep *k);
void runkeep_forget(struct runs *r, uint64_t epoch);

/*
 * runkeep_load: take up the snapshot of epoch, or, with nothing in in, begin
 * without one: its files are there, its runs are what they were, and other
 * files of earlier starts go.  0; -1 with runs_error, or without when in is
 * malformed.
 * runkeep_get: the next list of runs, in the order in which they were put, *n
 * of them, each with a reference of its own; an array to be freed, which may
 * be empty, or NULL when in is malformed.
 */
int runkeep_load(struct runs *r, struct cur *in, uint64_t epoch);
struct run **runkeep_get(struct runs *r, size_t *n, struct cur *in);

#endif
