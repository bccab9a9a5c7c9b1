/* SPDX-License-Identifier: ISC */
/* From sources to a stream.  sbatch(1). */
#include "io/intake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/time.h"
#include "io/again.h"
#include "io/heading.h"
#include "io/intake_int.h"
#include "io/saved.h"
#include "io/turn.h"

void
intake_init(struct intake *in)
{
	*in = (struct intake){
	    .o = {.text = {.delim = -1, .max_field = TEXT_MAX_FIELD},
		.n_rows = UINT64_MAX,
		.frame_rows = INTAKE_FRAME_ROWS}};
	bad_init(&in->bad);
	buf_init(&in->notes, 0);
	schema_init(&in->schema);
	source_list_init(&in->sources);
	TAILQ_INIT(&in->all);
	TAILQ_INIT(&in->ready);
	TAILQ_INIT(&in->queued);
	poller_init(&in->poller);
	range_init(&in->o.range);
	epochs_init(&in->epochs);
	share_init(&in->share);
	buf_init(&in->header, 0);
	in->o.source.max_conns = SOURCE_MAX_CONNS;
	in->held.time_col = -1;
	in->due_us = INT64_MAX;
}

void
intake_release(struct intake *in)
{
	struct lane *l = NULL;

	while ((l = TAILQ_FIRST(&in->all)) != NULL) {
		TAILQ_REMOVE(&in->all, l, all);
		lane_free(l);
	}
	poller_release(&in->poller);
	merge_release(&in->held);
	bad_release(&in->bad);
	emit_release(&in->emit);
	buf_release(&in->notes);
	schema_release(&in->schema);
	source_list_release(&in->sources);
	feed_release(&in->spare);
	share_release(&in->share);
	text_free(in->text);
	journal_release(&in->journal);
	epochs_release(&in->epochs);
	buf_release(&in->header);
	free(in->why);
}

int
intake_fail(struct intake *in, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(in->why);
	if (vasprintf(&in->why, fmt, ap) == -1)
		in->why = mem_strdup(fmt);
	va_end(ap);
	in->status = status;
	return -1;
}

int
intake_deserted(struct intake *in)
{
	in->deserted = true;
	return intake_fail(
	    in, EX_IOERR, "standard output: %s", strerror(EPIPE));
}

static int
fail_bad(struct intake *in)
{
	return intake_fail(in, in->bad.status, "%s", in->bad.why);
}

int
intake_sent(struct intake *in, int rc)
{
	if (rc == -1 && errno == EPIPE)
		return intake_deserted(in);
	if (rc == -1)
		return intake_fail(
		    in, EX_IOERR, "standard output: %s", strerror(errno));
	return bad_flush(&in->bad) == -1 ? fail_bad(in) : 0;
}

uint32_t
intake_room(struct intake *in)
{
	const struct emit *e = &in->emit;
	uint64_t left = in->o.n_rows - e->n_rows - e->build.n_rows;
	uint32_t room = cut_rows(&e->cut, in->o.frame_rows - e->build.n_rows);

	room = left < room ? (uint32_t)left : room;
	return pace_room(&in->o.pace, room, time_mono_us());
}

int
intake_flush(struct intake *in)
{
	if (in->emit.build.n_rows == 0)
		return 0;
	return intake_sent(in, emit_rows(&in->emit));
}

/* Send what the clock says. */
static int
keep_time(struct intake *in)
{
	struct emit *e = &in->emit;
	int64_t mono = time_mono_us();

	if (cut_is_due(&e->cut, mono))
		return intake_sent(in, emit_batch(e));
	if (e->build.n_rows > 0 && (in->live || pace_is_set(&in->o.pace))
	    && mono >= e->oldest_us + INTAKE_LINGER_US)
		return intake_sent(in, emit_rows(e));
	return 0;
}

/* No lane is ready. */
static enum intake_got
rest(struct intake *in)
{
	if (TAILQ_EMPTY(&in->all))
		return INTAKE_DONE;
	/* Files may be rotated away before they have told the columns. */
	if (!in->begun && epochs_are_on(&in->epochs) && epochs_place(in) == -1)
		return INTAKE_FAILED;
	return turn_let_go(in);
}

/* Whether what is not read by now is too much. */
static bool
is_late(const struct intake *in)
{
	return in->stop_us != 0 && time_mono_us() >= in->stop_us
	       && (!epochs_are_on(&in->epochs) || journal_settled(in));
}

enum intake_got
intake_step(struct intake *in)
{
	struct lane *l = NULL;
	bool late;

	if (in->begun && !in->o.schema_only && keep_time(in) == -1)
		return INTAKE_FAILED;
	if (in->begun && epochs_are_on(&in->epochs) && epochs_step(in) == -1)
		return INTAKE_FAILED;
	late = is_late(in);
	if (late && (in->paced || in->n_late++ >= INTAKE_STOP_STEPS))
		return INTAKE_DONE;
	if (in->begun && in->o.schema_only)
		return INTAKE_DONE;
	in->paced = false;
	turn_wake(in);
	l = TAILQ_FIRST(&in->ready);
	if (l == NULL)
		return late ? INTAKE_DONE : rest(in);
	switch (lane_step(in, l)) {
	case LANE_FAILED:
		return INTAKE_FAILED;
	case LANE_FILLED:
		TAILQ_REMOVE(&in->ready, l, turn);
		turn_ready(in, l);
		return INTAKE_MORE;
	case LANE_WAIT:
		return turn_wait(in, l);
	case LANE_ROWS:
		return turn_hold(in, l);
	case LANE_PACED:
		return turn_put_off(in, INT64_MIN);
	case LANE_PEER:
		return turn_welcome(in, l);
	case LANE_ENDED:
		return turn_end(in, l);
	case LANE_ENOUGH:
		return INTAKE_DONE;
	case LANE_MORE:
	default:
		return INTAKE_MORE;
	}
}

void
intake_stop(struct intake *in)
{
	struct lane *l = NULL;

	in->stop_us = time_mono_us() + INTAKE_STOP_US;
	in->keeps_parts |= epochs_are_on(&in->epochs);
	TAILQ_FOREACH (l, &in->all, all) {
		/* What was not opened looks for its end when it is. */
		if (l->state != LANE_QUEUED)
			source_stop(l->source);
		if (l->state == LANE_WAITING)
			turn_ready(in, l);
	}
}

/* Say of all parts that are left that they have ended. */
static int
close_parts(struct intake *in)
{
	struct lane *l = NULL;

	if (intake_flush(in) == -1)
		return -1;
	TAILQ_FOREACH (l, &in->all, all)
		if (heading_close(in, l) == -1)
			return -1;
	return 0;
}

static int
finish_bad(struct intake *in)
{
	const struct emit *e = &in->emit;

	if (bad_finish(&in->bad, e->n_rows + e->n_filtered + in->bad.n) == -1)
		return fail_bad(in);
	return 0;
}

/* There is nothing that would tell the columns: a later start goes on here. */
static int
fail_empty(struct intake *in)
{
	if (epochs_place(in) == -1)
		return -1;
	return intake_fail(in, EX_NOINPUT,
	    "-S: there is no whole %s yet to tell the columns; nothing "
	    "was taken, start again when there is one",
	    in->o.text.no_header ? "record" : "header or record");
}

/* What follows the last row of a stream that resumes. */
static int
finish_epoch(struct intake *in, struct account *a)
{
	struct emit *e = &in->emit;
	bool eof = !in->keeps_parts;
	bool idle = epochs_idle(in, eof);
	bool still = idle && !in->epochs.changed;
	int rc = 0;

	if (!in->begun && lane_columns(in) == -1)
		return -1;
	if (!in->begun)
		return fail_empty(in);

	/* A batch that was asked for is whole when an epoch ends. */
	if (!idle && !eof
	    && (cut_is_set(&e->cut) ? e->cut.rows > 0 : in->epochs.once))
		rc = intake_sent(in, emit_batch(e));
	if (rc == 0)
		rc = epochs_place(in);
	if (rc == 0 && !idle && eof)
		rc = close_parts(in);
	if (rc == 0 && !idle && eof)
		rc = finish_bad(in);
	if (rc == 0 && !still && eof)
		rc = intake_sent(in, emit_mark(e, MARK_EOF, 0, ""));
	if (rc == 0 && !idle && eof)
		rc = intake_sent(in, emit_batch(e));
	if (rc == 0 && !still)
		rc = epochs_end(in);
	if (rc == 0)
		rc = intake_sent(
		    in, emit_close(e, eof && !still ? END_EOF : END_STOP, a));
	return rc;
}

int
intake_finish(struct intake *in, struct account *a)
{
	enum end_reason reason = in->stop_us != 0 ? END_STOP : END_EOF;

	strlcpy(a->name, in->o.name, sizeof(a->name));
	if (epochs_are_on(&in->epochs))
		return finish_epoch(in, a);
	if (close_parts(in) == -1)
		return -1;
	if (finish_bad(in) == -1)
		return -1;
	if (intake_sent(in, emit_mark(&in->emit, MARK_EOF, 0, "")) == -1)
		return -1;
	return intake_sent(in, emit_end(&in->emit, reason, a));
}

bool
intake_left(struct intake *in)
{
	return !epochs_are_on(&in->epochs) || epochs_last(in);
}

int
intake_leave(struct intake *in)
{
	return epochs_are_on(&in->epochs) ? epochs_over(in) : 0;
}

void
intake_abort(struct intake *in)
{
	int status = in->status;

	if (in->o.schema_only)
		return;
	/* As many as without a fault, however they came. */
	if (in->emit.build.n_rows > 0)
		emit_rows(&in->emit);
	if (in->bad.why == NULL && bad_flush(&in->bad) == -1)
		buf_printf(&in->notes, "%s\n", in->bad.why);
	/* What keeps the failure from being told is told by that itself. */
	emit_fail(&in->emit, status, in->o.name, in->why);
	if (in->epochs.dir.lock_fd != -1)
		epochs_over(in);
	in->status = status;
}

static int
find_sources(struct intake *in, char *operands[], size_t n)
{
	static char standard[] = "-";
	char *one[] = {standard}, *why;
	struct source *s;
	size_t n_live = 0;
	int rc;

	if (n == 0) {
		operands = one;
		n = 1;
	}
	for (size_t i = 0; i < n; i++) {
		rc = source_list_add(
		    &in->sources, operands[i], &in->o.source, &why);
		if (rc != 0) {
			intake_fail(in, rc, "%s", why);
			free(why);
			return -1;
		}
	}
	source_list_join(&in->sources);
	for (size_t i = 0; i < in->sources.n; i++) {
		s = in->sources.v[i];
		if (source_check(s) == -1)
			return intake_fail(in, source_status(s), "%s: %s",
			    source_name(s), source_error(s));
		in->endless |= source_is(s, SOURCE_ENDLESS);
		in->batched |= source_is(s, SOURCE_BATCHED);
		n_live += source_is(s, SOURCE_LIVE);
		in->parents |= source_is(s, SOURCE_PARENT);
	}
	in->live = n_live > 0;
	in->hold = in->o.merge || in->o.pace.speed > 0;
	/* Others may have rows meanwhile. */
	in->emit.many =
	    in->o.merge || (in->live && (in->sources.n > 1 || in->parents));
	in->emit.mixed = in->emit.many && !in->o.cat;
	in->few =
	    !in->emit.many || (!in->parents && in->sources.n <= INTAKE_FEW);
	return 0;
}

/* What the source, or its name, says its format is. */
static const char *
format_of(const struct source *s)
{
	const char *format = source_format(s), *path = source_sample(s);

	if (format != NULL || path == NULL)
		return format;
	return saved_is_stream(path) ? "frames" : text_by_path(path);
}

/* Unless -f says it, the sources say the format. */
static int
find_format(struct intake *in)
{
	const char *path, *first = NULL, *format = NULL, *f;

	if (in->o.text.format != NULL)
		return 0;
	for (size_t i = 0; i < in->sources.n; i++) {
		path = source_path(in->sources.v[i]);
		f = format_of(in->sources.v[i]);
		if (f == NULL)
			return intake_fail(in, EX_USAGE,
			    "%s: no file is in it yet that says its format: "
			    "say -f FORMAT",
			    path);
		if (format != NULL && strcmp(f, format) != 0)
			return intake_fail(in, EX_USAGE,
			    "%s looks like %s, but %s like %s: say -f FORMAT",
			    first, format, path, f);
		first = path;
		format = f;
	}
	in->o.text.format = format;
	/* The columns of the generator are known. */
	if (strncmp(first, "gen:", 4) == 0 && in->o.text.columns == NULL) {
		in->o.text.columns = "timestamp:time(us),value:int";
		if (in->o.text.time == NULL)
			in->o.text.time = "timestamp";
	}
	return 0;
}

int
intake_find(struct intake *in, char *operands[], size_t n)
{
	if (find_sources(in, operands, n) == -1)
		return -1;
	return find_format(in);
}

/* Every source becomes a lane; those that can be read now are opened. */
static int
begin_lanes(struct intake *in)
{
	bool frames = strcmp(in->o.text.format, "frames") == 0;
	struct lane *l = NULL;
	struct source *s;
	int rc;

	for (size_t i = 0; i < in->sources.n; i++) {
		s = in->sources.v[i];
		in->sources.v[i] = NULL;
		l = turn_add(in, s);
		rc = in->resumed ? journal_enter(in, l) : 0;
		if (rc == -1)
			return -1;
		if (rc == 0)
			turn_number(in, l);
		if (frames
		    && heading_subs(in, l, saved_parts(source_path(s))) == -1)
			return -1;
	}
	in->emit.mixed |= in->n_parts > 1 && frames && !in->hold && !in->o.cat;
	if (epochs_are_on(&in->epochs) && again_check(in) == -1)
		return -1;
	/* The columns are those of an earlier start. */
	if (in->resumed && in->journal.bound && heading_send(in) == -1)
		return -1;
	TAILQ_FOREACH (l, &in->all, all)
		if (turn_start(in, l) == -1)
			return -1;
	return 0;
}

/* What is kept must go where nothing else is, nor is read. */
static int
begin_bad(struct intake *in)
{
	if (bad_open(&in->bad) == -1)
		return -1;
	for (size_t i = 0; i < in->sources.n; i++)
		if (bad_not_source(&in->bad, source_path(in->sources.v[i]))
		    == -1)
			return -1;
	return epochs_are_on(&in->epochs) ? bad_claim(&in->bad) : 0;
}

int
intake_begin(struct intake *in)
{
	char *why = NULL;

	/* A state must know how many fields a record has. */
	in->o.text.named = !epochs_are_on(&in->epochs);
	in->text = text_new(&in->o.text, &why);
	if (in->text == NULL) {
		intake_fail(in, EX_USAGE, "%s", why);
		free(why);
		return -1;
	}
	if (strcmp(in->o.text.format, "frames") == 0 && in->o.cut.bytes > 0)
		return intake_fail(
		    in, EX_USAGE, "--batch-bytes: not with -f frames");
	if (share_check(in) == -1)
		return -1;
	if (begin_bad(in) == -1)
		return fail_bad(in);
	in->record_max = in->o.text.max_field;
	if (in->record_max < INTAKE_RECORD_MIN)
		in->record_max = INTAKE_RECORD_MIN;
	in->emit.source_col = in->o.source_col;
	in->keeps_parts = in->epochs.once;
	if (epochs_are_on(&in->epochs)) {
		if (strcmp(in->o.text.format, "frames") == 0)
			return intake_fail(in, EX_USAGE,
			    "-S: not with -f frames: a saved stream is not "
			    "read again from its middle");
		if (epochs_start(in) == -1)
			return -1;
	}
	if (begin_lanes(in) == -1)
		return -1;
	return in->parents && !in->begun ? lane_columns(in) : 0;
}

int
intake_fd(const struct intake *in)
{
	return in->paced ? -1 : in->poller.fd;
}

int64_t
intake_wait_us(const struct intake *in, int64_t until_us)
{
	const struct emit *e = &in->emit;
	int64_t at;

	if (in->due_us < until_us)
		until_us = in->due_us;
	if (in->paced && in->pace_us < until_us)
		until_us = in->pace_us;
	if (in->begun && in->o.cut.every_us > 0 && e->cut.next_us < until_us)
		until_us = e->cut.next_us;
	at = e->oldest_us + INTAKE_LINGER_US;
	return e->build.n_rows > 0 && at < until_us ? at : until_us;
}
