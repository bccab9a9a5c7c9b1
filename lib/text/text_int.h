/* SPDX-License-Identifier: ISC */
/*
 * Inside lib/text: a format splits a block of bytes into a grid of cells,
 * column kernels turn the grid into values, and what fails becomes a flaw.
 */
#ifndef MILLRACE_TEXT_TEXT_INT_H
#define MILLRACE_TEXT_TEXT_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "data/batch.h"
#include "text/cols.h"
#include "text/flaw.h"
#include "text/scan.h"
#include "text/sepidx.h"
#include "text/text.h"

/* Bytes split at a time: the edges of so many stay in the second cache. */
#define BLOCK_LEN (64u << 10)

/* Whole records, if all is well.  Offsets below are into p. */
struct block {
	const char *from; /* the caller's bytes */
	const char *p; /* the same, CELL_PAD bytes behind them readable */
	size_t len; /* with a line end added where the last one is missing */
	size_t real; /* without */
	bool last; /* the source ends here */
};

/*
 * The cells of the rows of a block.  Row r's edges are edge[r * stride ..].
 * The cell with its first edge at a lies between them: from
 * edge[a] + 1 (UINT32_MAX + 1 = 0) to edge[a + 1].  Two equal edges are a
 * null.  Edge 0 is the byte before the record, edge end its end.
 */
struct grid {
	const uint32_t *edge;
	size_t stride;
	size_t end;
	uint32_t n; /* rows */
	size_t used; /* bytes of the records looked at */
	uint64_t lines; /* line ends in them, outside of quotes */
	bool marked; /* some cells need the format's plain() */
};

/* Cells of str that are null; a typed cell is also null when it is empty. */
struct text_null {
	const char *str; /* or NULL */
	size_t len;
	bool empty;
};

/* Whether a cell is null; len is UINT32_MAX where the format says so. */
static inline bool
text_is_null(const struct text_null *null, const char *s, uint32_t len)
{
	if (len == UINT32_MAX)
		return true;
	if (len == 0)
		return null->empty || (null->str != NULL && null->len == 0);
	return null->str != NULL && null->len == len
	       && memcmp(null->str, s, len) == 0;
}

/* A column of a grid: cell i lies between edge[i * stride] and the next. */
struct cells {
	const uint32_t *edge;
	size_t stride;
	uint32_t n;
};

/* Room for rewritten cells, behind the block's bytes. */
struct side {
	char *base;
	uint32_t at;
};

enum text_takes { TAKES_DELIM = 1, TAKES_NULL = 2, TAKES_NO_HEADER = 4 };

struct text;

/* A format. */
struct text_fmt {
	const char *name;
	const char *ext; /* of file names, with the dot, or NULL */
	unsigned takes;
	char delim;
	int mark; /* the byte that makes plain() necessary, or -1 */
	bool quoting; /* the mark is a quote that hides separators */
	struct text_null null;
	bool pairs; /* grids have both edges of the wanted cells only */
	struct cols_source source; /* its columns, where they are fixed */
	/*
	 * Find the columns of a source that says them itself, as text_header.
	 * NULL: they are those above.
	 */
	int (*header)(
	    struct text *t, size_t *used, const char *p, size_t len, bool eof);
	/*
	 * Split the whole records of a block, up to max_rows rows, into
	 * t->grid and t->flaws.
	 */
	void (*split)(struct text *t, const struct block *b, uint32_t max_rows);
	/*
	 * The end of the first record behind its line end, 0 when there is
	 * none yet.  t->scan keeps the place between calls.
	 */
	size_t (*find_end)(struct text *t, const char *p, size_t len);
	/*
	 * The edges of the values of a column's cells, without quotes and
	 * escapes, in place or rewritten into the side room; two equal ones
	 * for a null.
	 */
	void (*plain)(uint32_t *out, struct side *side,
	    const struct text_null *null, const struct cells *in);
	/* The columns are bound: prepare t->state.  Or NULL. */
	void (*bound)(struct text *t);
	void (*release)(void *state);
};

extern const struct text_fmt dsv_lines, dsv_csv, dsv_tsv;
extern const struct text_fmt clf_combined, clf_common;

struct text {
	const struct text_fmt *fmt;
	void *state; /* of the format, or NULL */
	struct cols cols;
	struct schema schema;
	bool bound; /* cols and schema are set */
	bool no_header;
	bool headed; /* the current source's columns are known */
	char delim;
	struct text_null null;
	char *null_str; /* owned */
	size_t max_field;
	enum text_utf8 utf8;
	size_t n_fields; /* of the current source */
	uint64_t line;
	struct sepidx *idx; /* formats with delimiters */
	struct scan scan; /* at > 0: in a long record */
	struct grid grid;
	struct flaws flaws;
	char *own; /* copy of a block, and side room */
	size_t cap_own;
	uint32_t *edges; /* of a grid that was not square */
	size_t cap_edges;
	uint32_t *plain; /* edges of one column's plain cells */
	size_t cap_plain;
	uint64_t total_in, total_out; /* bytes, for the size of a block */
	char *error;
	struct buf why;
};

/* Make why, which is owned from here on, t's error.  Returns -1. */
int text_fail(struct text *t, char *why);

/* Bind or rebind the columns of a source.  0, or -1 with t->error. */
int text_bind(struct text *t, const struct cols_source *s);

/* One turn of text_parse: 1 when some bytes were used, else as text_parse. */
int block_parse(struct text *t, struct build *out, struct text_goal *goal,
    const char *p, size_t len, bool eof);

/*
 * Append the grid's rows to out.  Cells that fail go to t->flaws; out then
 * holds garbage for their rows.
 */
void fill_build(struct text *t, struct build *out, const struct block *b);

#endif
