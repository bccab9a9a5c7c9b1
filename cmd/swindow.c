/* SPDX-License-Identifier: ISC */
/* Stamp rows with event-time windows, make the watermark.  swindow(1). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "io/sink.h"
#include "tool/stage.h"
#include "tool/tool.h"
#include "window/sorter.h"
#include "window/spec.h"
#include "window/stamp.h"

enum long_opt {
	OPT_LATE = TOOL_LONG,
	OPT_MAX_LATE,
	OPT_LATE_TO,
	OPT_ORIGIN,
	OPT_TZ,
	OPT_SORT,
};

static const struct tool_opt options[] = {
    {OPT_LATE, "late", "D", "disorder to wait for; eof waits for the end"},
    {OPT_MAX_LATE, "max-late", "N|P%", "fail when more rows are late"},
    {OPT_LATE_TO, "late-to", "FILE", "save late rows as a stream"},
    {OPT_ORIGIN, "origin", "D", "shift the windows by D"},
    {OPT_TZ, "tz", "ZONE", "calendar of 1d, 1w, 1mo and 1y windows"},
    {OPT_SORT, "sort", NULL, "give the rows in the order of event time"},
    {'k', "keys", "COLS", "whose sessions: columns, by comma"},
};

/* The part ended when rows up to that event time had come. */
struct closing {
	uint32_t part;
	int64_t last_us;
};

struct run {
	/* Options. */
	const char *spec;
	struct window_spec window;
	const char *late_to;
	int64_t late;
	struct spec_opts spec_opts;
	struct zone *zone; /* of --tz, NULL = UTC */
	int64_t max_late; /* rows, -1 = any */
	double max_share; /* of rows, above 1 = any */
	bool wait_eof;
	bool sort;
	char *text; /* for the chain in HEAD */
	/* State. */
	struct stamp stamp;
	struct batch out;
	int time_col;
	int part_col; /* of the input, or -1 */
	bool warn;
	/* Sorting. */
	struct sorter *sorter; /* or NULL */
	int64_t part; /* of the rows of a frame */
	int64_t last_us; /* greatest event time held so far, without offset */
	struct closing *closings; /* marks that wait for rows before them */
	size_t n_closings;
	size_t cap_closings;
	/* Late rows. */
	struct sink *late_sink;
	struct stream_writer *late_writer;
	struct batch late_rows;
	uint64_t late_batch_rows;
};

/* N or P%. */
static void
set_max_late(struct run *o, const char *arg)
{
	size_t len = strlen(arg);
	double share;

	if (len > 1 && arg[len - 1] == '%') {
		if (num_parse_float(&share, arg, len - 1) == -1 || !(share >= 0)
		    || share > 100)
			tool_die(TOOL_USAGE,
			    "--max-late: %s is not in 0%%..100%%", arg);
		o->max_share = share / 100;
	} else {
		o->max_late = tool_int("max-late", arg, 0, INT64_MAX);
	}
}

static void
set_zone(struct run *o, const char *arg)
{
	char *why;

	o->zone = zone_open(arg, &why);
	if (o->zone == NULL)
		tool_die(TOOL_USAGE, "--tz: %s", why);
	o->spec_opts.tz = arg;
}

static int
open_late(struct stage *st, struct run *o)
{
	struct head head;
	char *why = NULL;
	int rc;

	if (o->late_to == NULL)
		return 0;
	o->late_sink = sink_open(o->late_to, tool_remove, &why);
	if (o->late_sink == NULL) {
		stage_fail(st, TOOL_IO, "%s", why);
		free(why);
		return -1;
	}
	if (sink_fd(o->late_sink) == -1)
		return stage_fail(st, TOOL_USAGE,
		    "--late-to: a stream is not compressed; write FILE.mill");
	o->late_writer = stream_writer_new(sink_fd(o->late_sink), STREAM_PCRC);
	head_copy(&head, &st->in);
	head_add_stage(&head, CLASS_STATEFUL, st->tool->program, st->tool->name,
	    "--late-to");
	rc = stream_write_head(o->late_writer, &head);
	head_release(&head);
	if (rc == -1)
		return stage_fail(
		    st, TOOL_IO, "%s: %s", o->late_to, strerror(errno));
	return 0;
}

static int
save_late(struct stage *st, struct run *o, const struct batch *b,
    const struct stamped *s)
{
	struct frame_header h = {.watermark = TIME_NONE};

	if (o->late_writer == NULL || s->n_late == 0)
		return 0;
	h.part = st->now.part;
	h.batch_us = st->now.batch_us;
	h.arrival_us = st->now.arrival_us;
	batch_gather(&o->late_rows, b, s->late, s->n_late);
	if (stream_write_rows(o->late_writer, &h, &o->late_rows) == -1)
		return stage_fail(
		    st, TOOL_IO, "%s: %s", o->late_to, strerror(errno));
	return 0;
}

/* End the saved stream as a source would and publish it. */
static int
close_late(struct stage *st, struct run *o, enum end_reason reason)
{
	struct frame_header h = {.watermark = TIME_NONE, .flags = FRAME_LAST};
	struct mark m = {.what = MARK_EOF, .name = ""};
	struct end e = {.reason = reason};

	if (o->late_writer == NULL)
		return 0;
	batch_reset(&o->late_rows, 0);
	if (stream_write_mark(o->late_writer, &h, &m) == -1
	    || stream_write_rows(o->late_writer, &h, &o->late_rows) == -1
	    || stream_write_end(o->late_writer, &h, &e) == -1)
		return stage_fail(
		    st, TOOL_IO, "%s: %s", o->late_to, strerror(errno));
	if (sink_publish(o->late_sink) == -1)
		return stage_fail(st, TOOL_IO, "%s", sink_error(o->late_sink));
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

/* Rows of all parts will come in one frame, told apart by a column. */
static int
begin_sort(struct stage *st, struct run *o)
{
	struct schema *s = &st->out.schema;
	int part_col = o->part_col;
	struct field *f;

	if (!o->sort)
		return 0;
	if (o->stamp.by == STAMP_NUMBER)
		return stage_fail(st, TOOL_USAGE,
		    "--sort: rows are numbered as they come; write "
		    "swindow --sort | swindow %s",
		    o->window.text);
	if (part_col == -1) {
		f = schema_add(s, "part", 4, TYPE_INT);
		if (f == NULL)
			return stage_fail(st, TOOL_DATA,
			    "the stream has a column part; rename it");
		f->system = true;
		part_col = (int)s->n - 1;
	}
	o->sorter = sorter_new(s, part_col);
	return 0;
}

static int
on_head(struct stage *st, void *arg)
{
	struct run *o = arg;
	struct schema *s = &st->out.schema;

	if (s->time_col == -1 && o->window.kind != WINDOW_ROWS)
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
	if (o->wait_eof && st->in.endless)
		return stage_fail(st, TOOL_DATA,
		    "--late eof would wait for ever: the source has no end");
	if (check_keys(st, o->window.keys) == -1)
		return -1;
	window_spec_release(&st->out.window);
	window_spec_copy(&st->out.window, &o->window);
	stamp_init(&o->stamp, &st->out.window, o->zone, o->late);
	o->stamp.wait_eof = o->wait_eof;
	o->stamp.chained = st->in.windowed;
	o->time_col = s->time_col;
	o->part_col = schema_find(s, "part", 4);
	if (o->part_col != -1
	    && (!s->fields[o->part_col].system
		|| s->fields[o->part_col].type != TYPE_INT))
		o->part_col = -1;
	st->out.windowed = true;
	if (o->stamp.by != STAMP_NOTHING) {
		struct field *f = schema_add(s, "pane", 4,
		    o->stamp.by == STAMP_NUMBER ? TYPE_INT : TYPE_TIME);

		if (f == NULL && schema_find(s, "pane", 4) == -1)
			return stage_fail(st, TOOL_DATA,
			    "the stream has %u columns already",
			    SCHEMA_MAX_COLS);
		if (f == NULL)
			return stage_fail(st, TOOL_DATA,
			    "the stream has a column pane; rename it");
		f->system = true;
	}
	st->options = o->text;
	if (begin_sort(st, o) == -1)
		return -1;
	return open_late(st, o);
}

/* The column that says whose rows of one part are. */
static void
add_part(struct run *o, uint32_t part)
{
	o->part = part;
	o->out.cols[o->out.n_cols++] = (struct col){.type = TYPE_INT,
	    .enc = COL_CONST,
	    .n = o->out.n_rows,
	    .n_entries = 1,
	    .i = &o->part};
}

/* The rows that stay, with their panes behind the other columns. */
static void
make_rows(struct run *o, const struct batch *b, const struct stamped *s)
{
	struct batch *out = &o->out;
	size_t n = b->n_cols;

	if (s->kept != NULL) {
		batch_gather(out, b, s->kept, s->n_kept);
		out->cols =
		    mem_grow(out->cols, &out->cap, n + 2, sizeof(*out->cols));
	} else {
		batch_reset(out, n + 2);
		memcpy(out->cols, b->cols, n * sizeof(*out->cols));
		out->n_rows = b->n_rows;
	}
	out->n_cols = n + (o->stamp.by != STAMP_NOTHING);
	if (o->stamp.by != STAMP_NOTHING)
		out->cols[n] = s->panes;
}

static int
too_late(struct stage *st, const struct run *o)
{
	uint64_t n = st->acct.late;

	if (o->max_late >= 0 && n > (uint64_t)o->max_late)
		return stage_fail(st, TOOL_DATA,
		    "%ju rows late, more than --max-late %jd", (uintmax_t)n,
		    (intmax_t)o->max_late);
	return 0;
}

static int
too_late_share(struct stage *st, const struct run *o)
{
	if ((double)st->acct.late <= o->max_share * (double)st->acct.in)
		return 0;
	return stage_fail(st, TOOL_DATA,
	    "%ju of %ju rows late, more than --max-late %g%%",
	    (uintmax_t)st->acct.late, (uintmax_t)st->acct.in,
	    o->max_share * 100);
}

/*
 * Give the rows that none can come before any more, up to last (a time of the
 * column), and then the watermark.
 */
static int
give_sorted(
    struct stage *st, struct run *o, int64_t last_us, int64_t mark, bool last)
{
	struct batch b;
	bool more = sorter_has(o->sorter, last_us);
	int rc = 0;

	if (!more && !last && mark == st->watermark)
		return 0;
	batch_init(&b);
	do {
		sorter_take(o->sorter, &b, last_us);
		more = sorter_has(o->sorter, last_us);
		rc = stage_emit(
		    st, &b, 0, more ? st->watermark : mark, last && !more);
	} while (rc == 0 && more);
	batch_release(&b);
	return rc;
}

/* Forward the marks of parts all of whose rows were given. */
static int
close_parts(struct stage *st, struct run *o, int64_t last_us)
{
	const struct mark m = {.what = MARK_CLOSE, .name = ""};
	struct frame_header h = st->now;
	size_t n = 0;

	while (n < o->n_closings && o->closings[n].last_us <= last_us) {
		h.part = o->closings[n++].part;
		if (stage_mark(st, &h, &m, st->watermark) == -1)
			return -1;
	}
	o->n_closings -= n;
	if (n > 0)
		memmove(o->closings, o->closings + n,
		    o->n_closings * sizeof(*o->closings));
	return 0;
}

/* The last event time before which all rows have come; a time of the column. */
static int64_t
settled(const struct stage *st, const struct run *o, int64_t mark)
{
	int64_t t = stamp_settled(&o->stamp, mark);

	if (t == TIME_NONE || !num_sub(&t, t - 1, st->in.schema.time_off))
		return TIME_NONE;
	return t;
}

static int
sort_rows(struct stage *st, struct run *o, uint32_t part, bool last)
{
	int64_t mark = stamp_mark(&o->stamp), to = settled(st, o, mark);
	const struct col *t = &o->out.cols[o->time_col];

	for (uint32_t i = 0; i < o->out.n_rows; i++)
		if (t->i[col_entry(t, i)] > o->last_us)
			o->last_us = t->i[col_entry(t, i)];
	if (o->part_col == -1)
		add_part(o, part);
	sorter_add(o->sorter, &o->out);
	if (give_sorted(st, o, to, mark, last) == -1)
		return -1;
	return close_parts(st, o, to);
}

static int
on_rows(struct stage *st, void *arg, const struct frame *f, struct batch *b)
{
	struct run *o = arg;
	const struct col *parts = NULL;
	bool last = (f->h.flags & FRAME_LAST) != 0;
	struct stamped s;

	if (f->h.part == 0 && o->part_col != -1)
		parts = &b->cols[o->part_col];
	if (o->stamp.by == STAMP_NUMBER)
		stamp_numbers(&o->stamp, &s, &b->arena, b->n_rows);
	else if (stamp_rows(&o->stamp, &s, &b->arena, &b->cols[o->time_col],
		     st->in.schema.time_off, parts, f->h.part)
		 == -1)
		return stage_fail(
		    st, TOOL_DATA, "more than %u open parts", MARK_MAX_PARTS);
	st->acct.used += s.n_kept;
	st->acct.late += s.n_late;
	st->acct.filtered += s.n_gap;
	st->acct.invalid += s.n_invalid;
	if (save_late(st, o, b, &s) == -1 || too_late(st, o) == -1
	    || (last && st->in.many && too_late_share(st, o) == -1))
		return -1;
	if (o->stamp.chained && f->h.watermark != TIME_NONE
	    && !num_sub(&o->stamp.mark, f->h.watermark, o->late))
		o->stamp.mark = TIME_NONE;
	make_rows(o, b, &s);
	if (o->sorter != NULL)
		return sort_rows(st, o, f->h.part, last);
	return stage_emit(st, &o->out, f->h.part, stamp_mark(&o->stamp), last);
}

/* Rows that were held come before the marks that came behind them. */
static int
sort_mark(struct stage *st, struct run *o, const struct frame *f,
    const struct mark *m, int64_t mark)
{
	bool eof = m->what == MARK_EOF;
	int64_t to = eof ? INT64_MAX : settled(st, o, mark);

	if (m->what == MARK_CLOSE) {
		o->closings = mem_grow(o->closings, &o->cap_closings,
		    o->n_closings + 1, sizeof(*o->closings));
		o->closings[o->n_closings++] =
		    (struct closing){f->h.part, o->last_us};
	}
	if (give_sorted(st, o, to, eof ? st->watermark : mark, false) == -1
	    || close_parts(st, o, to) == -1)
		return -1;
	return m->what == MARK_CLOSE ? 0 : stage_mark(st, &f->h, m, mark);
}

static int
on_mark(
    struct stage *st, void *arg, const struct frame *f, const struct mark *m)
{
	struct run *o = arg;
	int64_t mark;

	if (m->what == MARK_OPEN
	    && marks_part(&o->stamp.marks, f->h.part) == NULL)
		return stage_fail(
		    st, TOOL_DATA, "more than %u open parts", MARK_MAX_PARTS);
	if (m->what == MARK_CLOSE)
		marks_close(&o->stamp.marks, f->h.part);
	mark = m->what == MARK_EOF ? stamp_mark_eof(&o->stamp)
				   : stamp_mark(&o->stamp);
	if (o->sorter != NULL)
		return sort_mark(st, o, f, m, mark);
	return stage_mark(st, &f->h, m, mark);
}

static int
on_end(struct stage *st, void *arg, enum end_reason reason)
{
	struct run *o = arg;
	uint64_t n_late = st->acct.late, n = st->acct.in;
	char worst[NUM_TEXT_MAX];
	size_t len = num_format_dur(worst, o->stamp.worst_us);
	int64_t enough = o->stamp.worst_us / TIME_US + 1;

	if (n_late > 0 && o->warn)
		tool_warn("%ju of %ju rows late, worst by %.*ss; --late %jds "
			  "keeps all",
		    (uintmax_t)n_late, (uintmax_t)n, (int)len, worst,
		    (intmax_t)enough);
	if (st->acct.invalid > 0 && o->warn)
		tool_warn("%ju of %ju rows have no usable event time",
		    (uintmax_t)st->acct.invalid, (uintmax_t)n);
	if (too_late_share(st, o) == -1)
		return -1;
	return close_late(st, o, reason);
}

static const struct stage_ops ops = {
    .cls = CLASS_STATEFUL,
    .head = on_head,
    .rows = on_rows,
    .mark = on_mark,
    .end = on_end,
};

static void
release(struct run *o)
{
	sink_free(o->late_sink);
	sorter_free(o->sorter);
	free(o->closings);
	free(o->text);
	stream_writer_free(o->late_writer);
	stamp_release(&o->stamp);
	window_spec_release(&o->window);
	zone_close(o->zone);
	batch_release(&o->out);
	batch_release(&o->late_rows);
}

static void
parse_options(struct tool *t, struct run *o, int argc, char *argv[])
{
	const char *arg;
	char why[300];
	int ch;

	while ((ch = tool_next(t, argc, argv, &arg)) != -1) {
		switch (ch) {
		case OPT_LATE:
			o->wait_eof = strcmp(arg, "eof") == 0;
			if (!o->wait_eof)
				o->late = tool_dur("late", arg);
			break;
		case OPT_MAX_LATE:
			set_max_late(o, arg);
			break;
		case OPT_LATE_TO:
			o->late_to = arg;
			break;
		case OPT_ORIGIN:
			o->spec_opts.origin = tool_dur("origin", arg);
			break;
		case OPT_TZ:
			set_zone(o, arg);
			break;
		case OPT_SORT:
			o->sort = true;
			break;
		case 'k':
			o->spec_opts.keys = arg;
			break;
		default:
			tool_die(TOOL_BUG, "option %d", ch);
		}
	}
	if (argc - optind > 1)
		tool_die(TOOL_USAGE, "one window, please: %s and %s",
		    argv[optind], argv[optind + 1]);
	if (optind < argc)
		o->spec = argv[optind];
	if (spec_parse(&o->window, why, sizeof(why), o->spec, &o->spec_opts)
	    == -1)
		tool_die(TOOL_USAGE, "%s", why);
}

int
main(int argc, char *argv[])
{
	struct run o = {.spec = "",
	    .spec_opts = {.tz = "", .keys = ""},
	    .max_late = -1,
	    .max_share = 2,
	    .last_us = TIME_NONE};
	struct stage st = {.sink = false};
	struct tool t;
	int status;

	tool_init(&t, "swindow", "[options] [SPEC]",
	    "Stamp rows with event-time windows and make the watermark.",
	    options, sizeof(options) / sizeof(options[0]));
	parse_options(&t, &o, argc, argv);
	o.warn = t.verbose >= 0;
	o.text = mem_printf("%s --late %jdus --origin %jdus%s%s", o.spec,
	    (intmax_t)o.late, (intmax_t)o.spec_opts.origin,
	    o.wait_eof ? " eof" : "", o.sort ? " --sort" : "");
	batch_init(&o.out);
	batch_init(&o.late_rows);
	status = stage_run(&st, &t, &ops, &o);
	release(&o);
	return status;
}
