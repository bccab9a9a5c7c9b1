/* SPDX-License-Identifier: ISC */
/* Which lane has its turn. */
#include "io/turn.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#include "base/time.h"
#include "io/heading.h"
#include "io/intake_int.h"

#define WOKEN 64 /* lanes woken at a time */

void
turn_ready(struct intake *in, struct lane *l)
{
	l->state = LANE_READY;
	TAILQ_INSERT_TAIL(&in->ready, l, turn);
}

enum intake_got
turn_hold(struct intake *in, struct lane *l)
{
	TAILQ_REMOVE(&in->ready, l, turn);
	l->state = LANE_HELD;
	merge_add(&in->held, &l->run);
	return INTAKE_MORE;
}

static int
open_lane(struct intake *in, struct lane *l)
{
	if (!source_is(l->source, SOURCE_LIVE | SOURCE_PARENT)) {
		in->resting = !in->o.merge;
		l->feed = in->spare;
		in->spare = (struct feed){0};
	}
	turn_ready(in, l);
	if (lane_open(in, l) == -1)
		return -1;
	/* Rows of an earlier start wait for their turn again. */
	if (l->run.rows.n_rows > l->run.at)
		turn_hold(in, l);
	return 0;
}

/* Files at rest are read one after the other, unless they are merged. */
static int
open_queued(struct intake *in)
{
	struct lane *l = TAILQ_FIRST(&in->queued);

	for (; l != NULL && !in->resting; l = TAILQ_FIRST(&in->queued)) {
		TAILQ_REMOVE(&in->queued, l, turn);
		if (open_lane(in, l) == -1)
			return -1;
	}
	return 0;
}

struct lane *
turn_add(struct intake *in, struct source *s)
{
	struct lane *l = lane_new(s);

	l->run.owner = l;
	TAILQ_INSERT_TAIL(&in->all, l, all);
	return l;
}

void
turn_number(struct intake *in, struct lane *l)
{
	if (!source_is(l->source, SOURCE_PARENT))
		l->part = in->o.cat ? 1 : ++in->n_parts;
	l->run.part = l->part;
}

int
turn_start(struct intake *in, struct lane *l)
{
	if (source_is(l->source, SOURCE_LIVE | SOURCE_PARENT))
		return open_lane(in, l);
	TAILQ_INSERT_TAIL(&in->queued, l, turn);
	return open_queued(in);
}

int
turn_announce(struct intake *in, struct lane *l)
{
	turn_number(in, l);
	if (!in->begun)
		return 0;
	return intake_flush(in) == -1 ? -1 : heading_open(in, l);
}

enum intake_got
turn_welcome(struct intake *in, struct lane *parent)
{
	struct lane *l = turn_add(in, source_take(parent->source));
	int rc;

	l->guest = true;
	rc = in->resumed ? journal_enter(in, l) : 0;
	if (rc == 1 && !l->dormant)
		rc = intake_flush(in) == -1 ? -1 : heading_open(in, l);
	/* Who connects is a part as soon as there are bytes of it. */
	else if (rc == 0 && !source_is(l->source, SOURCE_LIVE))
		rc = turn_announce(in, l);
	if (rc == -1)
		return INTAKE_FAILED;
	return turn_start(in, l) == -1 ? INTAKE_FAILED : INTAKE_MORE;
}

/*
 * Whether there is a place for a later start.  What came by itself goes for
 * good, unless this start ends before it or it may gain something.
 */
static bool
is_kept(const struct lane *l)
{
	if (!l->guest || l->left)
		return l->part > 0 || !l->guest;
	return !l->broken && source_kept_as(l->source) == SOURCE_KEEPS_ENTRY
	       && source_ending(l->source) == SOURCE_GROWS;
}

enum intake_got
turn_end(struct intake *in, struct lane *l)
{
	if (in->begun && intake_flush(in) == -1)
		return INTAKE_FAILED;
	if (l->guest && !l->left)
		source_done(l->source, !l->waits);
	if (epochs_are_on(&in->epochs) && is_kept(l))
		journal_leave(in, l);
	if (in->begun && !in->keeps_parts && heading_close(in, l) == -1)
		return INTAKE_FAILED;
	if (l->fd != -1)
		poller_drop(&in->poller, l->fd);
	if (in->turn == l)
		in->turn = NULL;
	/* The last frame has no rows, but columns. */
	if (in->emit.part_name == source_name(l->source))
		in->emit.part_name = "";
	lane_buffered(in, l, 0);
	TAILQ_REMOVE(&in->all, l, all);
	TAILQ_REMOVE(&in->ready, l, turn);
	if (!source_is(l->source, SOURCE_LIVE | SOURCE_PARENT)) {
		in->resting = false;
		feed_release(&in->spare);
		in->spare = l->feed;
		l->feed = (struct feed){0};
	}
	lane_free(l);
	return open_queued(in) == -1 ? INTAKE_FAILED : INTAKE_MORE;
}

enum intake_got
turn_wait(struct intake *in, struct lane *l)
{
	int fd = source_fd(l->source), ms = source_wait_ms(l->source);

	if (l->fd != -1 && fd != l->fd) {
		poller_drop(&in->poller, l->fd);
		l->fd = -1;
	}
	if (l->fd == -1 && fd != -1) {
		if (poller_add(&in->poller, fd, l) == -1) {
			intake_fail(in, EX_IOERR, "%s: %s",
			    source_name(l->source), strerror(errno));
			return INTAKE_FAILED;
		}
		l->fd = fd;
	}
	lane_trim(in, l);
	TAILQ_REMOVE(&in->ready, l, turn);
	l->state = LANE_WAITING;
	l->due_us = share_due_us(in);
	if (ms != -1 && time_mono_us() + ms * INT64_C(1000) < l->due_us)
		l->due_us = time_mono_us() + ms * INT64_C(1000);
	if (l->due_us < in->due_us)
		in->due_us = l->due_us;
	return INTAKE_MORE;
}

static void
wake_due(struct intake *in, int64_t mono_us)
{
	struct lane *l = NULL;

	in->due_us = INT64_MAX;
	TAILQ_FOREACH (l, &in->all, all) {
		if (l->state != LANE_WAITING)
			continue;
		if (l->due_us <= mono_us)
			turn_ready(in, l);
		else if (l->due_us < in->due_us)
			in->due_us = l->due_us;
	}
}

void
turn_wake(struct intake *in)
{
	void *owners[WOKEN];
	size_t n = poller_ready(&in->poller, owners, WOKEN);
	int64_t mono_us;

	for (size_t i = 0; i < n; i++) {
		struct lane *l = owners[i];

		if (l->state == LANE_WAITING)
			turn_ready(in, l);
	}
	if (in->due_us == INT64_MAX)
		return;
	mono_us = time_mono_us();
	if (mono_us >= in->due_us)
		wake_due(in, mono_us);
}

enum intake_got
turn_put_off(struct intake *in, int64_t event_us)
{
	in->pace_us = pace_wait_us(&in->o.pace, event_us);
	in->paced = true;
	return INTAKE_WAIT;
}

/* Send rows that were held on their way. */
static void
move_rows(struct intake *in, struct merge_run *r, uint32_t n)
{
	struct emit *e = &in->emit;
	struct lane *l = r->owner;
	uint32_t before = e->build.n_rows;

	e->part = l->part;
	e->part_name = source_name(l->source);
	e->read_mono_us = l->read_mono_us;
	e->read_us = l->read_us;
	build_append(&e->build, &r->rows, r->at, n);
	pace_took(&in->o.pace, n);
	emit_added(e, before, 0);
	merge_took(&in->held, n);
	if (r->at < r->rows.n_rows)
		return;
	turn_ready(in, l);
}

enum intake_got
turn_let_go(struct intake *in)
{
	struct emit *e = &in->emit;
	struct merge_run *r;
	uint32_t room, n;
	int64_t t, due;

	while ((r = merge_first(&in->held, &t)) != NULL) {
		if (in->o.n_rows == e->n_rows + e->build.n_rows)
			return INTAKE_DONE;
		if (cut_is_due(&e->cut, time_mono_us()))
			return INTAKE_MORE;
		room = intake_room(in);
		due = pace_due(&in->o.pace, t, time_mono_us());
		n = room == 0 ? 0 : merge_len(&in->held, room, due);
		if (n == 0)
			return turn_put_off(in, t);
		move_rows(in, r, n);
		if (e->build.n_rows == in->o.frame_rows
		    || build_bytes(&e->build) >= INTAKE_FRAME_BYTES)
			return intake_sent(in, emit_rows(e)) == -1
				   ? INTAKE_FAILED
				   : INTAKE_MORE;
		if (!TAILQ_EMPTY(&in->ready))
			return INTAKE_MORE;
	}
	return INTAKE_WAIT;
}
