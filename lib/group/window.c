/* SPDX-License-Identifier: ISC */
/*
 * Answer each window when the watermark has passed its end and, when asked,
 * what windows that are open have so far.  sreduce(1).
 */
#include <stdlib.h>

#include "group/group_int.h"

/* What is kept beside the tables of g->reduce and the results that wait. */
struct window_state {
	int64_t newest; /* windows of rows: the one that rows come to */
	uint64_t since; /* --emit update: rows before it have been answered */
	uint32_t *sel; /* scratch */
	size_t cap_sel;
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
	struct window_state *s = g->way_state;

	if (s != NULL)
		free(s->sel);
	free(s);
}

/* The groups of a window that have had a row since the last answer. */
static int
collect_changed(
    struct stage *st, struct group *g, const struct reduce_window *w)
{
	struct window_state *s = g->way_state;
	uint32_t n_groups = pane_n_groups(w->table), n = 0;

	s->sel = mem_grow(s->sel, &s->cap_sel, n_groups, sizeof(*s->sel));
	for (uint32_t i = 0; i < n_groups; i++) {
		uint32_t group = w->order == NULL ? i : w->order[i];

		if (w->table->last[group] >= s->since)
			s->sel[n++] = group;
	}
	return group_collect(st, g, w, s->sel, n);
}

/* A window that is closed; with --emit complete it stays for ever. */
static int
collect_closed(struct stage *st, struct group *g, const struct reduce_window *w)
{
	if (g->emit == GROUP_COMPLETE)
		return group_keep(st, g, w);
	if (g->fill.on && fill_before(&g->fill, st, g, w) == -1)
		return -1;
	if ((g->emit == GROUP_UPDATE ? collect_changed(st, g, w)
				     : group_collect_all(st, g, w))
	    == -1)
		return -1;
	if (g->fill.on && fill_window(&g->fill, st, g, w) == -1)
		return -1;
	return group_relieve(st, g);
}

/* The windows that are open, as they are so far. */
static int
collect_open(struct stage *st, struct group *g)
{
	struct window_state *s = g->way_state;
	struct reduce_walk walk = {.since = s->since};
	struct reduce_window w;
	const char *why = "";
	int rc;

	while ((rc = reduce_walk(g->reduce, &walk, &w, &why)) == 1) {
		if ((g->emit == GROUP_UPDATE ? collect_changed(st, g, &w)
					     : group_collect_all(st, g, &w))
		    == -1)
			return -1;
	}
	if (rc == -1)
		return stage_fail(st, TOOL_DATA, "%s", why);
	if (g->emit == GROUP_UPDATE)
		s->since = g->order;
	return 0;
}

/* Close windows that end at or before until; last closes the batch. */
static int
close_windows(struct stage *st, struct group *g, int64_t until, bool last)
{
	int64_t watermark = st->now.watermark;
	struct reduce_window w;
	const char *why = "";
	int rc;

	while ((rc = reduce_next(g->reduce, &w, &why, until)) == 1) {
		if (collect_closed(st, g, &w) == -1)
			return -1;
	}
	if (rc == -1)
		return group_fail_reduce(st, g, why);
	if (g->fill.on && fill_until(&g->fill, st, g, until) == -1)
		return -1;
	if (last && g->emit == GROUP_COMPLETE
	    && group_collect_kept(st, g) == -1)
		return -1;
	if (last && g->emit != GROUP_FINAL && collect_open(st, g) == -1)
		return -1;
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
	int64_t until;

	if (group_add_early(st, g, f, b) == -1)
		return -1;
	until = passed(g, f, b);
	if (close_windows(st, g, until, last) == -1)
		return -1;
	if (g->update.on)
		update_forget(
		    &g->update, g->in.per_window == 0 ? 1 : -1, until);
	return 0;
}

static int
early(struct stage *st, struct group *g)
{
	if (collect_open(st, g) == -1)
		return -1;
	return group_n_waiting(g) == 0
		   ? 0
		   : group_flush(st, g, st->watermark, false);
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

static void
save(struct group *g, struct buf *out)
{
	const struct window_state *s = g->way_state;

	buf_put_int(out, (uint64_t)s->newest, 8);
	buf_put_int(out, s->since, 8);
}

static int
load(struct stage *st, struct group *g, struct cur *in)
{
	struct window_state *s = g->way_state;

	(void)st;
	s->newest = (int64_t)cur_get_int(in, 8);
	s->since = cur_get_int(in, 8);
	return in->failed ? -1 : 0;
}

const struct group_way group_window = {
    .cls = CLASS_STATEFUL,
    .plan = plan,
    .rows = rows,
    .mark = mark,
    .add = group_add,
    .early = early,
    .save = save,
    .load = load,
    .release = release,
};
