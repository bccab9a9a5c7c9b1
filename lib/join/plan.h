/* SPDX-License-Identifier: ISC */
/*
 * What a join is asked for: the keys of both sides, the columns that come
 * out, and the making of them out of row numbers.  sjoin(1).
 */
#ifndef MILLRACE_JOIN_PLAN_H
#define MILLRACE_JOIN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/batch.h"
#include "expr/expr.h"

#define PLAN_NONE UINT32_MAX /* no row: its columns are null */

enum plan_kind {
	PLAN_INNER,
	PLAN_LEFT, /* and left rows without a match */
	PLAN_RIGHT, /* and right rows without a match */
	PLAN_FULL, /* both */
	PLAN_SEMI, /* left rows with a match, once each */
	PLAN_ANTI, /* left rows without */
	PLAN_COGROUP, /* a row a key: the rows of both sides as JSON */
	PLAN_UNION /* the rows of both sides; no keys */
};

enum plan_side { PLAN_L, PLAN_R };

struct plan_opts {
	enum plan_kind kind;
	const char *keys; /* -k: 'a, l=r'; NULL for a union */
	const char *take; /* --take: '[NEW=]COL, ...', or NULL */
	const char *prefix; /* --prefix, or NULL */
};

/* One key: a column of either side, compared as values of type. */
struct plan_key {
	size_t col[2]; /* by enum plan_side */
	enum type type;
	struct expr *cast[2]; /* owned; NULL = the column as it is */
};

/*
 * A column that comes out.  left, right: columns of the sides, or -1.  With
 * both, a row that has no left row shows the right one's cell (a key of
 * --right and --full, a column that both sides of a union have), which cast
 * makes of the left's type.
 */
struct plan_out {
	int left;
	int right;
	enum type type;
	struct expr *cast; /* owned; NULL = as it is */
};

/*
 * Invariants: outs[i] is column i of the schema that plan_init made; a side's
 * system columns come out only on the left.  A cogroup has a row for each key:
 * its keys, then the str columns left_rows and right_rows, which are not in
 * outs.
 */
struct plan {
	enum plan_kind kind;
	struct plan_key *keys; /* owned */
	size_t n_keys;
	struct plan_out *outs; /* owned */
	size_t n_outs;
};

/*
 * plan_init: *out, which is initialised and empty, becomes the schema of what
 * comes out.  Keys are of the same type, or one of them is text without a
 * type and becomes what it stands beside, or one is int and the other float.
 * 0, or -1 with *why, to be freed: with a caret where it is about -k or
 * --take.  plan_release: also after a failure.
 */
int plan_init(struct plan *p, char **why, struct schema *out,
    const struct plan_opts *o, const struct schema *left,
    const struct schema *right);
void plan_release(struct plan *p);

/* The types of the keys, n_keys of them. */
void plan_key_types(const struct plan *p, enum type *types);

/*
 * The key columns of the rows of b, which is of that side: n_keys columns in
 * keys, memory in a or b's.  A cell that does not read as the key's type is
 * null and counted in env.  0, or -1 with *err.
 */
int plan_keys(const struct plan *p, struct col *keys, struct expr_error *err,
    enum plan_side side, const struct batch *b, struct arena *a,
    struct expr_env *env);

/*
 * The rows without a null among their keys, ascending, into sel, which has
 * room for n_rows; their number.
 */
uint32_t plan_whole(
    uint32_t *sel, const struct col *keys, size_t n_keys, uint32_t n_rows);

/* Rows of both sides, by number, that make rows which come out. */
struct plan_rows {
	const struct batch *left; /* NULL: no row has a left one */
	const struct batch *right; /* NULL: no row has a right one */
	const uint32_t *l; /* n of them or PLAN_NONE; NULL = row i of left */
	const uint32_t *r; /* the same of right */
	uint32_t n;
};

/*
 * plan_gather: *out, which is reset first, gets the columns of those rows; it
 * borrows from the sides.  Nothing bounds their bytes but plan_fit.  0, or -1
 * with *err.
 * plan_fit: how many of the rows, from the first on and at least one, take
 * about max bytes at most when they come out; right_width is the plan_width of
 * the right side.
 * plan_width: the most bytes that a row of b, of that side, takes.
 */
int plan_gather(const struct plan *p, struct batch *out, struct expr_error *err,
    const struct plan_rows *rows);
uint32_t plan_fit(const struct plan *p, const struct plan_rows *rows,
    size_t right_width, size_t max);
size_t plan_width(
    const struct plan *p, enum plan_side side, const struct batch *b);

#endif
