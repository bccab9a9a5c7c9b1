/* SPDX-License-Identifier: ISC */
/*
 * Cogroups: the rows of both sides by key, as JSON.  sjoin(1), COGROUPS.
 */
#ifndef MILLRACE_JOIN_COGROUP_H
#define MILLRACE_JOIN_COGROUP_H

#include <stdint.h>

#include "base/buf.h"
#include "data/batch.h"
#include "data/schema.h"
#include "join/plan.h"

#define COGROUP_MAX_TEXT (UINT64_C(3) << 30) /* bytes of one side's rows */
#define COGROUP_MAX_ROW (32u << 20) /* bytes of the rows of one key */

struct cogroup;

/* For a plan of kind PLAN_COGROUP, borrowed, over those two schemas. */
struct cogroup *cogroup_new(const struct plan *p, const struct schema *left,
    const struct schema *right);
void cogroup_free(struct cogroup *g);

/*
 * cogroup_add: add the rows of b, of that side, in the order in which they are
 * to stand; *n_taken of them have no null among their keys and are in a group.
 * cogroup_next: rows of the result, in *out until the next call: the keys of
 * the left rows in the order of their first rows, then those that only the
 * right side has.  1 while more follow, 0 with the last ones, or none.
 * cogroup_reset: forget all rows.
 * 0 or 1, or -1 with *err: too much text for one key, or for one side.
 */
int cogroup_add(struct cogroup *g, uint64_t *n_taken, struct expr_error *err,
    enum plan_side side, const struct batch *b, struct expr_env *env);
int cogroup_next(
    struct cogroup *g, const struct batch **out, struct expr_error *err);
void cogroup_reset(struct cogroup *g);

/*
 * cogroup_save: the rows added since the last reset.  cogroup_load: into one
 * without any; 0, or -1 when it is malformed.
 */
void cogroup_save(const struct cogroup *g, struct buf *out);
int cogroup_load(struct cogroup *g, struct cur *in);

#endif
