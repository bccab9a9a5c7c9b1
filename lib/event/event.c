/* SPDX-License-Identifier: ISC */
/* Event time, windows and watermarks of a stream.  swindow(1). */
#include "event/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"

void
event_init(struct event *e)
{
	*e = (struct event){.max_future = -1, .time_col = -1, .part_col = -1};
	late_init(&e->late);
	batch_init(&e->out);
}

void
event_release(struct event *e)
{
	late_release(&e->late);
	sorted_release(&e->sorted);
	whole_release(&e->whole);
	stamp_release(&e->stamp);
	batch_release(&e->out);
	free(e->text);
}

/* What the options want that this stream has not, or has already. */
static int
check_options(struct stage *st, const struct event *e)
{
	if (e->wait_eof && st->in.endless)
		return stage_fail(st, TOOL_DATA,
		    "--late eof would wait for ever: the source has no end; "
		    "write how long, such as --late 1h");
	if (e->sort && e->window->kind == WINDOW_ROWS)
		return stage_fail(st, TOOL_USAGE,
		    "--sort: rows are numbered as they come; write "
		    "swindow --sort | swindow %s",
		    e->window->text);
	if (st->in.windowed && (e->idle > 0 || e->arrival))
		return stage_fail(st, TOOL_USAGE,
		    "%s: the watermark comes from the swindow before this; "
		    "write it there",
		    e->idle > 0 ? "--idle" : "--arrival");
	if (e->max_future != -1 && st->in.schema.time_col == -1)
		return stage_fail(st, TOOL_DATA,
		    "--max-future: the stream has no event time; write "
		    "sbatch -t COL");
	return 0;
}

static int
check_input(struct stage *st, const struct event *e)
{
	/* First, since sreduce leaves such a stream no event time either. */
	if (st->in.mode != MODE_APPEND)
		return stage_fail(st, TOOL_DATA,
		    "the input changes rows it has sent; windows need rows "
		    "that stay: put swindow before sreduce, or write sreduce "
		    "--emit final");
	if (st->in.schema.time_col == -1 && !e->arrival
	    && e->window->kind != WINDOW_ROWS)
		return stage_fail(st, TOOL_DATA,
		    "the stream has no event time; write sbatch -t COL, and "
		    "keep COL in smap -s");
	if (st->in.window.kind != WINDOW_NONE)
		return stage_fail(st, TOOL_DATA,
		    "the stream has windows already (%s); put sreduce between "
		    "two swindow",
		    st->in.window.text);
	return check_options(st, e);
}

/* The columns of -k must be there. */
static int
check_keys(struct stage *st, const char *names)
{
	const char *comma;
	struct buf b;
	size_t len;

	for (; *names != '\0'; names += len + (comma != NULL)) {
		comma = strchr(names, ',');
		len = comma != NULL ? (size_t)(comma - names) : strlen(names);
		if (schema_find(&st->in.schema, names, len) != -1)
			continue;
		buf_init(&b, 0);
		schema_list(&b, &st->in.schema);
		stage_fail(st, TOOL_USAGE,
		    "-k: no column %.*s; the columns are %.*s",
		    (int)(len < 200 ? len : 200), names, (int)b.len,
		    (const char *)b.data);
		buf_release(&b);
		return -1;
	}
	return 0;
}

/* The system column of part numbers, or -1. */
static int
find_parts(const struct schema *s)
{
	int c = schema_find(s, "part", 4);

	return c != -1 && s->fields[c].system && s->fields[c].type == TYPE_INT
		   ? c
		   : -1;
}

/* A column that swindow adds to those of the input. */
static int
add_column(struct stage *st, const char *name, enum type type, bool system)
{
	struct schema *s = &st->out.schema;
	struct field *f = schema_add(s, name, strlen(name), type);

	if (f == NULL && schema_find(s, name, strlen(name)) == -1)
		return stage_fail(st, TOOL_DATA,
		    "the stream has %u columns already", SCHEMA_MAX_COLS);
	if (f == NULL)
		return stage_fail(st, TOOL_DATA,
		    "the stream has a column %s; rename it", name);
	f->system = system;
	return 0;
}

/* Which column is the event time; it may have to be added. */
static int
choose_time(struct stage *st, struct event *e)
{
	struct schema *s = &st->out.schema;

	if (e->arrival) {
		if (add_column(st, "arrival", TYPE_TIME, false) == -1)
			return -1;
		s->time_col = (int)s->n - 1;
		s->time_off = 0;
	}
	e->time_col = s->time_col;
	e->time_off = s->time_off;
	return 0;
}

static void
begin_stamp(struct stage *st, struct event *e)
{
	window_spec_release(&st->out.window);
	window_spec_copy(&st->out.window, e->window);
	stamp_init(&e->stamp, &st->out.window, e->zone, e->allowed);
	e->stamp.wait_eof = e->wait_eof;
	e->stamp.chained = st->in.windowed;
	e->stamp.marks.idle = e->idle;
	/* Parts of a source that ends wait for each other by intention. */
	e->timed = e->idle > 0 || (st->in.endless && !st->in.windowed);
}

/* Marks of parts and windows; --sort and --hold keep rows. */
static void
describe_state(struct stage *st, const struct event *e)
{
	const struct window_spec *w = e->window;

	buf_printf(
	    &st->keeps, "%s --origin %jdus", w->text, (intmax_t)w->origin);
	if (w->tz[0] != '\0')
		buf_printf(&st->keeps, " --tz %s", w->tz);
	if (w->keys[0] != '\0')
		buf_printf(&st->keeps, " -k %s", w->keys);
	buf_printf(&st->keeps, "%s%s%s%s", e->wait_eof ? " --late eof" : "",
	    e->arrival ? " --arrival" : "", e->sort ? " --sort" : "",
	    e->hold ? " --hold" : "");
	if (st->in.windowed)
		buf_puts(&st->keeps, " behind another swindow");
	if (e->sort || e->hold) {
		buf_puts(&st->keeps, " of ");
		schema_put_types(&st->keeps, &st->in.schema);
	}
}

static int
on_head(struct stage *st, void *arg)
{
	struct event *e = arg;

	if (check_input(st, e) == -1 || check_keys(st, e->window->keys) == -1
	    || choose_time(st, e) == -1)
		return -1;
	begin_stamp(st, e);
	e->part_col = find_parts(&st->in.schema);
	st->out.windowed = true;
	st->options = e->text;
	describe_state(st, e);
	if (e->stamp.by != STAMP_NOTHING
	    && add_column(st, "pane",
		   e->stamp.by == STAMP_NUMBER ? TYPE_INT : TYPE_TIME, true)
		   == -1)
		return -1;
	if (e->sort && sorted_init(&e->sorted, st, e->part_col) == -1)
		return -1;
	if (e->hold
	    && whole_init(&e->whole, st, e->zone, e->time_col, e->part_col)
		   == -1)
		return -1;
	return 0;
}

static int
on_begin(struct stage *st, void *arg)
{
	struct event *e = arg;

	return sidestream_begin(&e->late.to, st);
}

/* The rows that stay, with their panes behind the other columns. */
static void
make_rows(struct event *e, const struct batch *b, const struct stamped *s)
{
	struct batch *out = &e->out;
	size_t n = b->n_cols;

	if (s->kept != NULL) {
		batch_gather(out, b, s->kept, s->n_kept);
		out->cols =
		    mem_grow(out->cols, &out->cap, n + 1, sizeof(*out->cols));
	} else {
		batch_reset(out, n + 1);
		memcpy(out->cols, b->cols, n * sizeof(*out->cols));
		out->n_rows = b->n_rows;
	}
	out->n_cols = n + (e->stamp.by != STAMP_NOTHING);
	if (e->stamp.by != STAMP_NOTHING)
		out->cols[n] = s->panes;
}

/* Of a sorted stream: the last event time of the column that may leave. */
static int64_t
settled(const struct event *e, int64_t mark)
{
	int64_t t = stamp_settled(&e->stamp, mark);

	if (t == TIME_NONE || !num_sub(&t, t - 1, e->time_off))
		return TIME_NONE;
	return t;
}

/* The time at which the rows of a frame have arrived, as their column. */
static void
add_arrival(struct event *e, struct batch *b, int64_t arrival_us)
{
	e->arrival_us = arrival_us;
	b->cols = mem_grow(b->cols, &b->cap, b->n_cols + 1, sizeof(*b->cols));
	b->cols[b->n_cols++] = (struct col){.type = TYPE_TIME,
	    .enc = COL_CONST,
	    .n = b->n_rows,
	    .n_entries = 1,
	    .i = &e->arrival_us};
}

static int
stamp(struct stage *st, struct event *e, const struct frame *f, struct batch *b,
    struct stamped *s)
{
	const struct col *parts = NULL;

	if (f->h.part == 0 && e->part_col != -1)
		parts = &b->cols[e->part_col];
	if (e->arrival)
		add_arrival(e, b, f->h.arrival_us);
	if (e->max_future != -1
	    && !num_add(&e->stamp.limit_us, f->h.arrival_us, e->max_future))
		e->stamp.limit_us = INT64_MAX;
	if (e->time_col == -1)
		stamp_numbers(&e->stamp, s, &b->arena, b->n_rows);
	else if (stamp_rows(&e->stamp, s, &b->arena, &b->cols[e->time_col],
		     e->time_off, parts, f->h.part)
		 == -1)
		return stage_fail(
		    st, TOOL_DATA, "more than %u open parts", MARK_MAX_PARTS);
	st->acct.used += s->n_kept;
	st->acct.late += s->n_late;
	st->acct.filtered += s->n_gap;
	st->acct.invalid += s->n_invalid;
	return 0;
}

static int
on_rows(struct stage *st, void *arg, const struct frame *f, struct batch *b)
{
	struct event *e = arg;
	bool last = (f->h.flags & FRAME_LAST) != 0;
	struct stamped s;
	int64_t mark;

	if (stamp(st, e, f, b, &s) == -1
	    || late_rows(&e->late, st, b, &s, last) == -1)
		return -1;
	stamp_heard(&e->stamp, f->h.watermark);
	mark = stamp_mark(&e->stamp);
	make_rows(e, b, &s);
	if (e->sort)
		return sorted_rows(
		    &e->sorted, st, &e->out, settled(e, mark), mark, last);
	if (e->hold)
		return whole_rows(&e->whole, st, &e->out, mark, last);
	return stage_emit(st, &e->out, f->h.part, mark, last);
}

/* A part has opened or closed. */
static int
note_part(
    struct stage *st, struct event *e, uint32_t part, const struct mark *m)
{
	struct mark_part *p;

	if (m->what == MARK_CLOSE)
		marks_close(&e->stamp.marks, part);
	if (m->what != MARK_OPEN)
		return 0;
	p = marks_part(&e->stamp.marks, part);
	if (p == NULL)
		return stage_fail(
		    st, TOOL_DATA, "more than %u open parts", MARK_MAX_PARTS);
	marks_name(p, m->name, m->name_len);
	return 0;
}

static int
on_mark(
    struct stage *st, void *arg, const struct frame *f, const struct mark *m)
{
	struct event *e = arg;
	bool eof = m->what == MARK_EOF;
	int64_t mark;

	if (note_part(st, e, f->h.part, m) == -1)
		return -1;
	stamp_heard(&e->stamp, f->h.watermark);
	mark = eof ? stamp_mark_eof(&e->stamp) : stamp_mark(&e->stamp);
	if (eof)
		e->timed = false;
	if (e->sort)
		return sorted_mark(&e->sorted, st, &f->h, m,
		    eof ? INT64_MAX : settled(e, mark), mark);
	if (e->hold)
		return whole_mark(&e->whole, st, &f->h, m, mark);
	return stage_mark(st, &f->h, m, mark);
}

static int
on_frame(struct stage *st, void *arg, const struct frame *f)
{
	struct event *e = arg;

	(void)st;
	(void)f;
	if (e->timed)
		marks_tick(&e->stamp.marks, time_mono_us());
	return 0;
}

/* The watermark that time alone has raised. */
static int
advance(struct stage *st, struct event *e)
{
	const struct mark m = {.what = MARK_HEARTBEAT, .name = ""};
	struct frame_header h = {.batch = st->batch,
	    .batch_us = st->now.batch_us,
	    .arrival_us = st->now.arrival_us};
	int64_t mark = stamp_mark(&e->stamp);

	if (mark <= st->watermark)
		return 0;
	if (e->sort
	    && sorted_advance(&e->sorted, st, settled(e, mark), mark) == -1)
		return -1;
	if (e->hold && whole_advance(&e->whole, st, mark) == -1)
		return -1;
	return mark <= st->watermark ? 0 : stage_mark(st, &h, &m, mark);
}

static void
tell_holder(struct stage *st, struct event *e)
{
	const struct mark_part *p = marks_holder(&e->stamp.marks);
	char name[TOOL_QUOTE_MAX];

	if (p == NULL)
		return;
	if (p->name == NULL)
		snprintf(name, sizeof(name), "part %u", p->number);
	else
		tool_quote(name, p->name, strlen(p->name));
	progress_clear(&st->progress);
	tool_warn("the watermark has waited %d s for %s alone; --idle 10s goes "
		  "on without a source that is silent for so long",
	    (int)(MARK_HELD_US / TIME_US), name);
}

/* Nothing has come: let time pass. */
static int
on_idle(struct stage *st, void *arg, int *timeout_ms)
{
	struct event *e = arg;

	if (!e->timed)
		return 0;
	marks_tick(&e->stamp.marks, time_mono_us());
	if (advance(st, e) == -1)
		return -1;
	if (e->warn && e->idle == 0)
		tell_holder(st, e);
	*timeout_ms = (int)((marks_wait_us(&e->stamp.marks) + 999) / 1000);
	return 0;
}

/* What earlier starts have told of is told again when there is more of it. */
static void
tell(const struct stage *st, const struct event *e)
{
	uintmax_t n = st->acct.in, n_future = e->stamp.n_future;
	uintmax_t n_none = st->acct.invalid - n_future;
	char text[NUM_TEXT_MAX];
	size_t len = num_format_dur(text, e->stamp.worst_us);

	if (st->acct.late > st->resume.late)
		tool_warn("%ju of %ju rows late, worst by %.*ss; --late %jds "
			  "keeps all",
		    (uintmax_t)st->acct.late, n, (int)len, text,
		    (intmax_t)(e->stamp.worst_us / TIME_US + 1));
	if (st->acct.invalid == st->resume.invalid)
		return;
	if (n_future > 0) {
		len = num_format_dur(text, e->stamp.ahead_us);
		tool_warn("%ju of %ju rows set aside: they are ahead of their "
			  "arrival, by up to %.*ss more than --max-future",
		    n_future, n, (int)len, text);
	}
	if (n_none > 0)
		tool_warn(
		    "%ju of %ju rows have no usable event time", n_none, n);
}

static int
on_end(struct stage *st, void *arg, enum end_reason reason)
{
	struct event *e = arg;

	if (e->warn)
		tell(st, e);
	return late_end(&e->late, st, reason);
}

static void
on_save(struct stage *st, void *arg, struct buf *out)
{
	struct event *e = arg;

	stamp_save(&e->stamp, out);
	if (e->sort)
		sorted_save(&e->sorted, out);
	if (e->hold)
		whole_save(&e->whole, out);
	sidestream_save(&e->late.to, st, out);
}

static int
on_load(struct stage *st, void *arg, struct cur *in)
{
	struct event *e = arg;

	(void)st;
	if (stamp_load(&e->stamp, in) == -1
	    || (e->sort && sorted_load(&e->sorted, in) == -1)
	    || (e->hold && whole_load(&e->whole, in) == -1))
		return -1;
	return sidestream_load(&e->late.to, in);
}

const struct stage_ops event_ops = {
    .cls = CLASS_STATEFUL,
    .head = on_head,
    .begin = on_begin,
    .rows = on_rows,
    .mark = on_mark,
    .end = on_end,
    .frame = on_frame,
    .idle = on_idle,
    .save = on_save,
    .load = on_load,
    .version = 1,
};
