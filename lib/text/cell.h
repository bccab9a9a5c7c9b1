/* SPDX-License-Identifier: ISC */
/*
 * One cell of text -> one value, whatever its shape.  millrace-formats(7),
 * TYPES.
 */
#ifndef MILLRACE_TEXT_CELL_H
#define MILLRACE_TEXT_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/type.h"

struct zone;

#define CELL_DATE_RFC3339 10 /* bytes of 2026-11-23 */
#define CELL_DATE_CLF 11 /* bytes of 23/Nov/2026 */

enum cell_kind {
	CELL_STR,
	CELL_BOOL,
	CELL_INT,
	CELL_FLOAT,
	CELL_DUR,
	CELL_TIME, /* RFC 3339, or an epoch whose unit its size tells */
	CELL_TIME_S, /* epochs: integer or decimal */
	CELL_TIME_MS,
	CELL_TIME_US,
	CELL_TIME_NS,
	CELL_TIME_RFC3339,
	CELL_TIME_CLF,
	CELL_TIME_FORMAT,
	CELL_N_KINDS
};

struct cell_form {
	enum cell_kind kind;
	char *format; /* owned strptime(3) pattern of CELL_TIME_FORMAT */
	const struct zone *zone; /* of times that name none; NULL = UTC */
	int year; /* of times by format that name none; 0 = 1970 */
};

enum type cell_type(enum cell_kind k);

/*
 * The form of a type name and the text between the parentheses behind it
 * (time(ms)), which is NULL when there are none.  0, or -1 with the reason in
 * *why, to be freed.
 */
int cell_form_parse(struct cell_form *f, char **why, const char *type,
    size_t type_len, const char *arg, size_t arg_len);

/* The same for a time column's format alone, as in -t COL:FORMAT. */
int cell_time_parse(
    struct cell_form *f, char **why, const char *arg, size_t arg_len);

/*
 * The value of s[0..len) in any shape the form allows, blanks around it
 * ignored: int, time, dur as they are, bool as 0 or 1, float by its bits.
 * Returns 1, 0 when the cell is empty (null), -1 when it is no such value.
 * Not for CELL_STR.
 */
int cell_convert(
    int64_t *v, const struct cell_form *f, const char *s, size_t len);

/*
 * The last date seen in a column of times and what it stands for, so that
 * only the time of day is parsed anew.  Zero bytes are an empty cache.
 */
struct cell_cache {
	uint64_t day[2]; /* the date's bytes */
	uint64_t zone; /* the zone's bytes */
	int64_t us; /* midnight of that date in that zone */
	bool used;
};

/*
 * Let the cache know that s, which cell_time_fast did not take, is v.  A date
 * in a zone, on which the clocks are changed, is not cached.
 */
void cell_time_learn(struct cell_cache *k, const struct zone *zone,
    uint32_t date_len, int64_t v, const char *s, uint32_t len);

#endif
