/* SPDX-License-Identifier: ISC */
/* Rows for the keys that a window has no rows of: --fill.  sreduce(1). */
#ifndef MILLRACE_GROUP_FILL_H
#define MILLRACE_GROUP_FILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "window/pane.h"
#include "window/reduce.h"

struct group;
struct stage;

/* Windows without any row that may lie between two that have some. */
#define FILL_MAX_GAP (1u << 20)

/*
 * roster: the keys that every window has a row of, with states of no rows:
 * those listed, or those of the windows so far, in order of arrival.  at is
 * the window filled last, which begun says there is.
 */
struct fill {
	bool on;
	bool listed;
	struct pane *roster;
	struct reduce_window at;
	bool begun;
	uint8_t *present; /* scratch, by group of the roster */
	uint32_t *group;
	uint32_t *missing;
	size_t cap_present, cap_group, cap_missing;
};

/*
 * fill_plan: g->query is compiled; read the roster that the options name.
 * fill_before: w is the next window with rows; collect those before it that
 * have none.  fill_window: w has been collected; collect what it lacks.
 * fill_until: collect the windows without rows that end at or before until.
 * 0, or -1 after stage_fail.
 */
int fill_plan(struct fill *f, struct stage *st, struct group *g);
void fill_release(struct fill *f);
int fill_before(struct fill *f, struct stage *st, struct group *g,
    const struct reduce_window *w);
int fill_window(struct fill *f, struct stage *st, struct group *g,
    const struct reduce_window *w);
int fill_until(
    struct fill *f, struct stage *st, struct group *g, int64_t until);

/* What tells the keys listed from those of another roster, to be freed. */
char *fill_digest(const struct fill *f);

/* The roster, unless it is listed, and the window filled last; 0 or -1. */
void fill_save(const struct fill *f, struct buf *out);
int fill_load(
    struct fill *f, struct stage *st, struct group *g, struct cur *in);

#endif
