/* SPDX-License-Identifier: ISC */
/* Frames of a stream joined with a table, piece by piece.  sjoin(1). */
#ifndef MILLRACE_JOIN_TABLEJOIN_H
#define MILLRACE_JOIN_TABLEJOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/batch.h"
#include "join/plan.h"
#include "join/table.h"

#define TABLEJOIN_ROWS (64u << 10) /* rows of a piece */
#define TABLEJOIN_BYTES (32u << 20) /* bytes of a piece, about */

/* A join under way.  plan and table are the owner's. */
struct tablejoin {
	const struct plan *plan;
	struct table *table;
	uint64_t n_used; /* rows of the frame that are in a piece, or will be */
	struct expr_env env; /* of the frame; set by the owner */
	/* As-of; set by the owner. */
	int time_col; /* of the left side */
	int64_t time_off;
	int64_t within_us; /* INT64_MAX = any time */
	/* Private. */
	uint8_t *seen; /* bit g: group g has matched; right and full only */
	const struct batch *b; /* the frame */
	uint32_t *group; /* of its rows */
	size_t cap_group;
	uint32_t at; /* the next row of it */
	uint32_t next; /* the next match of that row */
	uint32_t left[TABLEJOIN_ROWS]; /* pairs found and not yet given */
	uint32_t right[TABLEJOIN_ROWS];
	uint32_t from, n;
	struct batch out;
};

struct tablejoin *tablejoin_new(const struct plan *p, struct table *t);
void tablejoin_free(struct tablejoin *j);

/*
 * tablejoin_begin: look up the rows of the frame b, which must stay until its
 * last piece; memory from a.
 * tablejoin_rest: the frame is now the rows of the table that no row of the
 * stream has matched, in the order of the table; without left columns.  For a
 * union that is all of them.
 * tablejoin_next: the next piece, of 0 rows when the frame has no match, into
 * *out, valid until the next call: in the order of the frame, then of the
 * table.  1 when more follow, 0 for the last one.
 * -1 with *err.
 */
int tablejoin_begin(struct tablejoin *j, struct expr_error *err,
    const struct batch *b, struct arena *a);
void tablejoin_rest(struct tablejoin *j);
int tablejoin_next(
    struct tablejoin *j, const struct batch **out, struct expr_error *err);

/* Which rows of the table have matched; load: 0, or -1 when malformed. */
void tablejoin_save(const struct tablejoin *j, struct buf *out);
int tablejoin_load(struct tablejoin *j, struct cur *in);

#endif
