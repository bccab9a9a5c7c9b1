/* SPDX-License-Identifier: ISC */
/* What a match of two streams has found, as frames. */
#include <string.h>

#include "base/time.h"
#include "join/streams_int.h"

#define PIECE_BYTES (32u << 20) /* of a frame that comes out, about */

int
streams_fail_expr(struct stage *st, const struct expr_error *err)
{
	return stage_fail(st, TOOL_DATA, "%s", err->text);
}

static struct col
times(const int64_t *t, uint32_t n)
{
	return (struct col){.type = TYPE_TIME,
	    .enc = COL_PLAIN,
	    .n = n,
	    .n_entries = n,
	    .i = t};
}

/* Pairs from..from + n as columns. */
static int
make_rows(struct streams *s, uint32_t from, uint32_t n)
{
	const struct pairs *p = match_pairs(s->match);
	struct plan_rows rows = {.left = &s->views[PLAN_L],
	    .right = &s->views[PLAN_R],
	    .l = p->l + from,
	    .r = p->r + from,
	    .n = n};
	struct expr_error err = {.at = 0};
	size_t skip = s->with_window ? 2 : 0;

	if (plan_gather(&s->plan, &s->gathered, &err, &rows) == -1)
		return streams_fail_expr(s->st, &err);
	batch_reset(&s->out, s->gathered.n_cols + skip);
	s->out.n_rows = n;
	if (s->with_window) {
		s->out.cols[0] = times(p->start + from, n);
		s->out.cols[1] = times(p->end + from, n);
	}
	if (s->gathered.n_cols > 0)
		memcpy(s->out.cols + skip, s->gathered.cols,
		    s->gathered.n_cols * sizeof(*s->out.cols));
	return 0;
}

/* How many of the pairs from one on make a frame. */
static uint32_t
fit(const struct streams *s, uint32_t from)
{
	const struct pairs *p = match_pairs(s->match);
	struct plan_rows rows = {.left = &s->views[PLAN_L],
	    .right = &s->views[PLAN_R],
	    .l = p->l + from,
	    .r = p->r + from,
	    .n = p->n - from};

	if ((s->side[PLAN_L].width + s->side[PLAN_R].width) * rows.n
	    <= PIECE_BYTES)
		return rows.n;
	return plan_fit(&s->plan, &rows, s->side[PLAN_R].width, PIECE_BYTES);
}

/* A union by batch: the left rows are part 1, the right ones part 2. */
static uint32_t
part_of(const struct streams *s, uint32_t from, uint32_t *n)
{
	const struct pairs *p = match_pairs(s->match);
	bool left = p->l[from] != PLAN_NONE;
	uint32_t same = 1;

	if (!s->by_side)
		return 0;
	while (same < *n && (p->l[from + same] != PLAN_NONE) == left)
		same++;
	*n = same;
	return left ? 1 : 2;
}

int
streams_answer(struct streams *s, int64_t watermark, bool last)
{
	struct pairs *p = match_pairs(s->match);
	uint32_t n, part;

	for (int i = 0; i < 2 && p->n > 0; i++)
		build_view(
		    &s->views[i], match_side(s->match, (enum plan_side)i));
	for (uint32_t from = 0; from < p->n; from += n) {
		n = fit(s, from);
		part = part_of(s, from, &n);
		if (make_rows(s, from, n) == -1
		    || stage_emit(s->st, &s->out, part,
			   from + n < p->n ? s->st->watermark : watermark,
			   from + n == p->n && last)
			   == -1)
			return -1;
	}
	if (p->n == 0 && last) {
		batch_reset(&s->out, 0);
		if (stage_emit(s->st, &s->out, 0, watermark, true) == -1)
			return -1;
	}
	p->n = 0;
	return 0;
}

int
streams_give(void *arg)
{
	struct streams *s = arg;

	return streams_answer(s, s->st->watermark, false);
}

int
streams_heartbeat(struct streams *s, int64_t watermark)
{
	const struct mark m = {.what = MARK_HEARTBEAT, .name = ""};
	struct frame_header h = s->st->now;

	if (watermark <= s->st->watermark)
		return 0;
	h.part = 0;
	h.batch = s->st->batch;
	return stage_mark(s->st, &h, &m, watermark);
}
