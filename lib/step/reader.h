/* SPDX-License-Identifier: ISC */
/* Text that came as rows, or from a command, back into rows. */
#ifndef MILLRACE_STEP_READER_H
#define MILLRACE_STEP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "step/step.h"
#include "text/text.h"

struct reader;

/*
 * A parser of a format with the options -c, -t and -N of s, whose columns are
 * known before any text is.  NULL after step_fail.
 */
struct reader *reader_new(struct step *s, const char *format);
void reader_free(struct reader *r);
const struct schema *reader_schema(const struct reader *r);
const char *reader_error(const struct reader *r);

/* A cell that is no record. */
struct reader_bad {
	uint32_t row;
	struct text_bad bad; /* its line is not set */
};

/* bad is borrowed until the next call. */
struct reader_cells {
	const struct col *text;
	struct reader_bad *bad; /* result, by row */
	size_t n_bad;
};

/*
 * Parse each cell as one record into out, which is empty.  A null is a row
 * of nulls.  0, or -1 with reader_error.
 */
int reader_cells(
    struct reader *r, struct build *out, struct reader_cells *cells);

/* A block of whole records, in one cell. */
struct reader_block {
	const struct col *text;
	uint32_t row;
	const char *file; /* its source */
	int64_t offset; /* in it */
	int64_t line; /* in it, from 1 */
	text_bad_fn bad; /* as in struct text_goal */
	void *arg;
	size_t at; /* bytes parsed so far, 0 at first */
};

/*
 * Append rows to out until they have about max_bytes (1), the block ends (0),
 * or bad said stop (-1; or reader_error says why).
 */
int reader_block(struct reader *r, struct build *out,
    struct reader_block *block, size_t max_bytes);

/* What the user should hear, told once; or NULL. */
const char *reader_note(struct reader *r);

#endif
