/* SPDX-License-Identifier: ISC */
/* Answer each batch with all of its rows.  sreduce(1). */
#include <stdlib.h>

#include "group/group_int.h"

struct batch_state {
	bool answered; /* this batch, at the end of the data */
	uint64_t order; /* rows before this batch */
};

static int
plan(struct stage *st, struct group *g)
{
	(void)st;
	g->way_state = mem_zero(1, sizeof(struct batch_state));
	return 0;
}

static void
release(struct group *g)
{
	free(g->way_state);
}

/*
 * The empty batch that is left when the data end just behind a batch is
 * nobody's: it gets no row.
 */
static int
close_batch(struct stage *st, struct group *g, bool last)
{
	struct batch_state *s = g->way_state;
	bool left_over = !last && st->batch > 0 && g->order == s->order;
	struct reduce_window w;
	const char *why = "";

	if (!s->answered && !left_over) {
		if (reduce_whole(g->reduce, &w, &why) == -1)
			return group_fail_reduce(st, g, why);
		if (group_collect_all(st, g, &w) == -1)
			return -1;
	}
	s->answered = !last;
	s->order = g->order;
	return group_flush(st, g, st->now.watermark, last);
}

static int
rows(struct stage *st, struct group *g, const struct frame *f, struct batch *b)
{
	const struct batch_state *s = g->way_state;

	if (b->n_rows > 0 && s->answered)
		return stage_fail(
		    st, TOOL_DATA, "rows came after the end of the data");
	if (group_add_early(st, g, f, b) == -1)
		return -1;
	return (f->h.flags & FRAME_LAST) != 0 ? close_batch(st, g, true) : 0;
}

static int
mark(struct stage *st, struct group *g, const struct frame *f, bool eof)
{
	(void)f;
	return eof ? close_batch(st, g, false) : 0;
}

/* The end of the data is none for the next start, which begins a batch. */
static void
save(struct group *g, struct buf *out)
{
	const struct batch_state *s = g->way_state;

	buf_put_int(out, s->order, 8);
}

static int
load(struct stage *st, struct group *g, struct cur *in)
{
	struct batch_state *s = g->way_state;

	(void)st;
	s->order = cur_get_int(in, 8);
	return in->failed ? -1 : 0;
}

const struct group_way group_batch = {
    .cls = CLASS_BATCH,
    .plan = plan,
    .rows = rows,
    .mark = mark,
    .add = group_add,
    .save = save,
    .load = load,
    .release = release,
};
