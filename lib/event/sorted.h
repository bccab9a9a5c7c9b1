/* SPDX-License-Identifier: ISC */
/* swindow --sort: rows leave in the order of event time. */
#ifndef MILLRACE_EVENT_SORTED_H
#define MILLRACE_EVENT_SORTED_H

#include <stddef.h>
#include <stdint.h>

#include "tool/stage.h"
#include "window/sorter.h"

struct closing;

/*
 * Rows that are held, and the marks of parts that ended behind them.  Event
 * times are those of the column.  Invariant: closings ascend by last_us.
 */
struct sorted {
	struct sorter *sorter;
	bool has_parts; /* the rows come with a column part */
	int time_col;
	int64_t part; /* of the rows of a frame without that column */
	int64_t last_us; /* greatest held so far */
	struct closing *closings;
	size_t n_closings;
	size_t cap_closings;
};

/* Rows will have the columns of st->out, to which part is added if need be. */
int sorted_init(struct sorted *s, struct stage *st, int part_col);
void sorted_release(struct sorted *s);

/*
 * to: the last event time that none can come before any more; mark: the
 * watermark that holds after what may leave.
 * sorted_rows: the rows of a frame, of that part; last: it closes its batch.
 * sorted_mark: the mark m of header h, whose watermark is mark.
 * sorted_advance: time alone has passed.
 * Each 0, or -1 after stage_fail.
 */
int sorted_rows(struct sorted *s, struct stage *st, struct batch *rows,
    int64_t to, int64_t mark, bool last);
int sorted_mark(struct sorted *s, struct stage *st,
    const struct frame_header *h, const struct mark *m, int64_t to,
    int64_t mark);
int sorted_advance(
    struct sorted *s, struct stage *st, int64_t to, int64_t mark);

/* The state for a restart; load: 0, or -1 when it is malformed. */
void sorted_save(const struct sorted *s, struct buf *out);
int sorted_load(struct sorted *s, struct cur *in);

#endif
