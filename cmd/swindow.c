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
#include "window/spec.h"
#include "window/stamp.h"

enum long_opt {
	OPT_LATE = TOOL_LONG,
	OPT_MAX_LATE,
	OPT_LATE_TO,
	OPT_ORIGIN,
	OPT_TZ,
};

static const struct tool_opt options[] = {
    {OPT_LATE, "late", "D", "disorder to wait for; eof waits for the end"},
    {OPT_MAX_LATE, "max-late", "N|P%", "fail when more rows are late"},
    {OPT_LATE_TO, "late-to", "FILE", "save late rows as a stream"},
    {OPT_ORIGIN, "origin", "D", "shift the windows by D"},
    {OPT_TZ, "tz", "ZONE", "calendar of 1d, 1w, 1mo and 1y windows"},
    {'k', "keys", "COLS", "whose sessions: columns, by comma"},
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
	char *text; /* for the chain in HEAD */
	/* State. */
	struct stamp stamp;
	struct batch out;
	int time_col;
	int part_col; /* or -1 */
	bool warn;
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
	return open_late(st, o);
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
		    mem_grow(out->cols, &out->cap, n + 1, sizeof(*out->cols));
	} else {
		batch_reset(out, n + 1);
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
	return stage_emit(st, &o->out, f->h.part, stamp_mark(&o->stamp), last);
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
	    .max_share = 2};
	struct stage st = {.sink = false};
	struct tool t;
	int status;

	tool_init(&t, "swindow", "[options] [SPEC]",
	    "Stamp rows with event-time windows and make the watermark.",
	    options, sizeof(options) / sizeof(options[0]));
	parse_options(&t, &o, argc, argv);
	o.warn = t.verbose >= 0;
	o.text = mem_printf("%s --late %jdus --origin %jdus%s", o.spec,
	    (intmax_t)o.late, (intmax_t)o.spec_opts.origin,
	    o.wait_eof ? " eof" : "");
	batch_init(&o.out);
	batch_init(&o.late_rows);
	status = stage_run(&st, &t, &ops, &o);
	release(&o);
	return status;
}
