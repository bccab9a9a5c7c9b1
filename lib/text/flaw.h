/* SPDX-License-Identifier: ISC */
/* Why records are no rows, and how that is told.  millrace-formats(7). */
#ifndef MILLRACE_TEXT_FLAW_H
#define MILLRACE_TEXT_FLAW_H

#include <stddef.h>
#include <stdint.h>

struct block;
struct build;
struct text;
struct text_goal;

enum flaw_kind {
	FLAW_RECORD, /* what */
	FLAW_FIELDS, /* n fields */
	FLAW_VALUE, /* of column col */
	FLAW_UTF8,
	FLAW_LONG
};

#define FLAW_NOWHERE UINT32_MAX

/* Why a record is no row. */
struct flaw {
	enum flaw_kind kind;
	uint32_t from, to; /* the record */
	uint32_t at; /* the byte, or FLAW_NOWHERE */
	uint32_t cell_end; /* FLAW_VALUE: the cell is at .. cell_end */
	uint32_t n;
	const struct cols_col *col;
	const char *name; /* FLAW_RECORD: of a field, or NULL; static */
	const char *what; /* static */
};

struct flaws {
	struct flaw *list;
	size_t n;
	size_t cap;
};

void flaw_add(struct flaws *f, const struct flaw *flaw);

/* Sort by record and byte, and keep the first flaw of each record. */
void flaw_sort(struct flaws *f);

/*
 * Tell goal->bad of each, while out->n_rows is what comes before it; the
 * grid's rows are the last of out.  Returns SIZE_MAX, or the offset of the
 * record at which it said stop; out->n_rows then stays what it was before.
 */
size_t flaw_report(struct text *t, struct build *out, struct text_goal *goal,
    const struct block *b);

#endif
