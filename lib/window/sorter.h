/* SPDX-License-Identifier: ISC */
/*
 * Rows held until all that come before them are there, and given in the order
 * of event time, then of part, then as they came.  swindow(1), SORTING.
 */
#ifndef MILLRACE_WINDOW_SORTER_H
#define MILLRACE_WINDOW_SORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/batch.h"

#define SORTER_ROWS 8192 /* of a run, and of what is given at once */

struct sorter;

/* Rows have the columns of s; part_col is an INT column without nulls. */
struct sorter *sorter_new(const struct schema *s, int part_col);
void sorter_free(struct sorter *s);

/*
 * sorter_add: hold rows, none of which has no event time.
 * sorter_has: whether some of those held have an event time up to last.
 * sorter_take: the next of them, at most SORTER_ROWS, into out, which is valid
 * until the next call; none when there are no more.
 * Event times are those of the column: without the schema's offset.
 */
void sorter_add(struct sorter *s, const struct batch *rows);
bool sorter_has(const struct sorter *s, int64_t last);
void sorter_take(struct sorter *s, struct batch *out, int64_t last);

/* The rows held, for a restart.  Load into an empty one: 0 or -1. */
void sorter_save(const struct sorter *s, struct buf *out);
int sorter_load(struct sorter *s, struct cur *in);

#endif
