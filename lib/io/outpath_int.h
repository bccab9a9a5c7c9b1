/* SPDX-License-Identifier: ISC */
/* What a destination with placeholders is made of. */
#ifndef MILLRACE_IO_OUTPATH_INT_H
#define MILLRACE_IO_OUTPATH_INT_H

#include "io/outpath.h"

enum outpath_kind {
	OUTPATH_TEXT, /* as it is */
	OUTPATH_COLUMN, /* value of a column */
	OUTPATH_TIME, /* of the event time, by a strftime pattern */
	OUTPATH_BATCH,
	OUTPATH_EPOCH,
	OUTPATH_PART
};

struct outpath_piece {
	enum outpath_kind kind;
	char *text; /* text, name of the column, or pattern; owned */
	int col; /* in the schema, of a column; of the part, or -1 */
	size_t key; /* number of the key it is made from */
};

struct outpath {
	struct outpath_piece *pieces;
	size_t n;
	size_t cap;
	size_t n_trusted;
	size_t ext_len;
	const struct schema *schema; /* borrowed, from outpath_bind */
	const struct zone *zone; /* borrowed */
	uint64_t epoch;
	int64_t unit; /* the finest that the times in the path show; 0 = none */
	size_t time_key;
	size_t n_keys;
	struct zone_span date_span, text_span;
};

/*
 * outpath_parse: fill in the pieces, n_trusted and ext_len of an object that
 * is all zero bytes.  0, or -1 with *why as of outpath_new.
 * outpath_parse_unit: the finest unit of time, in microseconds, that a
 * conversion of strftime(3) shows; 0 = there is no such conversion.
 */
int outpath_parse(struct outpath *p, const char *text, char **why);
int64_t outpath_parse_unit(char conv);

#endif
