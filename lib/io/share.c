/* SPDX-License-Identifier: ISC */
/* Parsing shared out among processes. */
#include "io/share.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "base/time.h"
#include "data/flat.h"
#include "io/intake_int.h"
#include "io/lane_int.h"

#define BLOCK_MIN (64u << 10)
#define OTHER_FILES 16 /* open ones but for those of the crew */

/*
 * Bytes from a pipe may wait so long for those that make a block: part of what
 * a row has before it must leave.
 */
#define GATHER_US INT64_C(2000)

/* Ends guessed wrong make work for nothing: so many, less those right. */
#define WRONG 8
#define MAX_WRONG 32

void
share_init(struct share *s)
{
	*s = (struct share){.block = PARCEL_TEXT};
	buf_init(&s->place, 0);
}

void
share_release(struct share *s)
{
	crew_free(s->crew);
	if (s->crew != NULL) {
		parcel_maker_release(&s->maker);
		flat_forget(&s->rows);
		build_release(&s->rows);
	}
	buf_release(&s->place);
	share_init(s);
}

int
share_check(struct intake *in)
{
	unsigned n = in->share.n, need = crew_files(n) + OTHER_FILES;
	struct rlimit most;

	if (n < 2 || getrlimit(RLIMIT_NOFILE, &most) == -1
	    || most.rlim_cur >= need)
		return 0;
	return intake_fail(in, EX_USAGE,
	    "-j %u needs %u open files, ulimit -n allows %ju", n, need,
	    (uintmax_t)most.rlim_cur);
}

/*
 * Whether the order of rows is that of the bytes, and nothing must be known of
 * the rows to take the bytes.
 */
static bool
can(const struct intake *in, const struct lane *l)
{
	const struct intake_opts *o = &in->o;

	return in->share.n > 1 && !in->share.never && whole_can(in->text)
	       && !l->fresh && !in->hold && !in->emit.many && !in->emit.mixed
	       && !in->endless && !epochs_are_on(&in->epochs)
	       && !source_is(l->source, SOURCE_NETWORK)
	       && o->n_rows == UINT64_MAX && o->cut.bytes == 0
	       && !pace_is_set(&o->pace);
}

static enum lane_got
fail(struct intake *in)
{
	const struct crew *c = in->share.crew;

	intake_fail(in, crew_status(c), "-j: %s", crew_error(c));
	return LANE_FAILED;
}

static enum lane_got
wait_for_answer(struct intake *in, int fd)
{
	return crew_wait(in->share.crew, true, fd) == -1 ? fail(in) : LANE_MORE;
}

static void
save_place(struct intake *in)
{
	struct text_place place = {.line = 0};

	buf_reset(&in->share.place);
	text_leave(in->text, &place);
	text_place_save(in->text, &place, &in->share.place);
	text_place_release(&place);
}

static enum lane_got
turn_on(struct intake *in)
{
	struct share *s = &in->share;

	if (s->crew == NULL) {
		parcel_maker_init(&s->maker, in->text);
		s->crew = crew_start(
		    s->n, sizeof(struct parcel), parcel_parse, &s->maker);
		if (s->crew == NULL) {
			intake_fail(in, EX_OSERR,
			    "-j: the workers cannot be started: %s",
			    strerror(errno));
			parcel_maker_release(&s->maker);
			return LANE_FAILED;
		}
		build_init(&s->rows, text_schema(in->text));
	}
	save_place(in);
	s->on = true;
	return LANE_MORE;
}

/* The bytes behind the first n of a parcel are the lane's again. */
static void
take_back(struct lane *l, struct parcel *p, size_t n)
{
	feed_unread(&l->feed, p->text + n, p->len - n);
	p->len = n;
}

static void
turn_off(struct intake *in, struct lane *l)
{
	struct parcel *open = crew_room(in->share.crew);

	if (open != NULL)
		take_back(l, open, 0);
	in->share.on = false;
}

/* Give the first len bytes of the open parcel to a worker. */
static enum lane_got
post(struct intake *in, struct lane *l, struct parcel *p, size_t len, bool last)
{
	struct share *s = &in->share;

	take_back(l, p, len);
	p->eof = last || whole_is_sure(in->text);
	/* Of all lines only the first of a source is special. */
	p->line = crew_n_posted(s->crew) == 0 ? text_line(in->text) : 2;
	p->read_mono_us = s->since_us != 0 ? s->since_us : l->read_mono_us;
	p->read_us = l->read_us;
	/* A place has some bytes for each column. */
	assert(s->place.len <= sizeof(p->answer));
	p->place_len = s->place.len;
	memcpy(p->answer, s->place.data, s->place.len);
	s->since_us = 0;
	return crew_post(s->crew) == -1 ? fail(in) : LANE_MORE;
}

/* Nothing can be posted: wait for what is on its way, then go on without. */
static enum lane_got
run_dry(struct intake *in, struct lane *l, const struct parcel *p)
{
	struct share *s = &in->share;

	if (crew_n_posted(s->crew) == 0) {
		turn_off(in, l);
		return LANE_MORE;
	}
	/* Without room a read would look like the end. */
	if (!s->dry || (p != NULL && p->len == s->block))
		return wait_for_answer(in, -1);
	/* More may come first. */
	s->rush = s->dry = false;
	l->hungry = true;
	return wait_for_answer(in, source_fd(l->source));
}

/* Move bytes of the feed on into the open parcel. */
static void
move_bytes(struct lane *l, struct parcel *p, size_t most)
{
	size_t len;
	const char *from = feed_peek(&l->feed, &len);

	if (len > most - p->len)
		len = most - p->len;
	memcpy(p->text + p->len, from, len);
	p->len += len;
	feed_take(&l->feed, len);
}

/* Fill the open parcel, or post it. */
static enum lane_got
fill_parcel(struct intake *in, struct lane *l, struct parcel *p)
{
	struct share *s = &in->share;
	size_t left, end;
	bool last;

	move_bytes(l, p, s->block);
	feed_peek(&l->feed, &left);
	last = left == 0 && l->ended != SOURCE_BYTES;
	if (p->len < s->block / 2 && !last && !s->rush && !l->failed) {
		l->hungry = true;
		return s->dry ? run_dry(in, l, p) : LANE_MORE;
	}
	if (p->len == 0 || (s->rush && p->len < BLOCK_MIN))
		return run_dry(in, l, p);
	end = last ? p->len : whole_end(in->text, p->text, p->len);
	if (end > 0)
		return post(in, l, p, end, last);
	if (p->len < s->block && !s->rush && !l->failed) {
		l->hungry = true;
		return LANE_MORE;
	}
	s->apart = crew_n_posted(s->crew) == 0;
	return run_dry(in, l, p);
}

static void
open_answer(struct intake *in)
{
	struct share *s = &in->share;

	s->answer = crew_posted(s->crew, 0);
	s->at = 0;
	s->line = text_line(in->text);
	parcel_rows(&s->rows, &s->bads, s->answer);
	s->has_bad = parcel_next_bad(&s->bad, &s->bads, s->answer);
}

/* The parcel was not parsed to its end, so that those behind it are wrong. */
static enum lane_got
start_over(struct intake *in, struct lane *l)
{
	struct share *s = &in->share;
	unsigned n;

	if (s->answer->cramped && s->block > BLOCK_MIN)
		s->block /= 2;
	else
		s->n_wrong += WRONG;
	s->never = s->n_wrong >= MAX_WRONG;
	if (crew_settle(s->crew) == -1)
		return fail(in);
	turn_off(in, l);
	for (n = crew_n_posted(s->crew) - 1; n > 0; n--)
		take_back(l, crew_posted(s->crew, n), 0);
	take_back(l, s->answer, s->answer->used);
	while (crew_n_posted(s->crew) > 0) {
		s->answer = crew_posted(s->crew, 0);
		s->answer->len = 0;
		crew_take(s->crew);
	}
	s->answer = NULL;
	s->apart = true;
	return LANE_MORE;
}

static enum lane_got
close_answer(struct intake *in, struct lane *l)
{
	struct share *s = &in->share;
	struct parcel *p = s->answer;

	text_set_line(in->text, s->line + p->next_line - p->line);
	if (p->used < p->len)
		return start_over(in, l);
	s->n_wrong -= s->n_wrong > 0;
	p->len = 0;
	crew_take(s->crew);
	s->answer = NULL;
	return LANE_MORE;
}

static enum lane_got
tell_bad(struct intake *in)
{
	struct share *s = &in->share;
	bool go_on;

	s->bad.bad.line += s->line - s->answer->line;
	go_on = lane_on_bad(in, &s->bad.bad);
	in->emit.n_bad = in->bad.n;
	if (!go_on) {
		intake_fail(in, in->bad.status, "%s", in->bad.why);
		return LANE_FAILED;
	}
	s->has_bad = parcel_next_bad(&s->bad, &s->bads, s->answer);
	return LANE_MORE;
}

/* Take rows up to the given one, a full frame or the end of a batch. */
static enum lane_got
take_rows(struct intake *in, struct lane *l, uint32_t end)
{
	struct share *s = &in->share;
	struct emit *e = &in->emit;
	uint32_t n = end - s->at, before = e->build.n_rows, room;

	if (range_is_set(&in->o.range)
	    && !range_run(
		&in->o.range, &n, &s->rows, in->schema.time_col, s->at)) {
		e->n_filtered += n;
		s->at += n;
		return LANE_MORE;
	}
	room = build_reach(
	    &s->rows, s->at, build_bytes(&e->build), INTAKE_FRAME_BYTES);
	n = room > 0 && room < n ? room : n;
	room = intake_room(in);
	n = room < n ? room : n;
	e->read_mono_us = s->answer->read_mono_us;
	e->read_us = s->answer->read_us;
	e->part = l->part;
	build_append(&e->build, &s->rows, s->at, n);
	emit_added(e, before, 0);
	s->at += n;
	return lane_send_full(in) == -1 ? LANE_FAILED : LANE_MORE;
}

static enum lane_got
take_answer(struct intake *in, struct lane *l)
{
	struct share *s = &in->share;
	uint32_t end = s->has_bad ? s->bad.row : s->rows.n_rows;

	if (s->at < end)
		return take_rows(in, l, end);
	if (s->has_bad)
		return tell_bad(in);
	return close_answer(in, l);
}

static enum lane_got
step(struct intake *in, struct lane *l)
{
	struct share *s = &in->share;
	struct parcel *open;

	if (!s->on && turn_on(in) == LANE_FAILED)
		return LANE_FAILED;
	if (s->answer != NULL)
		return take_answer(in, l);
	switch (crew_wait(s->crew, false, -1)) {
	case -1:
		return fail(in);
	case 1:
		open_answer(in);
		return LANE_MORE;
	}
	open = crew_room(s->crew);
	return open == NULL ? wait_for_answer(in, -1)
			    : fill_parcel(in, l, open);
}

bool
share_parse(struct intake *in, struct lane *l, enum lane_got *got)
{
	struct share *s = &in->share;
	size_t len;

	if (!s->on && (s->apart || !can(in, l)))
		return false;
	feed_peek(&l->feed, &len);
	if (s->since_us == 0 && !s->on && len > 0)
		s->since_us = l->read_mono_us;
	if (s->on || len >= s->block) {
		*got = step(in, l);
		return true;
	}
	if (l->ended != SOURCE_BYTES || l->failed || s->rush) {
		/* Rows leave by the time of their first byte. */
		if (s->since_us != 0)
			l->read_mono_us = s->since_us;
		return false;
	}
	l->hungry = true;
	*got = LANE_MORE;
	return true;
}

void
share_parsed(struct intake *in, bool took)
{
	in->share.since_us = 0;
	in->share.apart &= !took;
}

enum source_got
share_fill(struct intake *in, struct lane *l)
{
	struct share *s = &in->share;
	enum source_got got;
	struct parcel *p;
	size_t n;

	if (s->on) {
		p = crew_room(s->crew);
		got = source_read(
		    l->source, p->text + p->len, s->block - p->len, &n);
		p->len += n;
		l->feed.off += n;
	} else {
		got = feed_fill(
		    &l->feed, l->source, in->few ? FEED_BLOCK : FEED_SMALL);
	}
	if (got != SOURCE_WAIT)
		s->rush = s->dry = false;
	if (got == SOURCE_BYTES && s->on && s->since_us == 0)
		s->since_us = time_mono_us();
	return got;
}

bool
share_drains(struct intake *in, struct lane *l)
{
	bool first = !l->failed && (in->share.on || can(in, l));

	l->failed = true;
	return first;
}

bool
share_waits(struct intake *in, const struct lane *l)
{
	struct share *s = &in->share;
	bool posted = s->on && crew_n_posted(s->crew) > 0;

	if (!s->on && (s->since_us == 0 || !can(in, l)))
		return true;
	s->dry = true;
	s->rush = time_mono_us() >= share_due_us(in);
	return !s->rush && !posted;
}

int64_t
share_due_us(const struct intake *in)
{
	const struct share *s = &in->share;

	if (s->since_us != 0)
		return s->since_us + GATHER_US;
	/* What is on its way, or parcels, are seen to at once. */
	return s->on ? 0 : INT64_MAX;
}
