/* SPDX-License-Identifier: ISC */
/*
 * A table that a stream is joined with: its rows in memory, found by key.
 * sjoin(1), TABLES.
 */
#ifndef MILLRACE_JOIN_TABLE_H
#define MILLRACE_JOIN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/batch.h"
#include "join/plan.h"
#include "join/tablefile.h"
#include "join/tablepack.h"
#include "window/keys.h"

/*
 * Invariants: rows has the columns of file.schema; group g, the rows of one
 * key in the order of the table, is row[begin[g] .. begin[g + 1]).  Rows with
 * a null among their keys are in no group; without keys there is none.
 * As-of: a group is in the order of event times, then of the table, and rows
 * without one are in no group.
 */
struct table {
	struct tablefile file;
	struct batch rows; /* views; columns that never come out are null */
	struct tablepack *packs; /* owned, by column */
	struct keys keys;
	uint32_t *begin; /* owned */
	uint32_t *row; /* owned */
	bool unique; /* every group has one row; begin is NULL */
	bool asof; /* set by the owner before table_index */
	int64_t *when; /* owned; as-of: event times by place in row */
	size_t width; /* plan_width of its rows */
	uint64_t n_unparsed; /* keys that a conversion made null */
};

/*
 * table_index: find the groups of the rows that file has, which was read.
 * 0, or -1 with *err.  table_release: also before.
 */
int table_index(struct table *t, struct expr_error *err, const struct plan *p);
void table_release(struct table *t);

/*
 * Which groups the rows of a frame of the left side belong to, into group:
 * MAP_NONE where no row of the table has their key.  Memory from a.  0, or -1
 * with *err.
 */
int table_look(const struct table *t, uint32_t *group, struct expr_error *err,
    const struct plan *p, const struct batch *b, struct arena *a,
    struct expr_env *env);

/*
 * As-of: make each group the place in row of its latest row at or before the
 * event time of its left row, at most within_us older; else MAP_NONE.
 * time: the column of event times of the left side, all of them off too small.
 */
void table_asof(const struct table *t, uint32_t *group, const struct col *time,
    int64_t off, int64_t within_us);

/* The rows of group g, *n of them. */
static inline const uint32_t *
table_rows(const struct table *t, uint32_t g, uint32_t *n)
{
	uint32_t from = t->unique ? g : t->begin[g];

	*n = t->unique ? 1 : t->begin[g + 1] - from;
	return t->row + from;
}

#endif
