/* SPDX-License-Identifier: ISC */
/* A source on its way through the parser. */
#include "io/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/time.h"
#include "io/again.h"
#include "io/heading.h"
#include "io/intake_int.h"
#include "io/lane_int.h"
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
	free(l->where);
	free(l->subs);
	free(l->rest);
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

/* The source is at its next file while the rest of the last one is parsed. */
static struct text_source
name_file(struct lane *l, bool goes_on)
{
	free(l->where);
	l->where = mem_strdup(source_where(l->source));
	return (struct text_source){.name = l->where,
	    .mtime_us = source_mtime_us(l->source),
	    .goes_on = goes_on};
}

static void
begin_file(struct intake *in, struct lane *l, bool goes_on)
{
	struct text_source from = name_file(l, goes_on);

	feed_begin(&l->feed);
	l->skipped = 0;
	text_source(in->text, &from);
	text_open(in->text);
	l->torn = false;
	l->fresh = true;
	l->sniffed = false;
	/* Who waits for live rows can have the columns now, if they are fixed.
	 */
	l->hungry = !source_is(l->source, SOURCE_LIVE);
	l->ended = SOURCE_BYTES;
}

/* Whether it fails alone. */
static bool
is_forgiven(const struct lane *l)
{
	return l->guest && !source_is(l->source, SOURCE_STRICT);
}

int
lane_open(struct intake *in, struct lane *l)
{
	if (source_open(l->source) == -1) {
		if (!is_forgiven(l))
			return fail_source(in, l);
		buf_printf(&in->notes, "%s: %s\n", source_where(l->source),
		    source_error(l->source));
		l->broken = true;
		return 0;
	}
	if (source_is(l->source, SOURCE_PARENT)) {
		again_prune(in, l->source);
		l->hungry = true;
		l->ended = SOURCE_BYTES;
		return 0;
	}
	if (l->kept)
		l->place.from = name_file(l, false);
	enter(in, l);
	if (!l->kept) {
		begin_file(in, l, false);
		return 0;
	}
	l->torn = text_has_lines(in->text) && source_in_line(l->source);
	feed_begin(&l->feed);
	l->feed.off = l->kept_off;
	feed_put(&l->feed, l->rest, l->n_rest);
	if (source_is(l->source, SOURCE_NETWORK))
		lane_buffered(in, l, l->n_rest);
	l->hungry = l->n_rest == 0 || l->skipping;
	l->ended = SOURCE_BYTES;
	return 0;
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
		intake_fail(in, status, "%s: %s", l->where, why);
		return LANE_FAILED;
	}
	bad.p = feed_peek(&l->feed, &bad.len);
	end = memchr(bad.p, '\n', bad.len);
	if (end != NULL)
		bad.len = (size_t)(end - bad.p);
	if (!lane_on_bad(in, &bad)) {
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

enum lane_got
lane_end_file(struct intake *in, struct lane *l)
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

bool
lane_goes_on(const struct intake *in, const struct lane *l)
{
	return in->keeps_parts && l->ended == SOURCE_END
	       && source_ending(l->source) == SOURCE_GROWS;
}

enum lane_got
lane_put_off(struct intake *in, struct lane *l, size_t len)
{
	l->waits = len > 0;
	return lane_end_file(in, l);
}

bool
lane_is_cut(const struct lane *l)
{
	return l->ended != SOURCE_BYTES
	       && source_ending(l->source) == SOURCE_CUT;
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

	if (lane_goes_on(in, l) && memchr(p, '\n', len) == NULL)
		return lane_put_off(in, l, len);
	if (lane_is_cut(l) && memchr(p, '\n', len) == NULL)
		return len > 0 ? lane_drop_cut(in, l, len)
			       : lane_end_file(in, l);
	if (len == 0 && eof
	    && (in->begun || l->guest || l->ended == SOURCE_NEXT))
		return lane_end_file(in, l);
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
	if (!lane_on_bad(in, &bad)) {
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

	if (!is_forgiven(l))
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

/*
 * A line that was taken as it was must not go on now; it may get its end.
 * 0 with how the source is in *got, or -1.
 */
static int
mend(struct intake *in, struct lane *l, enum source_got *got)
{
	size_t n;
	char c;

	*got = source_read(l->source, &c, 1, &n);
	if (*got != SOURCE_BYTES)
		return 0;
	if (c != '\n')
		return intake_fail(in, EX_NOINPUT,
		    "%s: the line that ended the file at byte %ju, without a "
		    "line end, was taken as it was, and goes on now; --once "
		    "leaves such a line to a later start",
		    l->where, (uintmax_t)l->feed.off);
	l->feed.off++;
	l->torn = false;
	return 0;
}

/*
 * Whether what was told is of a loss that was accepted: another file, or the
 * same from its start, follows, or the files of a directory are fewer.  That a
 * file is not there yet is told by every start.
 */
static bool
is_loss(const struct lane *l, enum source_got got)
{
	return got == SOURCE_NEXT
	       || source_kept_as(l->source) == SOURCE_KEEPS_FILES;
}

static void
tell(struct intake *in, const struct lane *l, enum source_got got)
{
	const char *note = source_note(l->source);

	if (note == NULL)
		return;
	buf_printf(&in->notes, "%s\n", note);
	in->epochs.changed |= is_loss(l, got);
}

/* Read more.  A stop takes effect here, when all whole records are parsed. */
static enum lane_got
fill(struct intake *in, struct lane *l)
{
	bool network = source_is(l->source, SOURCE_NETWORK);
	enum source_got got;
	const char *p;
	size_t len;

	p = feed_peek(&l->feed, &len);
	if (network && len >= in->record_max)
		return give_up(in, l, p, len);
	if (l->torn && mend(in, l, &got) == -1)
		return LANE_FAILED;
	if (!l->torn)
		got = share_fill(in, l);
	tell(in, l, got);
	switch (got) {
	case SOURCE_ERROR:
		if (!share_drains(in, l))
			return on_error(in, l);
		break;
	case SOURCE_WAIT:
		/* Others come from a parent, until it says that it ends. */
		l->left =
		    in->stop_us != 0 && !source_is(l->source, SOURCE_PARENT);
		if (l->left)
			return LANE_ENDED;
		if (share_waits(in, l))
			return LANE_WAIT;
		break;
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
		l->skipping = false;
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
	return lane_parse(in, l);
}
