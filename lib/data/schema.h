/* SPDX-License-Identifier: ISC */
/* The columns of a stream and which of them is the event time. */
#ifndef MILLRACE_DATA_SCHEMA_H
#define MILLRACE_DATA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/type.h"

#define SCHEMA_MAX_COLS 4096
#define SCHEMA_MAX_NAME 255 /* bytes */

struct field {
	char *name; /* owned, NUL-terminated, 1..SCHEMA_MAX_NAME bytes */
	enum type type;
	bool system; /* pane, op, part: passed on, never printed */
	bool untyped; /* text that nobody gave a type (csv without a type) */
};

/*
 * Invariants: n <= SCHEMA_MAX_COLS; names are unique; time_col is -1 or the
 * number of a TIME column; the event time of a row is its value there plus
 * time_off.
 */
struct schema {
	struct field *fields;
	size_t n;
	size_t cap;
	int time_col;
	int64_t time_off; /* microseconds */
};

void schema_init(struct schema *s);
void schema_release(struct schema *s);
void schema_copy(struct schema *to, const struct schema *from);
void schema_check(const struct schema *s);

/*
 * Add a column at the end; name is copied.  Returns its field for the flags,
 * valid until the next call, or NULL: name empty, too long, taken, or too
 * many columns.
 */
struct field *schema_add(
    struct schema *s, const char *name, size_t len, enum type type);

/* The column of that name, or -1. */
int schema_find(const struct schema *s, const char *name, size_t len);

/*
 * Append "a, b, c" for a message: the columns that are not system columns,
 * control characters as \xNN.
 */
void schema_list(struct buf *b, const struct schema *s);

/* Append "a int, b str": all columns with their types. */
void schema_put_types(struct buf *b, const struct schema *s);

#endif
