/* SPDX-License-Identifier: ISC */
/* Event time, windows and watermarks of a stream.  swindow(1). */
#include "event/event.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"

void
event_init(struct event *e)
{
	*e = (struct event){.time_col = -1, .part_col = -1};
	late_init(&e->late);
	batch_init(&e->out);
}

void
event_release(struct event *e)
{
	late_release(&e->late);
	sorted_release(&e->sorted);
	stamp_release(&e->stamp);
	batch_release(&e->out);
	free(e->text);
}

static int
check_input(struct stage *st, const struct event *e)
{
	if (st->in.schema.time_col == -1 && e->window->kind != WINDOW_ROWS)
		return stage_fail(st, TOOL_DATA,
		    "the stream has no event time; write sbatch -t COL, and "
		    "keep COL in smap -s");
	if (st->in.mode != MODE_APPEND)
		return stage_fail(
		    st, TOOL_DATA, "windows need a stream that only appends");
	if (st->in.window.kind != WINDOW_NONE)
		return stage_fail(st, TOOL_DATA,
		    "the stream has windows already (%s); put sreduce between "
		    "two swindow",
		    st->in.window.text);
	if (e->wait_eof && st->in.endless)
		return stage_fail(st, TOOL_DATA,
		    "--late eof would wait for ever: the source has no end; "
		    "write how long, such as --late 1h");
	if (e->sort && e->window->kind == WINDOW_ROWS)
		return stage_fail(st, TOOL_USAGE,
		    "--sort: rows are numbered as they come; write "
		    "swindow --sort | swindow %s",
		    e->window->text);
	return 0;
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

static int
add_pane(struct stage *st, const struct event *e)
{
	struct schema *s = &st->out.schema;
	struct field *f;

	if (e->stamp.by == STAMP_NOTHING)
		return 0;
	f = schema_add(
	    s, "pane", 4, e->stamp.by == STAMP_NUMBER ? TYPE_INT : TYPE_TIME);
	if (f == NULL && schema_find(s, "pane", 4) == -1)
		return stage_fail(st, TOOL_DATA,
		    "the stream has %u columns already", SCHEMA_MAX_COLS);
	if (f == NULL)
		return stage_fail(
		    st, TOOL_DATA, "the stream has a column pane; rename it");
	f->system = true;
	return 0;
}

static int
on_head(struct stage *st, void *arg)
{
	struct event *e = arg;

	if (check_input(st, e) == -1 || check_keys(st, e->window->keys) == -1)
		return -1;
	window_spec_release(&st->out.window);
	window_spec_copy(&st->out.window, e->window);
	stamp_init(&e->stamp, &st->out.window, e->zone, e->allowed);
	e->stamp.wait_eof = e->wait_eof;
	e->stamp.chained = st->in.windowed;
	e->time_col = st->in.schema.time_col;
	e->part_col = find_parts(&st->in.schema);
	st->out.windowed = true;
	st->options = e->text;
	if (add_pane(st, e) == -1
	    || (e->sort && sorted_init(&e->sorted, st, e->part_col) == -1))
		return -1;
	return late_open(&e->late, st);
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
settled(const struct stage *st, const struct event *e, int64_t mark)
{
	int64_t t = stamp_settled(&e->stamp, mark);

	if (t == TIME_NONE || !num_sub(&t, t - 1, st->in.schema.time_off))
		return TIME_NONE;
	return t;
}

static int
stamp(struct stage *st, struct event *e, const struct frame *f, struct batch *b,
    struct stamped *s)
{
	const struct col *parts = NULL;

	if (f->h.part == 0 && e->part_col != -1)
		parts = &b->cols[e->part_col];
	if (e->stamp.by == STAMP_NUMBER)
		stamp_numbers(&e->stamp, s, &b->arena, b->n_rows);
	else if (stamp_rows(&e->stamp, s, &b->arena, &b->cols[e->time_col],
		     st->in.schema.time_off, parts, f->h.part)
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
		    &e->sorted, st, &e->out, settled(st, e, mark), mark, last);
	return stage_emit(st, &e->out, f->h.part, mark, last);
}

static int
on_mark(
    struct stage *st, void *arg, const struct frame *f, const struct mark *m)
{
	struct event *e = arg;
	bool eof = m->what == MARK_EOF;
	int64_t mark;

	if (m->what == MARK_OPEN
	    && marks_part(&e->stamp.marks, f->h.part) == NULL)
		return stage_fail(
		    st, TOOL_DATA, "more than %u open parts", MARK_MAX_PARTS);
	if (m->what == MARK_CLOSE)
		marks_close(&e->stamp.marks, f->h.part);
	stamp_heard(&e->stamp, f->h.watermark);
	mark = eof ? stamp_mark_eof(&e->stamp) : stamp_mark(&e->stamp);
	if (e->sort)
		return sorted_mark(&e->sorted, st, &f->h, m,
		    eof ? INT64_MAX : settled(st, e, mark), mark);
	return stage_mark(st, &f->h, m, mark);
}

static void
tell(const struct stage *st, const struct event *e)
{
	uintmax_t n = st->acct.in;
	char worst[NUM_TEXT_MAX];
	size_t len = num_format_dur(worst, e->stamp.worst_us);

	if (st->acct.late > 0)
		tool_warn("%ju of %ju rows late, worst by %.*ss; --late %jds "
			  "keeps all",
		    (uintmax_t)st->acct.late, n, (int)len, worst,
		    (intmax_t)(e->stamp.worst_us / TIME_US + 1));
	if (st->acct.invalid > 0)
		tool_warn("%ju of %ju rows have no usable event time",
		    (uintmax_t)st->acct.invalid, n);
}

static int
on_end(struct stage *st, void *arg, enum end_reason reason)
{
	struct event *e = arg;

	if (e->warn)
		tell(st, e);
	return late_end(&e->late, st, reason);
}

const struct stage_ops event_ops = {
    .cls = CLASS_STATEFUL,
    .head = on_head,
    .rows = on_rows,
    .mark = on_mark,
    .end = on_end,
};
