/* SPDX-License-Identifier: ISC */
/* The bytes of a lane become rows. */
#include <string.h>
#include <sysexits.h>

#include "base/time.h"
#include "io/heading.h"
#include "io/intake_int.h"
#include "io/lane_int.h"

/* The rows that bytes become. */
static struct build *
rows(struct intake *in, struct lane *l)
{
	return in->hold ? &l->run.rows : &in->emit.build;
}

/* Parse p[0..len) of the feed; what was taken leaves it. */
static int
parse_bytes(struct intake *in, struct lane *l, struct text_goal *goal,
    const char *p, size_t len)
{
	struct build *b = rows(in, l);
	uint32_t before;
	const char *note;
	int rc;
	bool eof = l->ended != SOURCE_BYTES && !lane_goes_on(in, l)
		   && p + len == l->feed.data + l->feed.len;

	/* A frame has rows of one part, unless it says whose each is. */
	if (text_parts(in->text) > 1 && !in->hold && !in->emit.mixed
	    && intake_flush(in) == -1)
		return -1;
	before = b->n_rows;
	rc = text_parse(in->text, b, goal, p, len, eof);
	note = text_note(in->text);
	if (note != NULL)
		buf_printf(&in->notes, "%s\n", note);
	if (rc == -1) {
		if (in->bad.why != NULL)
			return intake_fail(
			    in, in->bad.status, "%s", in->bad.why);
		return intake_fail(in, text_status(in->text), "%s: %s",
		    source_where(l->source), text_error(in->text));
	}
	if (heading_subs(in, l, text_parts(in->text)) == -1)
		return -1;
	in->emit.n_bad = in->bad.n;
	if (range_is_set(&in->o.range))
		in->emit.n_filtered +=
		    range_filter(&in->o.range, b, in->schema.time_col, before);
	feed_take(&l->feed, goal->used);
	if (in->hold)
		return 0;
	in->emit.part = l->part; /* a guest had none when it came */
	in->emit.read_mono_us = l->read_mono_us;
	in->emit.read_us = l->read_us;
	pace_took(&in->o.pace, b->n_rows - before);
	in->emit.part =
	    goal->sub == 0 || in->o.cat ? l->part : l->subs[goal->sub - 1];
	emit_added(&in->emit, before, goal->used);
	return 0;
}

/* No whole record is at hand. */
static enum lane_got
starve(struct intake *in, struct lane *l, size_t len)
{
	l->hungry = true;
	if (l->ended == SOURCE_BYTES)
		return LANE_MORE;
	if (len == 0 || lane_goes_on(in, l))
		return lane_end_file(in, l);
	intake_fail(in, EX_SOFTWARE, "%s: byte %ju: no record begins here",
	    source_where(l->source), (uintmax_t)l->feed.off);
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

static bool
frame_is_full(
    const struct intake *in, const struct lane *l, const struct text_goal *goal)
{
	const struct build *b = &in->emit.build;
	size_t bytes = build_bytes(b);

	if (b->n_rows >= in->o.frame_rows || bytes >= INTAKE_FRAME_BYTES)
		return true;
	/* So much and no record taken: a row that would pass the bytes. */
	return goal->used == 0 && b->n_rows > 0
	       && l->feed.len - l->feed.at >= FEED_BLOCK;
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

	if (in->o.n_rows == e->n_rows + e->build.n_rows)
		return LANE_ENOUGH;
	if (room == 0)
		return LANE_PACED;
	take = cut_bytes(&e->cut, len);
	if (parse_bytes(in, l, &goal, p, take) == -1)
		return LANE_FAILED;
	if (cut_is_due(&e->cut, time_mono_us()))
		return LANE_MORE; /* the next step closes it */
	if (frame_is_full(in, l, &goal))
		return intake_sent(in, emit_rows(e)) == -1 ? LANE_FAILED
							   : LANE_MORE;
	if (goal.used > 0)
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
	return in->hold ? parse_held(in, l) : parse(in, l);
}
