/* SPDX-License-Identifier: ISC */
/* One call that looks at the rows of a key so far: what is the same for all. */
#ifndef MILLRACE_STEP_CALL_H
#define MILLRACE_STEP_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "expr/expr.h"
#include "step/keyed.h"

/* The rows of a batch, in order. */
struct call_rows {
	const struct keyed *keyed; /* groups, begins, times */
	const struct col *arg; /* one for each column that the call takes,
				  plain when of 8 bytes; NULL without one */
	const uint32_t *leave; /* rows that leave the group's window before
				  this one comes; NULL without --over */
	uint32_t n;
	uint64_t order; /* of row 0 among all rows */
};

/*
 * A kind of call, with a state for each group; all zero bytes is a state of
 * none.  n_groups may have grown since the last call of rows.
 * begin: prepare for call, whose arguments have been checked.
 * rows: append the result for each row; 0, or -1 with the reason in *why.
 * keep: as keyed_purge says.
 * save, load: the states as bytes, and back, begin having been called; 0, or
 * -1 when malformed.
 */
struct call_kind {
	size_t size;
	void (*begin)(void *state, const struct expr_call *call);
	int (*rows)(void *state, struct colbuf *out, const char **why,
	    const struct call_rows *in);
	void (*keep)(void *state, const uint32_t *keep, uint32_t n);
	void (*release)(void *state);
	void (*save)(const void *state, struct buf *out);
	int (*load)(void *state, struct cur *in);
};

extern const struct call_kind running_call; /* an aggregate so far */
extern const struct call_kind span_call; /* an aggregate of the last rows */

/* Whether the results of one batch take more bytes than a frame has. */
static inline bool
call_too_long(const struct colbuf *out, const char **why)
{
	*why = "the values in one frame take more than 64 MiB";
	return out->bytes_len > COL_MAX_BYTES;
}

/* lag and its like: by name, NULL when there is none; and their check. */
const struct call_kind *past_kind(const char *name);
bool past_needs_time(const char *name);
int past_check(struct expr_call *call, char *why, size_t why_cap);

#endif
