/* SPDX-License-Identifier: ISC */
/* A source on its way through the parser. */
#include "io/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/time.h"
#include "io/heading.h"
#include "io/intake_int.h"
#include "io/turn.h"

struct lane *
lane_new(struct source *s)
{
	struct lane *l = mem_zero(1, sizeof(*l));

	l->source = s;
	l->fd = -1;
	return l;
}

void
lane_free(struct lane *l)
{
	if (l == NULL)
		return;
	source_free(l->source);
	build_release(&l->run.rows);
	feed_release(&l->feed);
	text_place_release(&l->place);
	free(l->subs);
	free(l);
}

/* Give the parser and the rows to come to a lane. */
static void
enter(struct intake *in, struct lane *l)
{
	if (in->turn == l)
		return;
	if (in->turn != NULL)
		text_leave(in->text, &in->turn->place);
	in->turn = l;
	in->emit.part = l->part;
	in->emit.part_name = source_name(l->source);
	text_enter(in->text, &l->place);
}

static enum lane_got
fail_source(struct intake *in, const struct lane *l)
{
	intake_fail(in, source_status(l->source), "%s: %s",
	    source_where(l->source), source_error(l->source));
	return LANE_FAILED;
}

static void
begin_file(struct intake *in, struct lane *l, bool goes_on)
{
	struct text_source from = {.name = source_where(l->source),
	    .mtime_us = source_mtime_us(l->source),
	    .goes_on = goes_on};

	feed_begin(&l->feed);
	l->skipped = 0;
	text_source(in->text, &from);
	text_open(in->text);
	l->fresh = true;
	l->sniffed = false;
	/* Who waits for live rows can have the columns now, if they are fixed.
	 */
	l->hungry = !source_is(l->source, SOURCE_LIVE);
	l->ended = SOURCE_BYTES;
}

int
lane_open(struct intake *in, struct lane *l)
{
	if (source_open(l->source) == -1) {
		if (!l->guest)
			return fail_source(in, l);
		buf_printf(&in->notes, "%s: %s\n", source_where(l->source),
		    source_error(l->source));
		l->broken = true;
		return 0;
	}
	if (source_is(l->source, SOURCE_PARENT)) {
		l->hungry = true;
		l->ended = SOURCE_BYTES;
		return 0;
	}
	if (l->kept)
		l->place.from =
		    (struct text_source){.name = source_where(l->source),
			.mtime_us = source_mtime_us(l->source)};
	enter(in, l);
	if (!l->kept) {
		begin_file(in, l, false);
		return 0;
	}
	feed_begin(&l->feed);
	l->feed.off = l->kept_off;
	l->hungry = true;
	l->ended = SOURCE_BYTES;
	return 0;
}

static bool
on_bad(void *arg, const struct text_bad *bad)
{
	struct intake *in = arg;
	const struct emit *e = &in->emit;
	const struct lane *l = in->turn;
	uint64_t n =
	    e->n_rows + e->build.n_rows + e->n_filtered + in->bad.n + 1;
	char *name = NULL;
	bool go_on;

	/* Lines were not counted over what was not read. */
	if (l->skipped > 0)
		name = mem_printf(
		    "%s+%ju", source_where(l->source), (uintmax_t)l->skipped);
	go_on = bad_take(&in->bad, &in->notes,
	    name != NULL ? name : source_where(l->source), bad, n);
	free(name);
	return go_on;
}

/*
 * The bytes at hand are none that can be read.  A guest is sent away for it,
 * and counts as one bad record.
 */
static enum lane_got
refuse(struct intake *in, struct lane *l, int status, const char *why)
{
	struct text_bad bad = {.line = text_line(in->text), .why = why};
	const char *end;

	if (!l->guest) {
		intake_fail(in, status, "%s: %s", source_where(l->source), why);
		return LANE_FAILED;
	}
	bad.p = feed_peek(&l->feed, &bad.len);
	end = memchr(bad.p, '\n', bad.len);
	if (end != NULL)
		bad.len = (size_t)(end - bad.p);
	if (!on_bad(in, &bad)) {
		intake_fail(in, in->bad.status, "%s", in->bad.why);
		return LANE_FAILED;
	}
	in->emit.n_bad = in->bad.n;
	return LANE_ENDED;
}

/* Refuse what is no text, by its first bytes, once there are enough. */
static enum lane_got
sniff(struct intake *in, struct lane *l)
{
	size_t n = strlen(FRAME_MAGIC), len;
	const char *p = feed_peek(&l->feed, &len);

	if (len == 0)
		return LANE_MORE;
	l->sniffed = true;
	if (strcmp(in->o.text.format, "frames") == 0)
		return LANE_MORE;
	if (memcmp(p, FRAME_MAGIC, len < n ? len : n) == 0) {
		l->hungry = len < n && l->ended == SOURCE_BYTES;
		l->sniffed = !l->hungry;
		if (len < n)
			return LANE_MORE;
		return refuse(in, l, EX_DATAERR,
		    "this is a saved stream; write -f frames");
	}
	if (len > 2 && memcmp(p, "#!", 2) == 0
	    && memmem(p, len, "\n#SBATCH", 8) != NULL)
		return refuse(in, l, EX_USAGE, "this is not Slurm's sbatch");
	return LANE_MORE;
}

/* All bytes of a file are taken: on to the next one of the lane, or its end. */
static enum lane_got
end_file(struct intake *in, struct lane *l)
{
	if (l->ended == SOURCE_END)
		return LANE_ENDED;
	begin_file(in, l, true);
	return LANE_MORE;
}

/* Pass over what is outside of the range, now that the columns are known. */
static void
seek(struct intake *in, struct lane *l)
{
	const struct range *r = &in->o.range;
	uint64_t at = l->feed.off, to = at;
	bool moved = false;

	if (r->end && !l->placed)
		moved = source_to_end(l->source, &to);
	else if (range_is_set(r))
		to = range_seek(r, l->source, in->text, at);
	l->placed = true;
	if (!moved && to == at)
		return;
	feed_begin(&l->feed);
	l->feed.off = to;
	l->skipped = to;
	text_set_line(in->text, 1);
	text_set_offset(in->text, to);
	l->hungry = true;
}

/* A record that has no end yet is for the next start. */
static bool
goes_on(const struct intake *in, const struct lane *l)
{
	return in->keeps_parts && l->ended == SOURCE_END;
}

/* Read the header of a file; the first one begins the stream. */
static enum lane_got
read_header(struct intake *in, struct lane *l)
{
	bool eof = l->ended != SOURCE_BYTES, fixed;
	bool keeps = !in->begun && epochs_are_on(&in->epochs);
	size_t len, used = 0;
	const char *p = feed_peek(&l->feed, &len);
	int rc;

	if (goes_on(in, l) && memchr(p, '\n', len) == NULL)
		return end_file(in, l);
	if (len == 0 && eof
	    && (in->begun || l->guest || l->ended == SOURCE_NEXT))
		return end_file(in, l);
	fixed = keeps && text_header(in->text, &used, "", 0, false) == 1;
	rc = text_header(in->text, &used, p, len, eof);
	if (rc == 1 && keeps && !fixed) {
		buf_put(&in->header, p, len);
		in->header_eof = eof;
	}
	if (rc == -1)
		return refuse(
		    in, l, text_status(in->text), text_error(in->text));
	l->hungry = rc == 0;
	if (rc == 0)
		return LANE_MORE;
	feed_take(&l->feed, used);
	l->fresh = false;
	if (heading_subs(in, l, text_parts(in->text)) == -1)
		return LANE_FAILED;
	if (!in->begun && l->n_subs > 0)
		in->emit.mixed = true;
	if (!in->begun && heading_send(in) == -1)
		return LANE_FAILED;
	seek(in, l);
	return in->o.schema_only ? LANE_ENOUGH : LANE_MORE;
}

int
lane_columns(struct intake *in)
{
	size_t used;

	if (text_header(in->text, &used, "", 0, false) != 1)
		return 0;
	return heading_send(in);
}

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
	bool eof = l->ended != SOURCE_BYTES && !goes_on(in, l)
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
	if (len == 0 || goes_on(in, l))
		return end_file(in, l);
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
	    .bad = on_bad,
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
	    .bad = on_bad,
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

void
lane_buffered(struct intake *in, struct lane *l, size_t len)
{
	/* Everybody may have a little. */
	if (len <= FEED_SMALL)
		len = 0;
	in->n_buffered += len - l->buffered;
	l->buffered = len;
}

void
lane_trim(struct intake *in, struct lane *l)
{
	if (!source_is(l->source, SOURCE_NETWORK) || l->feed.at < l->feed.len)
		return;
	free(l->feed.data);
	l->feed.data = NULL;
	l->feed.at = l->feed.len = l->feed.cap = 0;
	lane_buffered(in, l, 0);
}

/*
 * A record from the network is not waited for any longer: it is bad, and what
 * comes of it up to its line end is thrown away.
 */
static enum lane_got
give_up(struct intake *in, struct lane *l, const char *p, size_t len)
{
	char why[80];
	struct text_bad bad = {.p = p, .len = len, .why = why};

	enter(in, l);
	bad.line = text_line(in->text);
	if (in->n_buffered > INTAKE_NETWORK_MAX)
		snprintf(why, sizeof(why), "all connections hold %u bytes",
		    INTAKE_NETWORK_MAX);
	else
		snprintf(why, sizeof(why), "record longer than %zu bytes",
		    in->record_max);
	if (!on_bad(in, &bad)) {
		intake_fail(in, in->bad.status, "%s", in->bad.why);
		return LANE_FAILED;
	}
	in->emit.n_bad = in->bad.n;
	feed_take(&l->feed, len);
	lane_trim(in, l);
	text_set_line(in->text, bad.line);
	l->skipping = true;
	return LANE_MORE;
}

/* Throw away what belongs to a record that was too long. */
static void
skip(struct intake *in, struct lane *l)
{
	size_t len;
	const char *p = feed_peek(&l->feed, &len);
	const char *nl = len > 0 ? memchr(p, '\n', len) : NULL;

	feed_take(&l->feed, nl == NULL ? len : (size_t)(nl + 1 - p));
	if (nl == NULL)
		return;
	l->skipping = false;
	enter(in, l);
	text_set_line(in->text, text_line(in->text) + 1);
}

/* Bytes came from whoever may send them. */
static enum lane_got
bound(struct intake *in, struct lane *l)
{
	const char *p;
	size_t len;

	if (l->part == 0 && turn_announce(in, l) == -1)
		return LANE_FAILED;
	if (l->skipping)
		skip(in, l);
	p = feed_peek(&l->feed, &len);
	lane_buffered(in, l, len);
	if (l->buffered > 0 && in->n_buffered > INTAKE_NETWORK_MAX)
		return give_up(in, l, p, len);
	l->hungry = l->skipping;
	return LANE_FILLED;
}

/* A source has failed: with a guest that is the end of it alone. */
static enum lane_got
on_error(struct intake *in, struct lane *l)
{
	size_t len;

	if (!l->guest)
		return fail_source(in, l);
	feed_peek(&l->feed, &len);
	if (len > 0) {
		enter(in, l);
		return refuse(in, l, EX_IOERR, source_error(l->source));
	}
	buf_printf(&in->notes, "%s: %s\n", source_where(l->source),
	    source_error(l->source));
	return LANE_ENDED;
}

/* Read more.  A stop takes effect here, when all whole records are parsed. */
static enum lane_got
fill(struct intake *in, struct lane *l)
{
	bool network = source_is(l->source, SOURCE_NETWORK);
	enum source_got got;
	const char *note, *p;
	size_t len;

	p = feed_peek(&l->feed, &len);
	if (network && len >= in->record_max)
		return give_up(in, l, p, len);
	got = feed_fill(&l->feed, l->source, in->few ? FEED_BLOCK : FEED_SMALL);
	note = source_note(l->source);
	if (note != NULL)
		buf_printf(&in->notes, "%s\n", note);
	switch (got) {
	case SOURCE_ERROR:
		return on_error(in, l);
	case SOURCE_WAIT:
		return in->stop_us != 0 ? LANE_ENDED : LANE_WAIT;
	case SOURCE_PEER:
		return LANE_PEER;
	case SOURCE_BYTES:
		l->read_mono_us = time_mono_us();
		l->read_us = time_now_us();
		if (network)
			return bound(in, l);
		if (l->dormant) {
			l->dormant = false;
			if (in->begun && heading_open(in, l) == -1)
				return LANE_FAILED;
		}
		break;
	case SOURCE_END:
		if (l->skipping
		    || (in->stop_us != 0 && !in->keeps_parts
			&& source_is(l->source, SOURCE_ENDLESS)))
			return LANE_ENDED;
		/* fall through */
	case SOURCE_NEXT:
		l->ended = got;
		break;
	}
	l->hungry = false;
	return LANE_FILLED;
}

enum lane_got
lane_step(struct intake *in, struct lane *l)
{
	enum lane_got got;

	if (l->broken)
		return LANE_ENDED;
	if (l->hungry && l->ended == SOURCE_BYTES)
		return fill(in, l);
	enter(in, l);
	if (!l->sniffed) {
		got = sniff(in, l);
		if (got != LANE_MORE || l->hungry)
			return got;
	}
	if (l->fresh)
		return read_header(in, l);
	return in->hold ? parse_held(in, l) : parse(in, l);
}
