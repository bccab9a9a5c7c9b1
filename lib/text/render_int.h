/* SPDX-License-Identifier: ISC */
/* What the output formats share among themselves. */
#ifndef MILLRACE_TEXT_RENDER_INT_H
#define MILLRACE_TEXT_RENDER_INT_H

#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "base/zone.h"
#include "text/render.h"
#include "text/render_out.h"
#include "text/render_plain.h"

#define RENDER_MAX_NULL 64 /* bytes of --null */

struct render_col;

/* Write entry e of col->c, which is no null. */
typedef void (*render_cell_fn)(
    struct render_out *o, struct render_col *col, uint32_t e);

/* A string as a style writes it. */
typedef void (*render_str_fn)(struct render_out *o,
    const struct render_col *col, const char *s, size_t len);

/* What stands before the cells of a column; first: of the first column. */
typedef void (*render_lead_fn)(struct render_out *o,
    const struct render_col *col, bool first, const char *name);

/* How a format of one line a row writes it. */
struct render_style {
	render_str_fn str;
	render_lead_fn lead; /* NULL: the delimiter, but for the first */
	const char *tail; /* ends a row */
	const char *empty; /* a row without columns */
	bool json; /* times and bytes are strings, NaN is null */
	bool system; /* system columns are shown, too */
	char delim; /* between cells */
	const char *null_str;
};

/*
 * A column that is written, bound to the columns of one frame at a time.
 * Windows repeat their times row by row, so the last one's text is kept.
 */
struct render_col {
	uint32_t field; /* its number in the schema */
	const struct col *c;
	render_cell_fn fn;
	const struct render_style *style;
	char *lead; /* owned: what stands before the cell */
	size_t lead_len;
	char delim;
	bool safe; /* --csv-safe */
	const char *null_str;
	size_t null_len;
	const struct zone *zone; /* NULL = UTC */
	struct zone_span span; /* of zone; empty until it is needed */
	int64_t last_us;
	size_t last_len; /* 0 = none yet */
	char last[TIME_TEXT_MAX];
};

/* The columns of a stream in one style. */
struct render_cells {
	const struct render_style *style;
	struct render_col *cols;
	size_t n_cols;
	const char *tail; /* ends a row */
};

/* All zero bytes is a valid object to release. */
void render_cells_init(struct render_cells *cells,
    const struct render_style *style, const struct schema *s,
    const struct render_opts *o);
void render_cells_release(struct render_cells *cells);

/* The line of names. */
void render_cells_header(
    struct render_out *o, struct render_cells *cells, const struct schema *s);

/*
 * Bind the columns to those of b, then write the rows sel[0..n) of them (NULL
 * = rows 0..n-1) until render_out_at reaches stop; returns how many.
 */
void render_cells_bind(struct render_cells *cells, const struct batch *b);
uint32_t render_cells_rows(struct render_out *o, struct render_cells *cells,
    const uint32_t *sel, uint32_t n, uint64_t stop);

/* Write row r of one column, without its lead. */
static inline void
render_cells_one(struct render_out *o, struct render_col *col, uint32_t r)
{
	if (!col_is_valid(col->c, r)) {
		render_out_room(o, RENDER_MAX_NULL);
		memcpy(o->p, col->null_str, col->null_len);
		o->p += col->null_len;
	} else {
		col->fn(o, col, col_entry(col->c, r));
	}
}

/* One output format. */
struct render_fmt {
	const char *name;
	const char *exts; /* ".csv", several separated by blanks, or NULL */
	const struct render_style *style; /* of one line a row, else NULL */
	bool takes_delim;
	bool takes_null;
	bool takes_no_header;
	bool takes_safe;
	bool takes_zone;
	bool any_mode; /* shows upsert and complete streams, too */
	bool keeps; /* the frames are given as they are */
	void (*head)(struct render *r, const struct head *h);
	/* The lines of names; NULL when a file begins with its first row. */
	void (*names)(struct render *r);
	void (*frame)(
	    struct render *r, const struct frame *f, const struct batch *b);
	void (*idle)(struct render *r, int *timeout_ms); /* or NULL */
	void (*end)(struct render *r); /* or NULL */
};

struct render {
	const struct render_fmt *fmt;
	struct render_opts o;
	const struct schema *schema; /* borrowed, from HEAD */
	struct render_out out;
	struct render_cells cells;
	bool begun; /* HEAD was written, and not yet the end */
	struct render_table *table; /* of format table */
	struct render_plot *plot; /* of format plot */
	char *why;
};

extern const struct render_style render_table_style;
extern const struct render_style render_tsv_style;
extern const struct render_style render_csv_style;
extern const struct render_style render_json_style;
extern const struct render_style render_logfmt_style;
extern const struct render_style render_markdown_style;
extern const struct render_style render_dump_style;

void render_logfmt_head(struct render *r, const struct head *h);
void render_markdown_names(struct render *r);
void render_dump_head(struct render *r, const struct head *h);
void render_dump_frame(
    struct render *r, const struct frame *f, const struct batch *b);
void render_frames_head(struct render *r, const struct head *h);
void render_frames_frame(
    struct render *r, const struct frame *f, const struct batch *b);
void render_table_head(struct render *r, const struct head *h);
void render_table_frame(
    struct render *r, const struct frame *f, const struct batch *b);
void render_table_idle(struct render *r, int *timeout_ms);
void render_table_end(struct render *r);
void render_table_free(struct render_table *rt);
void render_plot_head(struct render *r, const struct head *h);
void render_plot_frame(
    struct render *r, const struct frame *f, const struct batch *b);
void render_plot_idle(struct render *r, int *timeout_ms);
void render_plot_end(struct render *r);
void render_plot_free(struct render_plot *p);

#endif
