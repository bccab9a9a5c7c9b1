/* SPDX-License-Identifier: ISC */
/* The bytes of a lane become rows. */
#include <stdlib.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/time.h"
#include "io/heading.h"
#include "io/intake_int.h"
#include "io/lane_int.h"

/* So far. */
static uint64_t
n_records(const struct intake *in)
{
	const struct emit *e = &in->emit;

	return e->n_rows + e->build.n_rows + e->n_filtered + in->bad.n;
}

bool
lane_on_bad(void *arg, const struct text_bad *bad)
{
	struct intake *in = arg;
	struct emit *e = &in->emit;
	const struct lane *l = in->turn;
	uint64_t n = n_records(in) + 1;
	char *name = NULL;
	bool go_on;

	if (!in->hold)
		losses_add(&e->losses, e->build.n_rows);
	/* Lines were not counted over what was not read. */
	if (l->skipped > 0)
		name = mem_printf("%s+%ju", l->where, (uintmax_t)l->skipped);
	go_on = bad_take(
	    &in->bad, &in->notes, name != NULL ? name : l->where, bad, n);
	free(name);
	return go_on;
}

/* Half of a record is no row, but that is not the fault of the data. */
enum lane_got
lane_drop_cut(struct intake *in, struct lane *l, size_t len)
{
	struct text_bad bad = {.line = text_line(in->text),
	    .why = "its end was lost when an earlier start ended",
	    .len = len};
	size_t all;

	bad.p = feed_peek(&l->feed, &all);
	if (!in->hold)
		losses_add(&in->emit.losses, in->emit.build.n_rows);
	if (!bad_pass(
		&in->bad, &in->notes, l->where, &bad, n_records(in) + 1)) {
		intake_fail(in, in->bad.status, "%s", in->bad.why);
		return LANE_FAILED;
	}
	in->emit.n_bad = in->bad.n;
	feed_take(&l->feed, len);
	return lane_end_file(in, l);
}

/* The rows that bytes become. */
static struct build *
rows(struct intake *in, struct lane *l)
{
	return in->hold ? &l->run.rows : &in->emit.build;
}

/* Rows from before on are new: let those outside of the range go. */
static void
filter(struct intake *in, struct build *b, uint32_t before)
{
	uint32_t n_rows = b->n_rows, n;
	uint32_t *sel;

	if (!range_is_set(&in->o.range))
		return;
	sel = range_pick(&in->o.range, &n, b, in->schema.time_col, before);
	if (sel == NULL)
		return;
	build_keep(b, before, sel, n);
	if (!in->hold)
		losses_filter(&in->emit.losses, before, n_rows, sel, n);
	in->emit.n_filtered += n_rows - before - n;
	free(sel);
}

/* Rows from before on, of n_bytes, are in the frame to come. */
static void
added(struct intake *in, struct lane *l, const struct text_goal *goal,
    uint32_t before)
{
	struct emit *e = &in->emit;

	e->read_mono_us = l->read_mono_us;
	e->read_us = l->read_us;
	/* A guest had no part when it came. */
	e->part =
	    goal->sub == 0 || in->o.cat ? l->part : l->subs[goal->sub - 1];
	pace_took(&in->o.pace, e->build.n_rows - before);
	emit_added(e, before, goal->used);
}

static int
fail_parse(struct intake *in, const struct lane *l)
{
	if (in->bad.why != NULL)
		return intake_fail(in, in->bad.status, "%s", in->bad.why);
	return intake_fail(in, text_status(in->text), "%s: %s", l->where,
	    text_error(in->text));
}

/*
 * Parse p[0..len) of the feed; what was taken leaves it.  With a failure the
 * rows before it are at hand all the same.
 */
static int
parse_bytes(struct intake *in, struct lane *l, struct text_goal *goal,
    const char *p, size_t len)
{
	struct build *b = rows(in, l);
	uint32_t before;
	const char *note;
	int rc;
	bool eof = l->ended != SOURCE_BYTES && !lane_goes_on(in, l)
		   && !lane_is_cut(l) && p + len == l->feed.data + l->feed.len;

	/* A frame has rows of one part, unless it says whose each is. */
	if (text_parts(in->text) > 1 && !in->hold && !in->emit.mixed
	    && intake_flush(in) == -1)
		return -1;
	before = b->n_rows;
	rc = text_parse(in->text, b, goal, p, len, eof);
	note = text_note(in->text);
	if (note != NULL)
		buf_printf(&in->notes, "%s\n", note);
	if (heading_subs(in, l, text_parts(in->text)) == -1)
		return -1;
	in->emit.n_bad = in->bad.n;
	filter(in, b, before);
	feed_take(&l->feed, goal->used);
	if (!in->hold)
		added(in, l, goal, before);
	return rc == -1 ? fail_parse(in, l) : 0;
}

/* No whole record is at hand. */
static enum lane_got
starve(struct intake *in, struct lane *l, size_t len)
{
	l->hungry = true;
	if (l->ended == SOURCE_BYTES)
		return LANE_MORE;
	if (len == 0 || lane_goes_on(in, l))
		return lane_put_off(in, l, len);
	if (lane_is_cut(l))
		return lane_drop_cut(in, l, len);
	intake_fail(in, EX_SOFTWARE, "%s: byte %ju: no record begins here",
	    l->where, (uintmax_t)l->feed.off);
	return LANE_FAILED;
}

/*
 * The batch has no room for the record at the front of p, which ends behind
 * it; one that is longer than a whole batch has one for itself.
 */
static enum lane_got
shut_batch(struct intake *in, struct lane *l, struct text_goal *goal,
    const char *p, size_t len)
{
	struct emit *e = &in->emit;

	if (e->cut.bytes == 0) {
		goal->max_rows = e->build.n_rows + 1;
		if (parse_bytes(in, l, goal, p, len) == -1)
			return LANE_FAILED;
		if (e->cut.bytes == 0)
			return starve(in, l, len);
	}
	cut_shut(&e->cut);
	return LANE_MORE;
}

/* Rows that fill a frame, 0 when those at hand do not. */
static uint32_t
full_rows(const struct intake *in)
{
	const struct build *b = &in->emit.build;
	uint32_t n = build_reach(b, 0, 0, INTAKE_FRAME_BYTES);

	if (n == 0 || n > in->o.frame_rows)
		n = b->n_rows >= in->o.frame_rows ? in->o.frame_rows : 0;
	return n;
}

int
lane_send_full(struct intake *in)
{
	struct emit *e = &in->emit;
	bool due = cut_is_due(&e->cut, time_mono_us());
	uint32_t n;

	while ((n = full_rows(in)) > 0) {
		if (e->many || e->mixed)
			n = e->build.n_rows;
		if (due && n == e->build.n_rows)
			break;
		if (intake_sent(in, emit_first(e, n)) == -1)
			return -1;
	}
	return 0;
}

/* Make rows of what is at hand, up to a frame or the end of a batch. */
static enum lane_got
parse(struct intake *in, struct lane *l)
{
	struct emit *e = &in->emit;
	uint32_t room = intake_room(in);
	struct text_goal goal = {.max_rows = e->build.n_rows + room,
	    .max_bytes = INTAKE_FRAME_BYTES,
	    .bad = lane_on_bad,
	    .arg = in,
	    .eager = in->live};
	size_t len, take;
	const char *p = feed_peek(&l->feed, &len);
	int rc;

	if (in->o.n_rows == e->n_rows + e->build.n_rows)
		return LANE_ENOUGH;
	if (room == 0)
		return LANE_PACED;
	take = cut_bytes(&e->cut, len);
	rc = parse_bytes(in, l, &goal, p, take);
	if (lane_send_full(in) == -1 || rc == -1)
		return LANE_FAILED;
	/* A saved frame's bytes are taken with its last row. */
	if (goal.used > 0 || goal.n_sub > 0)
		return LANE_MORE;
	/* A batch that is due is closed by the next step. */
	if (cut_is_due(&e->cut, time_mono_us()))
		return LANE_MORE;
	if (take < len)
		return shut_batch(in, l, &goal, p, len);
	return starve(in, l, len);
}

/* Make rows of what is at hand, to be held. */
static enum lane_got
parse_held(struct intake *in, struct lane *l)
{
	struct text_goal goal = {.max_rows = in->o.frame_rows,
	    .max_bytes = in->few ? INTAKE_FRAME_BYTES : FEED_SMALL,
	    .eager = in->live,
	    .bad = lane_on_bad,
	    .arg = in};
	size_t len;
	const char *p = feed_peek(&l->feed, &len);

	if (l->run.rows.cols == NULL)
		build_init(&l->run.rows, text_schema(in->text));
	build_reset(&l->run.rows);
	if (parse_bytes(in, l, &goal, p, len) == -1)
		return LANE_FAILED;
	l->run.at = 0;
	if (l->run.rows.n_rows > 0)
		return LANE_ROWS;
	if (goal.used > 0)
		return LANE_MORE;
	return starve(in, l, len);
}

enum lane_got
lane_parse(struct intake *in, struct lane *l)
{
	uint64_t off = l->feed.off;
	enum lane_got got;

	if (in->hold)
		return parse_held(in, l);
	if (share_parse(in, l, &got))
		return got;
	got = parse(in, l);
	share_parsed(in, l->feed.off > off);
	return got;
}
