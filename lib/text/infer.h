/* SPDX-License-Identifier: ISC */
/*
 * Columns and types that the first records tell.  millrace-formats(7),
 * COLUMNS.
 */
#ifndef MILLRACE_TEXT_INFER_H
#define MILLRACE_TEXT_INFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "text/cols.h"

#define INFER_ROWS 1000 /* that -c auto looks at */
#define INFER_BYTES (16u << 20) /* that it looks at, however many rows */

struct text;

/* What all values so far could be, besides str. */
enum {
	INFER_BOOL = 1,
	INFER_INT = 2,
	INFER_FLOAT = 4,
	INFER_TIME = 8,
	INFER_ALL = 15
};

struct infer_col {
	char *from; /* owned; how -c calls it */
	char *name; /* owned */
	unsigned kinds;
	bool seen; /* a value that is no null */
};

struct infer {
	struct infer_col *cols;
	size_t n;
	size_t cap;
	size_t n_star; /* the first so many are meant by "*" */
	struct map map; /* by from */
	uint64_t *hashes;
	size_t cap_hashes;
};

void infer_init(struct infer *f);
void infer_release(struct infer *f);

/*
 * infer_find: the column that -c calls so, or f->n.
 * infer_add: a new one, whose names are owned from here on; a taken name gets
 * a number behind it.
 */
size_t infer_find(struct infer *f, const char *from);
void infer_add(struct infer *f, char *from, char *name);

/*
 * infer_see: one more value, that can be of these kinds.
 * infer_number, infer_text: the kinds of a number that is known to be one,
 * and of any text.
 */
void infer_see(struct infer_col *c, unsigned kinds);
unsigned infer_number(const char *s, size_t len);
unsigned infer_text(const char *s, size_t len);

/* Bind the columns with what was seen.  0, or -1 with t->error. */
int infer_bind(struct infer *f, struct text *t);

/*
 * Copy the whole lines at the front of p[0..len) to t->own, with CELL_PAD
 * bytes behind; with eof the last one gets its line end.  Returns their
 * length.  *whole: no more bytes would be looked at.
 */
size_t infer_lines(
    struct text *t, bool *whole, const char *p, size_t len, bool eof);

/*
 * Learn the types of the n fields of csv or tsv, all of them str, from the
 * records p[0..len) behind the header.  1, or 0 when more bytes are needed.
 */
int infer_probe(struct cols_field *fields, struct cols_origin *origins,
    const struct text *t, size_t n, const char *p, size_t len, bool eof);

#endif
