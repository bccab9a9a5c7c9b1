/* SPDX-License-Identifier: ISC */
/* --over: which of a key's rows are still in sight.  smap(1), HISTORY. */
#ifndef MILLRACE_STEP_OVER_H
#define MILLRACE_STEP_OVER_H

#include <stddef.h>
#include <stdint.h>

#include "step/keyed.h"

struct over_times;

/*
 * Either bound may be 0, for none.  us: rows less than so many microseconds
 * older; a row that comes out of order counts as the latest of its key.
 * rows: so many, the row at hand included.
 */
struct over {
	int64_t us;
	int64_t rows;
	uint32_t *leave; /* by row: how many go before it comes */
	size_t cap_leave;
	struct over_times *times; /* by group */
	uint32_t n;
	size_t cap;
};

/* Fill in leave for the n rows that keyed has looked at. */
void over_rows(struct over *o, const struct keyed *k, uint32_t n);
void over_keep(struct over *o, const uint32_t *keep, uint32_t n);
void over_release(struct over *o);

/* As bytes, and back; 0, or -1 when malformed. */
void over_save(const struct over *o, struct buf *out);
int over_load(struct over *o, struct cur *in);

#endif
