/* SPDX-License-Identifier: ISC */
/*
 * Stamp the rows of a frame: which pane each is in, and whether it is late.
 * swindow(1), LATENESS.
 */
#ifndef MILLRACE_WINDOW_STAMP_H
#define MILLRACE_WINDOW_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/col.h"
#include "window/grid.h"
#include "window/mark.h"

/* What goes into the column pane. */
enum stamp_by {
	STAMP_NOTHING, /* no window: no column, a row's pane is its instant */
	STAMP_PANE, /* the start of the pane, TIME */
	STAMP_INSTANT, /* session: the event time, TIME */
	STAMP_NUMBER /* rows: the row's number div N, INT; none is late */
};

struct stamp {
	struct grid grid;
	enum stamp_by by;
	int64_t size; /* rows: N; session: the gap */
	int64_t limit_us; /* rows after it are set aside; INT64_MAX = none */
	int64_t n_rows; /* rows: how many were stamped */
	bool wait_eof; /* nothing is ever late, no watermark before the end */
	bool chained; /* the input has a watermark: rows are judged by it */
	int64_t mark; /* chained: that of the frame before, less late */
	int64_t least; /* what the watermark does not fall below; see eof */
	struct marks marks;
	/* Greatest end of a window that holds a row, or instant + 1us. */
	int64_t end_us;
	int64_t worst_us; /* greatest lateness of a late row */
	uint64_t n_future; /* rows that were set aside */
	int64_t ahead_us; /* how far beyond limit_us, at most */
	int64_t pane, pane_end; /* the pane that was found last */
};

/* What became of the rows of one frame.  Row numbers ascend. */
struct stamped {
	uint32_t *kept; /* rows to pass on; NULL = all */
	uint32_t n_kept;
	uint32_t *late;
	uint32_t n_late;
	uint32_t n_gap; /* in no window */
	uint32_t n_invalid; /* no event time, out of range, or set aside */
	struct col panes; /* of the kept rows; as enum stamp_by says */
};

/* zone, of civil windows, is borrowed. */
void stamp_init(struct stamp *s, const struct window_spec *w,
    const struct zone *zone, int64_t late);
void stamp_release(struct stamp *s);

/*
 * Stamp rows with event times times + off (a TIME column).  parts: an INT
 * column of part numbers, or NULL when all are of part.  The arrays in *out
 * are from a.  Returns 0, or -1 when there are too many parts.
 */
int stamp_rows(struct stamp *s, struct stamped *out, struct arena *a,
    const struct col *times, int64_t off, const struct col *parts,
    uint32_t part);

/*
 * For windows of rows when there is no event time: n rows, all of them kept.
 */
void stamp_numbers(
    struct stamp *s, struct stamped *out, struct arena *a, uint32_t n);

/*
 * A frame came with that watermark, TIME_NONE = none: of a chained stream, the
 * rows of the next one are judged by it.
 */
void stamp_heard(struct stamp *s, int64_t watermark);

/*
 * The watermark after the rows stamped so far.  stamp_mark_eof: the one at the
 * end of the data, below which it does not fall any more; should rows come
 * after all, as in a later start, they are judged by it, and windows of rows
 * begin anew.
 */
int64_t stamp_mark(struct stamp *s);
int64_t stamp_mark_eof(struct stamp *s);

/*
 * The time before which no row can be kept any more once the watermark is
 * mark: rows from there on are in panes that have not ended.
 */
int64_t stamp_settled(const struct stamp *s, int64_t mark);

/* The state for a restart; load: 0, or -1 when it is malformed. */
void stamp_save(const struct stamp *s, struct buf *out);
int stamp_load(struct stamp *s, struct cur *in);

#endif
