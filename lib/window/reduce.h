/* SPDX-License-Identifier: ISC */
/* Reduce rows to one a window and key: add to panes, close windows. */
#ifndef MILLRACE_WINDOW_REDUCE_H
#define MILLRACE_WINDOW_REDUCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "window/grid.h"
#include "window/pane.h"

struct reduce;

/*
 * window: none means one table that reduce_whole gives; of sessions the plan
 * says whose.
 * plan is borrowed for the life of the operator.  NULL with the reason in
 * *why, to be freed: its time zone is not known here.
 */
struct reduce *reduce_new(
    const struct window_spec *window, const struct pane_plan *plan, char **why);
void reduce_free(struct reduce *r);

/*
 * Bound what tables may take to about mem bytes, at least SPILL_MIN_MEM; the
 * groups beyond that are kept in a file.  Before any row; plan->measured is
 * set, and there are no sessions.
 * reduce_failed_io: whether what failed is that file.
 */
void reduce_bound(struct reduce *r, size_t mem);
bool reduce_failed_io(const struct reduce *r);

/*
 * Add n rows.  panes: the column of their panes (INT for windows of rows,
 * else TIME), or NULL without windows.  Returns 0, or -1 with the reason in
 * *why (static): also when a row's pane is none of these windows' or its end
 * was passed by a window.
 */
int reduce_add(struct reduce *r, const char **why, const struct pane_rows *in,
    const struct col *panes, uint32_t n, struct arena *a);

/* A window that is complete.  Valid until the next call on r. */
struct reduce_window {
	int64_t start_us;
	int64_t end_us;
	const struct pane *table;
	const uint32_t *order; /* groups by first arrival; NULL = 0..n-1 */
};

/*
 * The next window in order of end, with end <= watermark (INT64_MAX = all).
 * Windows without rows are left out.  1, 0 none, -1 with *why.
 * What it was made of is forgotten as soon as no later window needs it.
 */
int reduce_next(struct reduce *r, struct reduce_window *w, const char **why,
    int64_t watermark);

/*
 * Walk over the windows that are still open, in order of end: those with a
 * row whose order is at least since (0: all), as their rows so far have it.
 * Not of sessions.  Begin with the rest zero, and no other call on r between.
 * 1, 0 none, -1 with *why.  They stay open, and *w is valid until the next
 * call on r.
 */
struct reduce_walk {
	uint64_t since;
	int64_t after; /* private from here: end of the window before */
	size_t at; /* panes before it have no more windows */
	bool begun;
};
int reduce_walk(struct reduce *r, struct reduce_walk *walk,
    struct reduce_window *w, const char **why);

/* Make start and end of *w those of the next window, rows or none. */
void reduce_follow(const struct reduce *r, struct reduce_window *w);

/* Groups held, a key of two panes counting twice; of sessions those open. */
size_t reduce_n_groups(const struct reduce *r);

/*
 * Without windows: all rows since the last call, which are then forgotten.  0,
 * or -1 with *why.
 */
int reduce_whole(struct reduce *r, struct reduce_window *w, const char **why);

/*
 * Where memory is bounded, those two may give some of the groups only; this
 * makes w's table others of them, which come later.  1, 0 when that was all,
 * -1 with *why.
 */
int reduce_more(struct reduce *r, struct reduce_window *w, const char **why);

/*
 * The open windows, for a restart.
 * reduce_save: what of them is in memory; where that is bounded, some more is
 * moved out before.  0, or -1 with *why.
 * reduce_load: into one without rows; 0, or -1 when it is malformed.
 */
int reduce_save(struct reduce *r, const char **why, struct buf *out);
int reduce_load(struct reduce *r, struct cur *in);

/*
 * After reduce_bound: what is in a file.
 * reduce_keep: the file is one in that place; before reduce_load, or any row.
 * reduce_save_runs: after reduce_save: which runs there are, all durable, for
 * the snapshot of epoch; those before epoch least are of no use any more.
 * reduce_load_runs: after reduce_load, or instead of it with nothing in in.
 * Both int: 0, or -1 with *why; *why NULL: in is malformed.
 */
void reduce_keep(struct reduce *r, const struct runs_place *place);
int reduce_save_runs(struct reduce *r, const char **why, struct buf *out,
    uint64_t epoch, uint64_t least);
int reduce_load_runs(
    struct reduce *r, const char **why, struct cur *in, uint64_t epoch);

/* Whether that is a window, in the range of times. */
bool reduce_is_window(const struct reduce *r, int64_t start_us, int64_t end_us);

/* How often a table was added to another: what windows have cost. */
uint64_t reduce_merges(const struct reduce *r);

#endif
