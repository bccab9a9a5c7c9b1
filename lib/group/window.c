/* SPDX-License-Identifier: ISC */
/* Answer each window when the watermark has passed its end.  sreduce(1). */
#include <stdlib.h>

#include "group/group_int.h"

struct window_state {
	int64_t newest; /* windows of rows: the one that rows come to */
};

static int
plan(struct stage *st, struct group *g)
{
	(void)st;
	g->way_state = mem_zero(1, sizeof(struct window_state));
	return 0;
}

static void
release(struct group *g)
{
	free(g->way_state);
}

/* Close windows that end at or before until. */
static int
close_windows(struct stage *st, struct group *g, int64_t until, bool last)
{
	int64_t watermark = st->now.watermark;
	struct reduce_window w;
	const char *why = "";
	int rc;

	while ((rc = reduce_next(g->reduce, &w, &why, until)) == 1) {
		if (group_collect(st, g, &w) == -1
		    || (group_n_waiting(g) >= GROUP_FLUSH_ROWS
			&& group_flush(st, g, st->watermark, false) == -1))
			return -1;
	}
	if (rc == -1)
		return stage_fail(st, TOOL_DATA, "%s", why);
	if (group_n_waiting(g) == 0 && !last)
		return 0;
	return group_flush(st, g, watermark, last);
}

/*
 * What windows have come to their ends: by the watermark, or, where they are
 * of so many rows, by the first row of another.
 */
static int64_t
passed(struct group *g, const struct frame *f, const struct batch *b)
{
	struct window_state *s = g->way_state;
	const struct col *panes;

	if (g->in.per_window == 0)
		return f->h.watermark;
	panes = &b->cols[g->in.pane_col];
	if (b->n_rows > 0)
		s->newest = panes->i[col_entry(panes, b->n_rows - 1)];
	return s->newest;
}

static int
rows(struct stage *st, struct group *g, const struct frame *f, struct batch *b)
{
	bool last = (f->h.flags & FRAME_LAST) != 0;

	if (b->n_rows > 0 && group_add(st, g, f, b) == -1)
		return -1;
	return close_windows(st, g, passed(g, f, b), last);
}

static int
mark(struct stage *st, struct group *g, const struct frame *f, bool eof)
{
	const struct window_state *s = g->way_state;

	return close_windows(st, g,
	    eof                    ? INT64_MAX
	    : g->in.per_window > 0 ? s->newest
				   : f->h.watermark,
	    false);
}

const struct group_way group_window = {
    .cls = CLASS_STATEFUL,
    .plan = plan,
    .rows = rows,
    .mark = mark,
    .release = release,
};
