/* SPDX-License-Identifier: ISC */
/* The expressions of a step, which may look at the rows of a key so far. */
#ifndef MILLRACE_STEP_PROG_H
#define MILLRACE_STEP_PROG_H

#include "step/step.h"

struct history;

/*
 * list.items are programs over the columns that came in and, behind them, a
 * result for each of list.calls.
 */
struct prog {
	struct expr_agg_list list;
	struct history *history; /* NULL: they look at their own row alone */
};

/*
 * Compile the source of s, a list or one expression, against schema.  Calls
 * that need a history make s stateful.  0, or -1 after step_fail.
 * prog_rows: *b, which came in, becomes what the programs read; valid until
 * the next call.  0 or -1.
 * prog_save, prog_load: the history as bytes, and back; 0, or -1 when
 * malformed.
 */
int prog_plan(
    struct prog *p, struct step *s, const struct schema *schema, bool one);
int prog_rows(struct prog *p, struct step *s, const struct batch **b);
void prog_release(struct prog *p);
void prog_save(const struct prog *p, struct buf *out);
int prog_load(struct prog *p, struct cur *in);

#endif
