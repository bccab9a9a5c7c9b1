/* SPDX-License-Identifier: ISC */
/* Frames of two streams into a match, and what they settle. */
#include "join/streams.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "join/streams_int.h"

#define LOOK_MS 20 /* between two looks at either side */

/* What the watermarks so far settle. */
static int
advance(struct streams *s, bool last)
{
	int64_t us;

	if (match_advance(s->match, &us) == -1)
		return -1;
	/* The end has its own. */
	if (us == INT64_MAX || us < s->st->watermark)
		us = s->st->watermark;
	if (match_pairs(s->match)->n > 0 || last) {
		if (streams_answer(s, us, last) == -1)
			return -1;
	} else if (streams_heartbeat(s, us) == -1) {
		return -1;
	}
	match_tidy(s->match);
	return 0;
}

/* Batches that both sides have, and what is left when both have ended. */
static int
close_batches(struct streams *s)
{
	struct streams_side *l = &s->side[PLAN_L], *r = &s->side[PLAN_R];

	if (l->eof && r->eof) {
		if (match_batch(s->match) == -1
		    || streams_answer(s, s->st->watermark, false) == -1)
			return -1;
		match_tidy(s->match);
		return 0;
	}
	while ((l->eof || l->batches > s->batch)
	       && (r->eof || r->batches > s->batch)) {
		if (match_batch(s->match) == -1
		    || streams_answer(s, s->st->watermark, true) == -1)
			return -1;
		match_tidy(s->match);
		s->batch++;
	}
	return 0;
}

static int
mark_parts(struct streams *s, enum mark_what what)
{
	struct frame_header h = s->st->now;

	if (!s->by_side)
		return 0;
	for (uint32_t i = 0; i < 2; i++) {
		const char *name = what == MARK_OPEN ? s->side[i].name : "";
		struct mark m = {
		    .what = what, .name = name, .name_len = strlen(name)};

		h.part = i + 1;
		h.batch = s->st->batch;
		if (m.name_len > NOTE_MAX_TEXT)
			m.name_len = NOTE_MAX_TEXT;
		if (stage_mark(s->st, &h, &m, s->st->watermark) == -1)
			return -1;
	}
	return 0;
}

static int
open_parts(struct streams *s)
{
	bool opened = s->opened;

	s->opened = true;
	return opened ? 0 : mark_parts(s, MARK_OPEN);
}

/* Both sides are at the end of their data. */
static int
finish(struct streams *s)
{
	const struct mark m = {.what = MARK_EOF, .name = ""};
	struct frame_header h = s->st->now;
	int64_t us = s->st->watermark, last = match_last(s->match);

	s->ended = true;
	if (s->st->out.windowed && last != TIME_NONE && last + 1 > us)
		us = last + 1;
	h.part = 0;
	h.batch = s->st->batch;
	if (mark_parts(s, MARK_CLOSE) == -1)
		return -1;
	return stage_mark(s->st, &h, &m, us);
}

/* What a frame of a side has settled; last: it closes a batch of that side. */
static int
settle(struct streams *s, enum plan_side side, bool last)
{
	bool both;

	if (s->way == MATCH_BATCH) {
		if (last && !s->side[side].eof)
			s->side[side].batches++;
		if (close_batches(s) == -1)
			return -1;
	} else if (advance(s, last && side == PLAN_L && !s->side[side].eof)
		   == -1) {
		return -1;
	}
	both = s->side[PLAN_L].eof && s->side[PLAN_R].eof;
	return both && !s->ended ? finish(s) : 0;
}

/* The header that answers go by is that of the left side. */
static void
note_header(struct streams *s, enum plan_side side, const struct frame *f)
{
	if (side == PLAN_L || !s->has_now)
		s->now = f->h;
	s->has_now |= side == PLAN_L;
	s->st->now = s->now;
}

/* Panes or event times of the rows of a side, or NULL where none are used. */
static int
row_times(struct streams *s, const int64_t **out, enum plan_side side,
    const struct batch *b, struct arena *a)
{
	const struct streams_side *in = &s->side[side];
	bool panes = in->head->window.kind != WINDOW_NONE;
	int64_t off = panes ? 0 : in->head->schema.time_off;
	struct col c;
	int64_t *t;

	*out = NULL;
	if (s->way == MATCH_BATCH || s->way == MATCH_ARRIVAL)
		return 0;
	if (panes && in->pane_col == -1)
		return stage_fail(
		    s->st, TOOL_DATA, "%s has windows but no panes", in->name);
	col_flatten(&c, a, &b->cols[panes ? in->pane_col : in->time_col]);
	if (c.valid != NULL)
		return stage_fail(s->st, TOOL_DATA, "%s: a row has no %s",
		    in->name, panes ? "pane" : "event time");
	t = arena_dup(a, c.i, (size_t)c.n * sizeof(*t));
	for (uint32_t i = 0; off != 0 && i < c.n; i++)
		if (!num_add(&t[i], t[i], off))
			return stage_fail(s->st, TOOL_DATA,
			    "%s: an event time is out of range", in->name);
	*out = t;
	return 0;
}

/* Rows of one side. */
static int
add_rows(struct streams *s, enum plan_side side, struct batch *b)
{
	struct stage *st = s->st;
	struct streams_side *in = &s->side[side];
	struct expr_env env = {.batch_us = st->now.batch_us};
	struct arena *a = &b->arena;
	struct col *keys = arena_alloc(a, s->plan.n_keys * sizeof(*keys));
	struct match_rows rows = {.side = side, .b = b, .keys = keys};
	struct expr_error err = {.at = 0};
	const char *why = NULL;
	uint32_t n_used;
	size_t width;

	if (b->n_rows == 0)
		return 0;
	if (in->eof)
		return stage_fail(st, TOOL_DATA,
		    "%s: rows came after the end of the data", in->name);
	if (plan_keys(&s->plan, keys, &err, side, b, a, &env) == -1)
		return streams_fail_expr(st, &err);
	if (row_times(s, &rows.at, side, b, a) == -1)
		return -1;
	width = plan_width(&s->plan, side, b);
	in->width = width > in->width ? width : in->width;
	if (match_add(s->match, &n_used, &why, &rows, a) == -1)
		return why == NULL
			   ? -1
			   : stage_fail(st, TOOL_DATA, "%s: %s", in->name, why);
	in->n_rows += b->n_rows;
	st->n_unparsed += env.n_unparsed;
	st->acct.used += n_used;
	st->acct.filtered += b->n_rows - n_used;
	return 0;
}

/* The rows of a frame that are of the source of one side. */
static uint32_t
pick_rows(const struct streams *s, enum plan_side side, uint32_t *sel,
    const struct batch *b)
{
	const struct col *c = &b->cols[s->source_col];
	const struct streams_side *in = &s->side[side];
	uint32_t n = 0;
	size_t len;

	for (uint32_t r = 0; r < b->n_rows; r++) {
		const char *p = col_str(c, r, &len);

		sel[n] = r;
		n += col_is_valid(c, r) && len == in->source_len
		     && memcmp(p, in->source, len) == 0;
	}
	return n;
}

static int
add_both(struct streams *s, struct batch *b)
{
	uint32_t *sel = arena_alloc(&b->arena, (b->n_rows + 1) * sizeof(*sel));
	uint64_t n_mine = 0;

	for (int i = 0; i < 2; i++) {
		enum plan_side side = (enum plan_side)i;
		uint32_t n = pick_rows(s, side, sel, b);

		n_mine += n;
		batch_gather(&s->part, b, sel, n);
		if (add_rows(s, side, &s->part) == -1)
			return -1;
	}
	s->st->acct.filtered += b->n_rows - n_mine;
	return 0;
}

static void
mark_side(struct streams *s, enum plan_side side, int64_t us)
{
	if (!s->side[side].eof && us != TIME_NONE)
		match_mark(s->match, side, us);
}

static int
on_rows(struct stage *st, void *arg, const struct frame *f, struct batch *b)
{
	struct streams *s = arg;
	enum plan_side side = (enum plan_side)st->side;
	bool last = (f->h.flags & FRAME_LAST) != 0;
	int64_t us = f->h.watermark;

	note_header(s, side, f);
	if (open_parts(s) == -1)
		return -1;
	if (st->pair != NULL) {
		if (add_rows(s, side, b) == -1)
			return -1;
	} else {
		if (add_both(s, b) == -1)
			return -1;
		mark_side(s, PLAN_R, us);
		if (last && !s->side[PLAN_R].eof)
			s->side[PLAN_R].batches++;
	}
	mark_side(s, side, us);
	return settle(s, side, last);
}

static int
on_mark(
    struct stage *st, void *arg, const struct frame *f, const struct mark *m)
{
	struct streams *s = arg;
	enum plan_side side = (enum plan_side)st->side;

	note_header(s, side, f);
	if (open_parts(s) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (st->pair != NULL && i != (int)side)
			continue;
		mark_side(s, (enum plan_side)i, f->h.watermark);
		if (m->what != MARK_EOF)
			continue;
		match_mark(s->match, (enum plan_side)i, INT64_MAX);
		s->side[i].eof = true;
	}
	return settle(s, side, false);
}

static int
on_head(struct stage *st, void *arg)
{
	struct streams *s = arg;

	s->st = st;
	return streams_head(st, s);
}

/* The last batch closes behind MARK eof. */
static int
on_end(struct stage *st, void *arg, enum end_reason reason)
{
	struct streams *s = arg;

	(void)reason;
	if (!s->ended)
		return 0;
	st->now = s->now;
	return streams_answer(s, st->watermark, true);
}

/*
 * Rows that are kept in any case are taken from either side as they come, so
 * that none is held up by a command which feeds both.
 */
static bool
takes_any(const struct streams *s)
{
	return s->way == MATCH_ARRIVAL
	       || (s->way == MATCH_BATCH
		   && s->side[PLAN_L].batches == s->side[PLAN_R].batches);
}

static enum pair_side
choose(void *arg)
{
	struct streams *s = arg;
	struct pair *p = s->st->pair;
	bool left_first;

	if (s->side[PLAN_L].eof != s->side[PLAN_R].eof)
		return s->side[PLAN_L].eof ? PAIR_RIGHT : PAIR_LEFT;
	if (takes_any(s))
		return !stream_ready(pair_reader(p, PAIR_LEFT))
			       && stream_ready(pair_reader(p, PAIR_RIGHT))
			   ? PAIR_RIGHT
			   : PAIR_LEFT;
	if (s->way == MATCH_BATCH)
		left_first = s->side[PLAN_L].batches <= s->side[PLAN_R].batches;
	else
		left_first =
		    match_lag(s->match, PLAN_L) <= match_lag(s->match, PLAN_R);
	return left_first ? PAIR_LEFT : PAIR_RIGHT;
}

/* While one side is waited for the other may have something to take. */
static int
on_idle(struct stage *st, void *arg, int *timeout_ms)
{
	if (st->pair != NULL && takes_any(arg))
		*timeout_ms = LOOK_MS;
	return 0;
}

/* Of --sources.  What has ended has given all of its rows. */
static void
on_save(struct stage *st, void *arg, struct buf *out)
{
	const struct streams *s = arg;

	(void)st;
	buf_put_int(out, s->ended, 1);
	if (s->ended)
		return;
	buf_put_int(out, s->opened, 1);
	buf_put_int(out, s->batch, 8);
	for (int i = 0; i < 2; i++) {
		buf_put_int(out, s->side[i].batches, 8);
		buf_put_int(out, s->side[i].width, 8);
	}
	match_save(s->match, out);
}

static int
on_load(struct stage *st, void *arg, struct cur *in)
{
	struct streams *s = arg;

	if (cur_get_int(in, 1) != 0) {
		match_resume_at(s->match, st->watermark);
		return 0;
	}
	s->opened = cur_get_int(in, 1) != 0;
	s->batch = cur_get_int(in, 8);
	for (int i = 0; i < 2; i++) {
		s->side[i].batches = cur_get_int(in, 8);
		s->side[i].width = cur_get_int(in, 8);
		if (s->side[i].width > UINT32_MAX)
			return -1;
	}
	return match_load(s->match, in);
}

/* Of two inputs; with --sources there is one. */
static const struct stage_ops ops_template = {
    .cls = CLASS_JOIN,
    .head = on_head,
    .rows = on_rows,
    .mark = on_mark,
    .end = on_end,
    .idle = on_idle,
    .choose = choose,
};

static void
release(struct streams *s)
{
	if (s->planned)
		plan_release(&s->plan);
	match_free(s->match);
	cogroup_free(s->cogroup);
	batch_release(&s->part);
	batch_release(&s->views[PLAN_L]);
	batch_release(&s->views[PLAN_R]);
	batch_release(&s->gathered);
	batch_release(&s->out);
	free(s->sources);
	free(s);
}

int
streams_within(struct streams_opts *o, const char *arg)
{
	const char *comma = strchr(arg, ','), *upper = arg;

	o->within = true;
	o->lo = 0;
	if (comma != NULL) {
		if (num_parse_dur(&o->lo, arg, (size_t)(comma - arg)) == -1)
			return -1;
		upper = comma + 1;
	}
	if (num_parse_dur(&o->hi, upper, strlen(upper)) == -1)
		return -1;
	return o->lo <= o->hi ? 0 : -1;
}

int
streams_run(struct tool *t, const struct streams_opts *o)
{
	struct streams *s = mem_zero(1, sizeof(*s));
	struct stage st = {.sink = false};
	struct stage_ops ops = ops_template;
	char *why = NULL;
	int status;

	s->o = o;
	if (o->sources == NULL) {
		st.pair = pair_open(&o->pair, &why);
		if (st.pair == NULL)
			tool_die(TOOL_NOSOURCE, "%s", why);
	} else {
		ops.cls = CLASS_STATEFUL;
		ops.save = on_save;
		ops.load = on_load;
		ops.version = 1;
	}
	status = stage_run(&st, t, &ops, s);
	pair_free(st.pair);
	release(s);
	return status;
}
