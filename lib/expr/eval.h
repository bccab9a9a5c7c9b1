/* SPDX-License-Identifier: ISC */
/* What kernels use: memory for results, nulls, failures, growing text. */
#ifndef MILLRACE_EXPR_EVAL_H
#define MILLRACE_EXPR_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/col.h"
#include "expr/bits.h"
#include "expr/func.h"

/* Evaluate n over all rows of r.  0 or -1. */
int eval_node(struct run *r, const struct node *n, struct col *out);

/*
 * Evaluate n, knowing that only the rows of active matter: errors and counts
 * of others are not made.  active NULL means all.
 */
int eval_masked(struct run *r, const struct node *n, struct col *out,
    const uint8_t *active);

/* Set up *out as plain, of n->type, without nulls and without values. */
void eval_begin(struct run *r, const struct node *n, struct col *out);

/* No rows of a type. */
void eval_empty(struct col *out, enum type type);

/* Room for the values of *out, one a row; set in *out and returned. */
int64_t *eval_ints(struct run *r, struct col *out);
double *eval_floats(struct run *r, struct col *out);
uint8_t *eval_bits(struct run *r, struct col *out); /* whole words */

/* A bitmap of whole words, not cleared. */
uint8_t *eval_bitmap(struct run *r);

/* Make row null in *out. */
void eval_null(struct run *r, struct col *out, uint32_t row);

/* The bits where a bool column is true (neither false nor null). */
const uint8_t *eval_true(struct run *r, const struct col *c);

/* Make c plain when it is not. */
void eval_plain(struct run *r, struct col *c);

/* Whether row has a value and matters, so that a failure there is one. */
static inline bool
eval_live(const struct run *r, const struct col *out, uint32_t row)
{
	return (out->valid == NULL || bit_get(out->valid, row))
	       && (r->active == NULL || bit_get(r->active, row));
}

/* Fail at row: "what in <text of n>".  Returns -1. */
int eval_fail(
    struct run *r, const struct node *n, uint32_t row, const char *what);

/*
 * Row has no value for the reason what: it becomes null where the caller asked
 * for that (try_), else it is a failure if it matters.  0 or -1.
 */
int eval_bad(struct run *r, const struct node *n, struct col *out, uint32_t row,
    const char *what);

/* Row is null because its text did not parse; count it if it matters. */
void eval_unparsed(
    struct run *r, const struct node *n, struct col *out, uint32_t row);

/* The entry of a row in a plain or constant column. */
static inline size_t
eval_at(const struct col *c, size_t row)
{
	return c->enc == COL_CONST ? 0 : row;
}

/*
 * Text being made, a row at a time: strout_room gives len bytes to write (the
 * caller adds to len what it used), strout_put copies, strout_row ends a row,
 * strout_done sets *out.  What would pass COL_MAX_BYTES is not written and
 * makes strout_done fail.
 */
struct strout {
	struct run *r;
	const struct node *n;
	struct col *out;
	uint32_t *off;
	char *bytes;
	size_t len;
	size_t cap;
	uint32_t row;
	bool failed;
	uint32_t bad_row; /* where it failed */
};

void strout_begin(struct strout *s, struct run *r, const struct node *n,
    struct col *out, size_t hint);
char *strout_room(struct strout *s, size_t len); /* NULL when too much */
void strout_fail(struct strout *s); /* more than that would be needed */
void strout_put(struct strout *s, const char *p, size_t len);
int strout_done(struct strout *s);

static inline void
strout_row(struct strout *s)
{
	s->off[++s->row] = (uint32_t)s->len;
}

#endif
