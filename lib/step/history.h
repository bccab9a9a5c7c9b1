/* SPDX-License-Identifier: ISC */
/* Values that depend on the rows of a key so far.  smap(1), HISTORY. */
#ifndef MILLRACE_STEP_HISTORY_H
#define MILLRACE_STEP_HISTORY_H

#include "step/step.h"

struct history;

/* The calls that there are: aggregates, and lag, delta and their like. */
extern const struct expr_aggs history_calls;

/*
 * history_new: states for the calls of list, which is borrowed, under the
 * keys and bounds in the options of s; makes s stateful.  0, or -1 after
 * step_fail; released by the caller in either case.
 * history_rows: add the rows of *b one after the other and make *b the same
 * columns with the results of the calls behind them; borrowed until the next
 * call.  0 or -1.
 * history_save, history_load: the states as bytes, and back; 0, or -1 when
 * malformed.
 */
int history_new(struct history **h, struct step *s, const struct schema *schema,
    const struct expr_agg_list *list);
int history_rows(struct history *h, struct step *s, const struct batch **b);
void history_free(struct history *h);
void history_save(const struct history *h, struct buf *out);
int history_load(struct history *h, struct cur *in);

#endif
