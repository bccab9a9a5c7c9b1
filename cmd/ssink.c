/* SPDX-License-Identifier: ISC */
/* ssink: the end of a pipeline: show, print or save its rows.  ssink(1). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/zone.h"
#include "io/sink.h"
#include "text/render.h"
#include "tool/stage.h"
#include "tool/tool.h"

struct ssink {
	struct render_opts o;
	struct zone *zone; /* owned, of o */
	const char *dest;
	struct sink *sink;
	struct render *render;
};

enum { OPT_NULL = TOOL_LONG, OPT_CSV_SAFE, OPT_TZ };

static const struct tool_opt options[] = {
    {'f', "format", "FORMAT",
	"table, tsv, csv, json, logfmt, markdown, dump or frames"},
    {'N', "no-header", NULL, "no line of column names"},
    {'d', "delimiter", "CHAR", "between the cells of csv"},
    {OPT_NULL, "null", "STR", "text of a null"},
    {OPT_TZ, "tz", "ZONE", "zone of the times, instead of UTC"},
    {OPT_CSV_SAFE, "csv-safe", NULL, "mark text that reads as a formula"},
};

static const struct tool_hint hints[] = {
    {"o", "the destination is an operand: ssink out.csv"},
    {"output", "the destination is an operand: ssink out.csv"},
    {"t", "the delimiter is -d CHAR"},
    {"H", "names are printed unless -N"},
    {NULL, NULL},
};

static bool
is_live_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) == 1 && term != NULL && strcmp(term, "dumb") != 0;
}

static bool
wants_color(const struct tool *t, const struct render_opts *o)
{
	const char *no = getenv("NO_COLOR");

	if (t->color != -1)
		return t->color == 1;
	return o->tty_fd != -1 && (no == NULL || *no == '\0');
}

/* What the options leave open. */
static void
choose(struct ssink *s, const struct tool *t)
{
	bool to_stdout = strcmp(s->dest, "-") == 0;

	if (s->o.format == NULL && !to_stdout)
		s->o.format = render_by_path(s->dest);
	if (s->o.format == NULL)
		s->o.format =
		    to_stdout && isatty(STDOUT_FILENO) == 1 ? "table" : "tsv";
	if (to_stdout && strcmp(s->o.format, "frames") == 0
	    && isatty(STDOUT_FILENO) == 1)
		tool_die(TOOL_USAGE, "frames never reach a terminal; "
				     "write ssink -f frames FILE");
	if (to_stdout && is_live_terminal(STDOUT_FILENO))
		s->o.tty_fd = STDOUT_FILENO;
	s->o.color = wants_color(t, &s->o);
}

static int
on_head(struct stage *st, void *arg)
{
	struct ssink *s = arg;
	char *why;

	if (st->tool->schema_only)
		return 0;
	s->sink = sink_open(s->dest, &why);
	if (s->sink == NULL) {
		stage_fail(st, TOOL_IO, "%s", why);
		free(why);
		return -1;
	}
	tool_remove(sink_temp(s->sink));
	render_to(s->render, sink_write, s->sink);
	if (render_head(s->render, &st->in) == 0)
		return 0;
	if (render_error(s->render) != NULL)
		return stage_fail(st, TOOL_DATA, "%s", render_error(s->render));
	return stage_fail(st, TOOL_IO, "%s", sink_error(s->sink));
}

static int
checked(struct stage *st, struct ssink *s, int rc)
{
	if (rc == 0)
		return 0;
	return stage_fail(st, TOOL_IO, "%s", sink_error(s->sink));
}

static int
on_rows(struct stage *st, void *arg, const struct frame *f, struct batch *b)
{
	struct ssink *s = arg;

	st->acct.used += b->n_rows;
	return checked(st, s, render_frame(s->render, f, b));
}

static int
on_frame(struct stage *st, void *arg, const struct frame *f)
{
	struct ssink *s = arg;

	if (f->h.kind == FRAME_ROWS)
		return 0;
	return checked(st, s, render_frame(s->render, f, NULL));
}

static int
on_idle(struct stage *st, void *arg, int *timeout_ms)
{
	struct ssink *s = arg;

	return checked(st, s, render_idle(s->render, timeout_ms));
}

static int
on_end(struct stage *st, void *arg, enum end_reason reason)
{
	struct ssink *s = arg;

	(void)reason;
	return checked(st, s, render_end(s->render));
}

static const struct stage_ops ops = {.cls = CLASS_STATEFUL,
    .head = on_head,
    .rows = on_rows,
    .end = on_end,
    .frame = on_frame,
    .idle = on_idle};

/* The stream has been read, to its end or not: finish the output. */
static int
finish(struct ssink *s, int status)
{
	int rc = render_end(s->render);

	if (status == TOOL_OK && s->sink != NULL
	    && (rc == -1 || sink_publish(s->sink) == -1)) {
		tool_warn("%s", sink_error(s->sink));
		status = TOOL_IO;
	}
	tool_remove(NULL);
	sink_free(s->sink);
	render_free(s->render);
	zone_close(s->zone);
	return status;
}

static void
set_zone(struct ssink *s, const char *name)
{
	char *why;

	zone_close(s->zone);
	s->zone = zone_open(name, &why);
	if (s->zone == NULL)
		tool_die(TOOL_USAGE, "--tz: %s", why);
	/* UTC is printed with Z, as without the option. */
	s->o.zone = strcmp(zone_name(s->zone), "UTC") == 0 ? NULL : s->zone;
}

static void
parse_options(struct ssink *s, struct tool *t, int argc, char *argv[])
{
	const char *arg;
	int ch;

	while ((ch = tool_next(t, argc, argv, &arg)) != -1) {
		switch (ch) {
		case 'f':
			s->o.format = arg;
			break;
		case 'N':
			s->o.no_header = true;
			break;
		case 'd':
			if (strlen(arg) != 1)
				tool_die(TOOL_USAGE,
				    "--delimiter: %s is not one byte", arg);
			s->o.delim = (unsigned char)arg[0];
			break;
		case OPT_NULL:
			s->o.null_str = arg;
			break;
		case OPT_TZ:
			set_zone(s, arg);
			break;
		case OPT_CSV_SAFE:
			s->o.safe = true;
			break;
		}
	}
	if (argc - optind > 1)
		tool_die(TOOL_USAGE, "there is one destination at most");
	s->dest = optind < argc ? argv[optind] : "-";
}

int
main(int argc, char *argv[])
{
	struct ssink s = {.o = {.delim = -1, .tty_fd = -1}};
	struct stage st = {.sink = true};
	struct tool t;
	char *why;

	tool_init(&t, "ssink", "[options] [DEST]",
	    "Show, print or save the rows of a stream.", options,
	    sizeof(options) / sizeof(options[0]));
	t.hints = hints;
	tool_stdout(false);
	parse_options(&s, &t, argc, argv);
	choose(&s, &t);
	s.render = render_new(&s.o, &why);
	if (s.render == NULL)
		tool_die(TOOL_USAGE, "%s", why);
	return finish(&s, stage_run(&st, &t, &ops, &s));
}
