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
#include "text/grid.h"
#include "text/scan.h"
#include "text/sepidx.h"
#include "text/text.h"

struct pattern;
struct text;

enum text_takes {
	TAKES_DELIM = 1,
	TAKES_NULL = 2,
	TAKES_NO_HEADER = 4,
	TAKES_START = 8, /* --record-start */
	TAKES_PATHS = 16, /* its columns are paths into JSON */
	TAKES_AUTO = 32 /* -c auto */
};

typedef int (*text_turn_fn)(struct text *t, struct build *out,
    struct text_goal *goal, const char *p, size_t len, bool eof);

/* A format. */
struct text_fmt {
	const char *name;
	const char *arg; /* what stands behind "name:", NULL = nothing */
	bool arg_optional;
	const char *ext; /* of file names, with dots, by blank; or NULL */
	unsigned takes;
	char delim;
	int mark; /* the byte that makes plain() necessary, or -1 */
	bool quoting; /* the mark is a quote that hides separators */
	struct text_null null;
	bool pairs; /* grids have both edges of the wanted cells only */
	struct cols_source source; /* its columns, where they are fixed */
	/*
	 * Read the argument (NULL = none), make t->state and t->source.  0, or
	 * -1 with *why.  Or NULL.
	 */
	int (*init)(struct text *t, char **why, const char *arg);
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
	/*
	 * In a marked grid, instead of plain: the edges of a column's values
	 * that do not stand in the text as they are.  False: they do.
	 */
	bool (*derive)(struct text *t, uint32_t *out, struct side *side,
	    const struct cells *in, const struct cols_col *col);
	/*
	 * Whether a record begins at p[at], behind a line end.  NULL: always,
	 * but for quotes and --record-start.
	 */
	bool (*starts)(const char *p, size_t at, size_t len);
	/* One turn of text_parse without a grid, as block_parse; or NULL. */
	text_turn_fn parse;
	/* All bytes of a source were taken: 0, or -1 when it is cut short. */
	int (*finish)(struct text *t);
	uint32_t (*parts)(const struct text *t); /* as text_parts, or NULL */
	bool chained; /* a record may depend on those before it */
	/* The columns are bound: prepare t->state.  Or NULL. */
	void (*bound)(struct text *t);
	void (*release)(void *state);
};

extern const struct text_fmt dsv_lines, dsv_csv, dsv_tsv;
extern const struct text_fmt clf_combined, clf_common;
extern const struct text_fmt json_json, json_journald, logfmt_logfmt;
extern const struct text_fmt syslog_fmt, regex_fmt, grok_fmt;
extern const struct text_fmt access_nginx, access_apache, w3c_fmt, raw_fmt;
extern const struct text_fmt frames_fmt;

struct text {
	const struct text_fmt *fmt;
	void *state; /* of the format, or NULL */
	struct cols_source source; /* its columns, where it has no header() */
	struct cols cols;
	struct schema schema;
	bool bound; /* cols and schema are set */
	bool no_header, named;
	char delim;
	struct text_null null;
	char *null_str; /* owned */
	size_t max_field;
	enum text_utf8 utf8;
	enum sepidx_path path;
	const struct zone *tz; /* borrowed */
	int year;
	struct pattern *start; /* of records of several lines, or NULL */
	struct text_source from; /* the current one */
	struct text_memo memo;
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
	int status; /* exit status for it */
	uint64_t n_opened;
	bool year_told; /* that it was guessed */
	char *note; /* owned; not yet told */
	char *told; /* owned */
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
 * holds garbage for their rows.  The block's bytes may move with t->own.
 */
void fill_build(struct text *t, struct build *out, struct block *b);

#endif
