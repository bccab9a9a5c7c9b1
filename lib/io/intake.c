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
#include "base/zone.h"
#include "io/intake_int.h"

#define WOKEN 64 /* lanes woken at a time */

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
	bad_release(&in->bad);
	emit_release(&in->emit);
	buf_release(&in->notes);
	schema_release(&in->schema);
	source_list_release(&in->sources);
	feed_release(&in->spare);
	text_free(in->text);
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

static int
fail_bad(struct intake *in)
{
	return intake_fail(in, in->bad.status, "%s", in->bad.why);
}

int
intake_sent(struct intake *in, int rc)
{
	if (rc == -1)
		return intake_fail(
		    in, EX_IOERR, "standard output: %s", strerror(errno));
	return bad_flush(&in->bad) == -1 ? fail_bad(in) : 0;
}

/* The options that change the rows, for the chain in HEAD. */
static void
describe(struct buf *b, const struct intake_opts *o)
{
	const struct text_opts *t = &o->text;

	buf_printf(b, "-f %s", t->format);
	if (t->columns != NULL)
		buf_printf(b, " -c '%s'", t->columns);
	if (t->time != NULL)
		buf_printf(b, " -t '%s'", t->time);
	if (t->no_header)
		buf_puts(b, " -N");
	if (t->delim != -1)
		buf_printf(b, " -d '%c'", t->delim);
	if (t->null_str != NULL)
		buf_printf(b, " --null '%s'", t->null_str);
	if (t->max_field != TEXT_MAX_FIELD)
		buf_printf(b, " --max-field %zu", t->max_field);
	if (t->utf8 != TEXT_UTF8_REJECT)
		buf_printf(b, " --invalid-utf8 %s",
		    t->utf8 == TEXT_UTF8_REPLACE ? "replace" : "bytes");
	if (t->tz != NULL)
		buf_printf(b, " --tz '%s'", zone_name(t->tz));
	if (t->year != 0)
		buf_printf(b, " --year %d", t->year);
	if (t->record_start != NULL)
		buf_printf(b, " --record-start '%s'", t->record_start);
	if (o->source_col != NULL)
		buf_printf(b, " --source '%s'", o->source_col);
	if (o->n_rows != UINT64_MAX)
		buf_printf(b, " -n %ju", (uintmax_t)o->n_rows);
	buf_putc(b, '\0');
}

/* Say that a part begins. */
static int
announce(struct intake *in, struct lane *l)
{
	if (l->part == 0 || l->announced || in->o.schema_only)
		return 0;
	l->announced = true;
	return intake_sent(in,
	    emit_mark(&in->emit, MARK_OPEN, l->part, source_name(l->source)));
}

/* Send HEAD and announce the parts. */
static int
send_head(struct intake *in)
{
	const struct cut_opts *cut = &in->o.cut;
	struct buf chain = {.max = HEAD_MAX_TEXT};
	struct lane *l = NULL;
	struct head h;
	int rc = 0;

	head_init(&h);
	schema_release(&h.schema);
	schema_copy(&h.schema, &in->schema);
	h.endless = in->endless;
	h.many = cut->every_us > 0 || cut->rows > 0 || cut->bytes > 0;
	describe(&chain, &in->o);
	if (chain.failed)
		rc = intake_fail(in, EX_USAGE, "the options are too long");
	else
		head_add_stage(&h, CLASS_SOURCE, in->o.program, in->o.name,
		    (const char *)chain.data);
	buf_release(&chain);
	if (rc == 0)
		rc = intake_sent(in, emit_head(&in->emit, &h, cut));
	head_release(&h);
	TAILQ_FOREACH(l, &in->all, all)
	if (rc == 0)
		rc = announce(in, l);
	return rc;
}

int
intake_columns(struct intake *in)
{
	const char *col = in->o.source_col;
	struct field *f;

	schema_release(&in->schema);
	schema_copy(&in->schema, text_schema(in->text));
	emit_columns(&in->emit, &in->schema);
	if (col != NULL
	    && schema_add(&in->schema, col, strlen(col), TYPE_STR) == NULL)
		return intake_fail(in, EX_USAGE,
		    "--source: '%s' is taken, or no name for a column", col);
	if (in->emit.mixed) {
		f = schema_add(&in->schema, "part", 4, TYPE_INT);
		if (f == NULL)
			return intake_fail(in, EX_DATAERR,
			    "there is a column part; rename it with -c");
		f->system = true;
	}
	in->begun = true;
	return in->o.schema_only ? 0 : send_head(in);
}

/* Send what was read before something else is said. */
static int
flush(struct intake *in)
{
	if (in->emit.build.n_rows == 0)
		return 0;
	return intake_sent(in, emit_rows(&in->emit));
}

static int
close_part(struct intake *in, const struct lane *l)
{
	if (!l->announced)
		return 0;
	return intake_sent(in, emit_mark(&in->emit, MARK_CLOSE, l->part, ""));
}

static void
make_ready(struct intake *in, struct lane *l)
{
	l->state = LANE_READY;
	TAILQ_INSERT_TAIL(&in->ready, l, turn);
}

static int
open_lane(struct intake *in, struct lane *l)
{
	if (!source_is(l->source, SOURCE_LIVE)) {
		in->resting = true;
		l->feed = in->spare;
		in->spare = (struct feed){0};
	}
	make_ready(in, l);
	return lane_open(in, l);
}

/* Files at rest are read one after the other. */
static int
open_queued(struct intake *in)
{
	struct lane *l = TAILQ_FIRST(&in->queued);

	if (in->resting || l == NULL)
		return 0;
	TAILQ_REMOVE(&in->queued, l, turn);
	return open_lane(in, l);
}

static struct lane *
add_lane(struct intake *in, struct source *s)
{
	struct lane *l = lane_new(s);

	if (!source_is(s, SOURCE_PARENT))
		l->part = ++in->n_parts;
	TAILQ_INSERT_TAIL(&in->all, l, all);
	return l;
}

/* Open it, or let it wait for the files before it. */
static int
start(struct intake *in, struct lane *l)
{
	if (source_is(l->source, SOURCE_LIVE))
		return open_lane(in, l);
	TAILQ_INSERT_TAIL(&in->queued, l, turn);
	return open_queued(in);
}

/* A source came while others are being read. */
static enum intake_got
welcome(struct intake *in, struct lane *parent)
{
	struct lane *l = add_lane(in, source_take(parent->source));

	l->guest = true;
	if (in->begun && (flush(in) == -1 || announce(in, l) == -1))
		return INTAKE_FAILED;
	return start(in, l) == -1 ? INTAKE_FAILED : INTAKE_MORE;
}

/* All of a source was taken. */
static enum intake_got
end_lane(struct intake *in, struct lane *l)
{
	if (in->begun && (flush(in) == -1 || close_part(in, l) == -1))
		return INTAKE_FAILED;
	if (l->fd != -1)
		poller_drop(&in->poller, l->fd);
	if (in->turn == l)
		in->turn = NULL;
	TAILQ_REMOVE(&in->all, l, all);
	TAILQ_REMOVE(&in->ready, l, turn);
	if (!source_is(l->source, SOURCE_LIVE)) {
		in->resting = false;
		in->spare = l->feed;
		l->feed = (struct feed){0};
	}
	lane_free(l);
	return open_queued(in) == -1 ? INTAKE_FAILED : INTAKE_MORE;
}

/* Nothing is there: wait for the descriptor, or for a time. */
static enum intake_got
put_to_wait(struct intake *in, struct lane *l)
{
	int fd = source_fd(l->source), ms = source_wait_ms(l->source);

	if (l->fd == -1 && fd != -1) {
		if (poller_add(&in->poller, fd, l) == -1) {
			intake_fail(in, EX_IOERR, "%s: %s",
			    source_name(l->source), strerror(errno));
			return INTAKE_FAILED;
		}
		l->fd = fd;
	}
	TAILQ_REMOVE(&in->ready, l, turn);
	l->state = LANE_WAITING;
	l->due_us = ms == -1 ? INT64_MAX : time_mono_us() + ms * INT64_C(1000);
	if (l->due_us < in->due_us)
		in->due_us = l->due_us;
	return INTAKE_MORE;
}

static void
wake_due(struct intake *in, int64_t mono_us)
{
	struct lane *l = NULL;

	in->due_us = INT64_MAX;
	TAILQ_FOREACH(l, &in->all, all)
	{
		if (l->state != LANE_WAITING)
			continue;
		if (l->due_us <= mono_us)
			make_ready(in, l);
		else if (l->due_us < in->due_us)
			in->due_us = l->due_us;
	}
}

/* Find the waiting lanes for which there is something to read. */
static void
wake(struct intake *in)
{
	void *owners[WOKEN];
	size_t n = poller_ready(&in->poller, owners, WOKEN);
	int64_t mono_us;

	for (size_t i = 0; i < n; i++) {
		struct lane *l = owners[i];

		if (l->state == LANE_WAITING)
			make_ready(in, l);
	}
	if (in->due_us == INT64_MAX)
		return;
	mono_us = time_mono_us();
	if (mono_us >= in->due_us)
		wake_due(in, mono_us);
}

/* Send what the clock says. */
static int
keep_time(struct intake *in)
{
	struct emit *e = &in->emit;
	int64_t mono = time_mono_us();

	if (cut_is_due(&e->cut, mono))
		return intake_sent(in, emit_batch(e));
	if (e->build.n_rows > 0 && in->live
	    && mono >= e->oldest_us + INTAKE_LINGER_US)
		return intake_sent(in, emit_rows(e));
	return 0;
}

enum intake_got
intake_step(struct intake *in)
{
	struct lane *l = NULL;

	if (in->begun && keep_time(in) == -1)
		return INTAKE_FAILED;
	if (in->stop_us != 0 && time_mono_us() >= in->stop_us)
		return INTAKE_DONE;
	wake(in);
	l = TAILQ_FIRST(&in->ready);
	if (l == NULL)
		return TAILQ_EMPTY(&in->all) ? INTAKE_DONE : INTAKE_WAIT;
	switch (lane_step(in, l)) {
	case LANE_FAILED:
		return INTAKE_FAILED;
	case LANE_FILLED:
		TAILQ_REMOVE(&in->ready, l, turn);
		make_ready(in, l);
		return INTAKE_MORE;
	case LANE_WAIT:
		return put_to_wait(in, l);
	case LANE_PEER:
		return welcome(in, l);
	case LANE_ENDED:
		return end_lane(in, l);
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
	TAILQ_FOREACH(l, &in->all, all)
	{
		source_stop(l->source);
		if (l->state == LANE_WAITING)
			make_ready(in, l);
	}
}

/* Say of all parts that are left that they have ended. */
static int
close_parts(struct intake *in)
{
	struct lane *l = NULL;

	if (flush(in) == -1)
		return -1;
	TAILQ_FOREACH(l, &in->all, all)
	if (close_part(in, l) == -1)
		return -1;
	return 0;
}

int
intake_finish(struct intake *in, struct account *a)
{
	enum end_reason reason = in->stop_us != 0 ? END_STOP : END_EOF;

	if (close_parts(in) == -1)
		return -1;
	if (bad_finish(&in->bad, in->emit.n_rows + in->bad.n) == -1)
		return fail_bad(in);
	if (intake_sent(in, emit_mark(&in->emit, MARK_EOF, 0, "")) == -1)
		return -1;
	strlcpy(a->name, in->o.name, sizeof(a->name));
	return intake_sent(in, emit_end(&in->emit, reason, a));
}

static int
find_sources(struct intake *in, char *operands[], size_t n)
{
	static char standard[] = "-";
	char *one[] = {standard}, *why;
	struct source *s;
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
		in->endless |= source_is(s, SOURCE_ENDLESS);
		in->batched |= source_is(s, SOURCE_BATCHED);
		if (source_check(s) == -1)
			return intake_fail(in, source_status(s), "%s: %s",
			    source_name(s), source_error(s));
	}
	return 0;
}

/* Unless -f says it, the names of the files say the format. */
static int
find_format(struct intake *in)
{
	const char *path, *first = NULL, *format = NULL, *f;

	if (in->o.text.format != NULL)
		return 0;
	for (size_t i = 0; i < in->sources.n; i++) {
		path = source_path(in->sources.v[i]);
		f = text_by_path(path);
		if (format != NULL && strcmp(f, format) != 0)
			return intake_fail(in, EX_USAGE,
			    "%s looks like %s, but %s like %s: say -f FORMAT",
			    first, format, path, f);
		first = path;
		format = f;
	}
	in->o.text.format = format;
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
	struct lane *l = NULL;
	struct source *s;
	size_t n_live = 0;

	for (size_t i = 0; i < in->sources.n; i++) {
		s = in->sources.v[i];
		in->sources.v[i] = NULL;
		n_live += source_is(s, SOURCE_LIVE);
		add_lane(in, s);
	}
	in->live = n_live > 0;
	/* Others may have rows meanwhile. */
	in->emit.mixed = in->live && in->sources.n > 1;
	TAILQ_FOREACH(l, &in->all, all)
	if (start(in, l) == -1)
		return -1;
	return 0;
}

int
intake_begin(struct intake *in)
{
	char *why = NULL;

	in->text = text_new(&in->o.text, &why);
	if (in->text == NULL) {
		intake_fail(in, EX_USAGE, "%s", why);
		free(why);
		return -1;
	}
	if (bad_open(&in->bad) == -1)
		return fail_bad(in);
	in->emit.source_col = in->o.source_col;
	return begin_lanes(in);
}

int
intake_fd(const struct intake *in)
{
	return in->poller.fd;
}

int64_t
intake_wait_us(const struct intake *in, int64_t until_us)
{
	const struct emit *e = &in->emit;
	int64_t at;

	if (in->due_us < until_us)
		until_us = in->due_us;
	if (in->begun && in->o.cut.every_us > 0 && e->cut.next_us < until_us)
		until_us = e->cut.next_us;
	at = e->oldest_us + INTAKE_LINGER_US;
	return e->build.n_rows > 0 && at < until_us ? at : until_us;
}
