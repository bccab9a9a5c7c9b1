/* SPDX-License-Identifier: ISC */
/*
 * Tables too large for memory: groups go out as sorted runs and come back,
 * each once, in order of first arrival.  sreduce(1), --mem.
 */
#ifndef MILLRACE_WINDOW_SPILL_H
#define MILLRACE_WINDOW_SPILL_H

#include "window/pane.h"

#define SPILL_MIN_MEM (1u << 20)

struct spill;

/*
 * mem: bytes that reading back may take, about; a group whose own state is
 * larger takes as much as it needs.  plan is borrowed.
 */
struct spill *spill_new(const struct pane_plan *plan, size_t mem);
void spill_free(struct spill *s);

/* Whether the file for the runs failed: an error of I/O. */
bool spill_failed(const struct spill *s);

/* The runs, for snapshots. */
struct runs *spill_runs(struct spill *s);

/*
 * spill_out: p's groups become one more of p's runs, and their memory is
 * given back.
 * spill_begin: from now on spill_next gives all groups of p, in memory or
 * not; p is left without any.
 * spill_next: the next table of some of them, in order of first arrival, for
 * use until the next call: to be read, not to look keys up.  1, 0 when that was
 * all. All: 0, or -1 with the reason in *why, valid as long as s.
 */
int spill_out(struct spill *s, const char **why, struct pane *p);
int spill_begin(struct spill *s, const char **why, struct pane *p);
int spill_next(struct spill *s, const char **why, const struct pane **piece);

#endif
