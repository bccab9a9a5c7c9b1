/* SPDX-License-Identifier: ISC */
/* The rows of one side of a join that are kept. */
#ifndef MILLRACE_JOIN_SIDE_H
#define MILLRACE_JOIN_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/batch.h"

#define SIDE_MAX_ROWS (1u << 30)
#define SIDE_MAX_TEXT (UINT64_C(3) << 30) /* bytes of one column */
#define SIDE_NONE UINT32_MAX

/*
 * Invariants: rows are in the order in which they came; at, group and next
 * have an entry for each.  A row is known by its number until side_keep.
 */
struct side {
	struct build rows;
	int64_t *at; /* event time, or pane; owned, as the next */
	uint32_t *group; /* of its key, SIDE_NONE when that is null */
	uint32_t *next; /* the row of its group behind it, or SIDE_NONE */
	uint32_t cap;
	uint32_t n_kept; /* rows that the last side_keep left */
};

void side_init(struct side *s, const struct schema *schema);
void side_release(struct side *s);
void side_reset(struct side *s); /* no rows, memory kept */

/*
 * Add rows sel[0..n) of b, NULL the first n; at and group, at NULL for none,
 * have an entry for each row of b.  0, or -1 with *why (static): there are too
 * many.
 */
int side_add(struct side *s, const char **why, const struct batch *b,
    const uint32_t *sel, uint32_t n, const int64_t *at, const uint32_t *group);

/* Whether so many rows have come since side_keep that it is worth it again. */
bool side_is_due(const struct side *s);

/*
 * Keep the rows whose bits in live are set and number them anew: map, of an
 * entry for each row, gets the new numbers of those.
 */
void side_keep(struct side *s, uint32_t *map, const uint8_t *live);

/*
 * All of it as bytes; load: into an empty one.  0, or -1 when it is malformed;
 * what group and next say is not looked at.
 */
void side_save(const struct side *s, struct buf *out);
int side_load(struct side *s, struct cur *in);

#endif
