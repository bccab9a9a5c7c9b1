/* SPDX-License-Identifier: ISC */
/* Stamp rows with event-time windows, make the watermark.  swindow(1). */
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/zone.h"
#include "event/event.h"
#include "tool/stage.h"
#include "tool/tool.h"
#include "window/spec.h"

enum long_opt {
	OPT_LATE = TOOL_LONG,
	OPT_MAX_LATE,
	OPT_LATE_TO,
	OPT_IDLE,
	OPT_MAX_FUTURE,
	OPT_ARRIVAL,
	OPT_ORIGIN,
	OPT_TZ,
	OPT_SORT,
	OPT_HOLD,
};

static const struct tool_opt options[] = {
    {OPT_LATE, "late", "D", "disorder to wait for; eof waits for the end"},
    {OPT_MAX_LATE, "max-late", "N|P%", "fail when more rows are late"},
    {OPT_LATE_TO, "late-to", "FILE", "save late rows as a stream"},
    {OPT_IDLE, "idle", "D", "do not wait for sources silent for so long"},
    {OPT_MAX_FUTURE, "max-future", "D",
	"set aside rows further ahead of their arrival"},
    {OPT_ARRIVAL, "arrival", NULL, "go by the time of arrival"},
    {OPT_ORIGIN, "origin", "D", "shift the windows by D"},
    {OPT_TZ, "tz", "ZONE", "calendar of 1d, 1w, 1mo and 1y windows"},
    {OPT_SORT, "sort", NULL, "give the rows in the order of event time"},
    {OPT_HOLD, "hold", NULL, "give each complete window as a batch"},
    {'k', "keys", "COLS", "whose sessions: columns, by comma"},
};

struct opts {
	const char *spec;
	struct spec_opts beside; /* the SPEC */
	struct window_spec window;
	struct zone *zone; /* of --tz, NULL = UTC */
};

/* N or P%. */
static void
set_max_late(struct late *l, const char *arg)
{
	size_t len = strlen(arg);
	double share;

	if (len > 1 && arg[len - 1] == '%') {
		if (num_parse_float(&share, arg, len - 1) == -1 || !(share >= 0)
		    || share > 100)
			tool_die(TOOL_USAGE,
			    "--max-late: %s is not in 0%%..100%%", arg);
		l->max_share = share / 100;
	} else {
		l->max = tool_int("max-late", arg, 0, INT64_MAX);
	}
}

static void
set_zone(struct opts *o, const char *arg)
{
	char *why;

	o->zone = zone_open(arg, &why);
	if (o->zone == NULL)
		tool_die(TOOL_USAGE, "--tz: %s", why);
	o->beside.tz = arg;
}

static void
set_late(struct event *e, const char *arg)
{
	e->wait_eof = strcmp(arg, "eof") == 0;
	if (!e->wait_eof)
		e->allowed = tool_dur("late", arg);
}

static void
parse_spec(struct opts *o, int argc, char *argv[])
{
	char why[300];

	if (argc - optind > 1)
		tool_die(TOOL_USAGE, "one window, please: %s and %s",
		    argv[optind], argv[optind + 1]);
	if (optind < argc)
		o->spec = argv[optind];
	if (spec_parse(&o->window, why, sizeof(why), o->spec, &o->beside) == -1)
		tool_die(TOOL_USAGE, "%s", why);
}

/* Options of which one makes the other idle. */
static void
check_options(const struct opts *o, const struct event *e)
{
	if (e->hold && o->window.kind == WINDOW_NONE)
		tool_die(TOOL_USAGE,
		    "--hold: which windows? write swindow 1m --hold");
	if (e->hold && e->sort)
		tool_die(TOOL_USAGE,
		    "--sort: with --hold the rows of a window are in that "
		    "order already");
	if (e->wait_eof && e->idle > 0)
		tool_die(TOOL_USAGE,
		    "--idle: with --late eof no watermark comes before the "
		    "end");
	if (e->arrival && e->max_future != -1)
		tool_die(TOOL_USAGE,
		    "--max-future: with --arrival no row is ahead of it");
}

static void
parse_options(
    struct tool *t, struct opts *o, struct event *e, int argc, char *argv[])
{
	const char *arg;
	int ch;

	while ((ch = tool_next(t, argc, argv, &arg)) != -1) {
		switch (ch) {
		case OPT_LATE:
			set_late(e, arg);
			break;
		case OPT_MAX_LATE:
			set_max_late(&e->late, arg);
			break;
		case OPT_LATE_TO:
			e->late.to.path = arg;
			break;
		case OPT_IDLE:
			e->idle = tool_dur("idle", arg);
			if (e->idle == 0)
				tool_die(TOOL_USAGE,
				    "--idle: write how long, such as 10s");
			break;
		case OPT_MAX_FUTURE:
			e->max_future = tool_dur("max-future", arg);
			break;
		case OPT_ARRIVAL:
			e->arrival = true;
			break;
		case OPT_ORIGIN:
			o->beside.origin = tool_dur("origin", arg);
			break;
		case OPT_TZ:
			set_zone(o, arg);
			break;
		case OPT_SORT:
			e->sort = true;
			break;
		case OPT_HOLD:
			e->hold = true;
			break;
		case 'k':
			o->beside.keys = arg;
			break;
		default:
			tool_die(TOOL_BUG, "option %d", ch);
		}
	}
	parse_spec(o, argc, argv);
	check_options(o, e);
}

/* The options that change the answer. */
static char *
describe(const struct opts *o, const struct event *e)
{
	return mem_printf("%s --late %jdus --origin %jdus --idle %jdus "
			  "--max-future %jdus%s%s%s%s",
	    o->spec, (intmax_t)e->allowed, (intmax_t)o->beside.origin,
	    (intmax_t)e->idle, (intmax_t)e->max_future,
	    e->wait_eof ? " eof" : "", e->arrival ? " --arrival" : "",
	    e->sort ? " --sort" : "", e->hold ? " --hold" : "");
}

int
main(int argc, char *argv[])
{
	struct opts o = {.spec = "", .beside = {.tz = "", .keys = ""}};
	struct stage st = {.sink = false};
	struct event e;
	struct tool t;
	int status;

	event_init(&e);
	tool_init(&t, "swindow", "[options] [SPEC]",
	    "Stamp rows with event-time windows and make the watermark.",
	    options, sizeof(options) / sizeof(options[0]));
	parse_options(&t, &o, &e, argc, argv);
	e.window = &o.window;
	e.zone = o.zone;
	e.warn = t.verbose >= 0;
	e.text = describe(&o, &e);
	status = stage_run(&st, &t, &event_ops, &e);
	event_release(&e);
	window_spec_release(&o.window);
	zone_close(o.zone);
	return status;
}
