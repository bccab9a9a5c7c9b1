/* SPDX-License-Identifier: ISC */
/* Streams whose rows replace earlier ones.  millrace-frame(5), section 3. */
#ifndef MILLRACE_WIRE_MODE_H
#define MILLRACE_WIRE_MODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/batch.h"
#include "wire/head.h"
#include "wire/stream.h"

/* What a row of an upsert stream does, in the system column op. */
enum mode_op { MODE_PUT = 1, MODE_DELETE = 2 };

/*
 * mode_name: "append", "upsert", "complete".
 * mode_op_col: the system column op, or -1.
 * mode_keys: the columns of the keys, in the order of mode_keys, to be freed;
 * *n how many.  NULL when a name is no column that may be a key.
 * mode_check: NULL when mode, keys and columns go together, else why not
 * (static text).  Then mode_keys does not fail.
 */
const char *mode_name(enum head_mode m);
int mode_op_col(const struct schema *s);
uint32_t *mode_keys(size_t *n, const struct head *h);
const char *mode_check(const struct head *h);

/*
 * The batches of a complete stream.  All zero bytes to begin with.
 * mode_closes: f is its next frame; whether it closes a batch whose rows, none
 * perhaps, are the result.  The empty batch that the end of the data leaves
 * behind another is no result.
 */
struct mode_batches {
	bool eof;
	uint64_t n_rows; /* of the batch at hand */
};
bool mode_closes(struct mode_batches *m, const struct frame *f);

/* How many rows of b are no deletes. */
uint32_t mode_n_puts(const struct head *h, const struct batch *b);

/* Whether all rows of c, a column op, say put or delete. */
bool mode_op_is_valid(const struct col *c);

#endif
