/* SPDX-License-Identifier: ISC */
/* ssink: the end of a pipeline: show, print or save its rows.  ssink(1). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/zone.h"
#include "io/libexec.h"
#include "io/outlet.h"
#include "io/outresume.h"
#include "text/render.h"
#include "tool/signal.h"
#include "tool/stage.h"
#include "tool/tool.h"
#include "wire/mode.h"

#define COLUMNS 80 /* of a plot, when nobody says */
#define MAX_FILES_MAX 1000000 /* of --max-files */

enum expect { EXPECT_ANY, EXPECT_ROWS, EXPECT_NONE };

struct ssink {
	struct outlet_opts o;
	struct zone *zone; /* owned, of o */
	bool tee;
	enum expect expect;
	uint64_t n_rows; /* that came, without deletes */
	struct outlet *outlet;
	char *text; /* owned; the options, for the chain in HEAD */
};

enum {
	OPT_NULL = TOOL_LONG,
	OPT_CSV_SAFE,
	OPT_TZ,
	OPT_ROLL,
	OPT_APPEND,
	OPT_CHANGELOG,
	OPT_MAX_FILES,
	OPT_EXEC,
	OPT_TEE,
	OPT_EXPECT
};

static const struct tool_opt options[] = {
    {'f', "format", "FORMAT", "table, tsv, csv, json, markdown, plot, ..."},
    {'k', "keys", "COLS", "columns that name the series of a plot"},
    {'N', "no-header", NULL, "no line of column names"},
    {'d', "delimiter", "CHAR", "between the cells of csv"},
    {OPT_NULL, "null", "STR", "text of a null"},
    {OPT_TZ, "tz", "ZONE", "zone of the times, instead of UTC"},
    {OPT_CSV_SAFE, "csv-safe", NULL, "mark text that reads as a formula"},
    {OPT_ROLL, "roll", "BOUND", "a new file after 100M, 9rows or 1h"},
    {OPT_APPEND, "append", NULL, "write at the end of DEST, at once"},
    {OPT_CHANGELOG, "changelog", NULL, "print each change of a row: op, ..."},
    {OPT_MAX_FILES, "max-files", "N", "files that may be incomplete at a time"},
    {OPT_EXEC, "exec", "CMD", "run CMD with the rows of each batch"},
    {OPT_TEE, "tee", NULL, "pass the stream on to standard output"},
    {OPT_EXPECT, "expect", "WHAT", "rows or none: else exit with 1"},
};

static const struct tool_hint hints[] = {
    {"o", "the destination is an operand: ssink out.csv"},
    {"output", "the destination is an operand: ssink out.csv"},
    {"a", "rows are appended by --append"},
    {"t", "the delimiter is -d CHAR"},
    {"H", "names are printed unless -N"},
    {"c", "columns are chosen before: smap -s LIST | ssink"},
    {"s", "columns are chosen before: smap -s LIST | ssink"},
    {"w", "smap has it: smap -w PRED | ssink"},
    {"where", "smap has it: smap -w PRED | ssink"},
    {"n", "smap has it: smap --head N | ssink"},
    {"F", "sbatch has it: sbatch -F FILE | ssink"},
    {"follow", "sbatch has it: sbatch -F FILE | ssink"},
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

/* What the locale says of characters, by the rules of setlocale(3). */
static bool
is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *v = NULL;

	for (size_t i = 0; i < 3 && (v == NULL || *v == '\0'); i++)
		v = getenv(names[i]);
	return v != NULL
	       && (strcasestr(v, "UTF-8") != NULL
		   || strcasestr(v, "UTF8") != NULL);
}

static size_t
columns(void)
{
	const char *v = getenv("COLUMNS"), *why;
	size_t n = v == NULL ? 0 : (size_t)strtonum(v, 20, 1000, &why);

	return n == 0 ? COLUMNS : n;
}

static void
no_warning(const char *fmt, ...)
{
	(void)fmt;
}

/* What the options leave open. */
static void
choose(struct ssink *s, const struct tool *t)
{
	struct render_opts *r = &s->o.render;
	const char *dest = s->o.dest;
	bool to_stdout = dest != NULL && strcmp(dest, "-") == 0;
	bool shown = to_stdout && isatty(STDOUT_FILENO) == 1;

	if (r->format == NULL && dest != NULL && !to_stdout)
		r->format = render_by_path(dest);
	if (r->format == NULL)
		r->format = shown ? "table" : "tsv";
	if (shown && strcmp(r->format, "frames") == 0)
		tool_die(TOOL_USAGE, "frames never reach a terminal; "
				     "write ssink -f frames FILE");
	if (to_stdout && is_live_terminal(STDOUT_FILENO))
		r->tty_fd = STDOUT_FILENO;
	r->color = wants_color(t, r);
	r->utf8 = is_utf8();
	r->columns = columns();
	s->o.on_child = tool_child;
	s->o.on_files = tool_remove;
	s->o.warn = t->verbose < 0 ? no_warning : tool_warn;
}

static int
checked(struct stage *st, const struct ssink *s, int rc)
{
	if (rc == 0)
		return 0;
	return stage_fail(
	    st, outlet_status(s->outlet), "%s", outlet_error(s->outlet));
}

static void
describe_roll(struct buf *b, const struct outlet_roll *r)
{
	if (r->len > 0)
		buf_printf(b, " --roll %ju", (uintmax_t)r->len);
	if (r->rows > 0)
		buf_printf(b, " --roll %jurows", (uintmax_t)r->rows);
	if (r->us > 0)
		buf_printf(b, " --roll %jdus", (intmax_t)r->us);
}

/*
 * The options that change what a file holds.  Standard output is another one
 * whenever the shell or the user says so.
 */
static char *
describe(const struct ssink *s)
{
	const struct render_opts *r = &s->o.render;
	bool to_stdout = s->o.dest != NULL && strcmp(s->o.dest, "-") == 0;
	struct buf b;
	char *text;

	if (to_stdout)
		return mem_strdup("");
	buf_init(&b, 0);
	buf_printf(&b, "-f %s%s", r->format, r->no_header ? " -N" : "");
	if (r->delim != -1)
		buf_printf(&b, " -d '%c'", r->delim);
	if (r->null_str != NULL)
		buf_printf(&b, " --null '%s'", r->null_str);
	if (r->zone != NULL)
		buf_printf(&b, " --tz %s", zone_name(r->zone));
	if (r->series != NULL)
		buf_printf(&b, " -k '%s'", r->series);
	buf_printf(&b, "%s%s%s", r->safe ? " --csv-safe" : "",
	    s->o.append ? " --append" : "",
	    s->o.changelog ? " --changelog" : "");
	describe_roll(&b, &s->o.roll);
	if (s->o.command != NULL)
		buf_printf(&b, " --exec '%s'", s->o.command);
	else
		buf_printf(&b, " %s", s->o.dest);
	text = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return text;
}

static int
on_head(struct stage *st, void *arg)
{
	struct ssink *s = arg;

	st->options = s->text;
	if (st->tool->schema_only)
		return 0;
	if (s->o.append)
		tool_reopen_signal();
	if (resume_applies(st))
		outresume_set(s->outlet);
	return checked(st, s, outlet_head(s->outlet, &st->in));
}

static int
on_begin(struct stage *st, void *arg)
{
	struct ssink *s = arg;

	if (!st->resume.active)
		return 0;
	return checked(st, s, outresume_begin(s->outlet, &st->resume.dir));
}

static void
on_save(struct stage *st, void *arg, struct buf *out)
{
	struct ssink *s = arg;

	checked(st, s, outresume_save(s->outlet, out));
}

/* Rows of lines have no names but those that the file began with. */
static int
check_names(struct stage *st, const struct ssink *s)
{
	const char *format = s->o.render.format;

	if (!s->o.append || st->resume.renamed == NULL || st->resume.told
	    || strcmp(format, "json") == 0 || strcmp(format, "logfmt") == 0)
		return 0;
	return stage_fail(st, TOOL_CHANGED,
	    "%s: %s, and rows of before are in it: write to another file, "
	    "and add sbatch --accept-changes %s",
	    s->o.dest, st->resume.renamed, st->resume.dir.stage);
}

static int
on_load(struct stage *st, void *arg, struct cur *in)
{
	struct ssink *s = arg;

	if (check_names(st, s) == -1)
		return -1;
	return outresume_load(s->outlet, in);
}

static int
on_publish(struct stage *st, void *arg)
{
	struct ssink *s = arg;

	return checked(st, s, outresume_publish(s->outlet));
}

static int
on_rows(struct stage *st, void *arg, const struct frame *f, struct batch *b)
{
	struct ssink *s = arg;

	st->acct.used += b->n_rows;
	s->n_rows += mode_n_puts(&st->in, b);
	if (checked(st, s, outlet_frame(s->outlet, f, b)) == -1)
		return -1;
	return st->writer == NULL ? 0 : stage_answer(st, b, false, 0, 0);
}

static int
on_frame(struct stage *st, void *arg, const struct frame *f)
{
	struct ssink *s = arg;

	if (s->o.append && tool_wants_reopen()
	    && checked(st, s, outlet_reopen(s->outlet)) == -1)
		return -1;
	if (f->h.kind == FRAME_ROWS)
		return 0;
	return checked(st, s, outlet_frame(s->outlet, f, NULL));
}

static int
on_idle(struct stage *st, void *arg, int *timeout_ms)
{
	struct ssink *s = arg;

	if (s->o.append && tool_wants_reopen()
	    && checked(st, s, outlet_reopen(s->outlet)) == -1)
		return -1;
	return checked(st, s, outlet_idle(s->outlet, timeout_ms));
}

static int
on_commit(struct stage *st, void *arg)
{
	struct ssink *s = arg;

	return checked(st, s, outlet_commit(s->outlet));
}

/* With --tee each frame is passed on as it came. */
static const struct stage_ops ops = {.cls = CLASS_FRAME,
    .head = on_head,
    .rows = on_rows,
    .begin = on_begin,
    .commit = on_commit,
    .frame = on_frame,
    .idle = on_idle,
    .save = on_save,
    .load = on_load,
    .publish = on_publish,
    .version = 1};

static void
set_zone(struct ssink *s, const char *name)
{
	char *why;

	zone_close(s->zone);
	s->zone = zone_open(name, &why);
	if (s->zone == NULL)
		tool_die(TOOL_USAGE, "--tz: %s", why);
	/* UTC is printed with Z, as without the option. */
	s->o.render.zone =
	    strcmp(zone_name(s->zone), "UTC") == 0 ? NULL : s->zone;
}

static enum expect
expect(const char *arg)
{
	if (strcmp(arg, "rows") == 0)
		return EXPECT_ROWS;
	if (strcmp(arg, "none") != 0)
		tool_die(
		    TOOL_USAGE, "--expect: %s is neither rows nor none", arg);
	return EXPECT_NONE;
}

static void
set_option(struct ssink *s, int ch, const char *arg)
{
	switch (ch) {
	case 'f':
		s->o.render.format = arg;
		break;
	case 'k':
		s->o.render.series = arg;
		break;
	case 'N':
		s->o.render.no_header = true;
		break;
	case 'd':
		s->o.render.delim = tool_byte("delimiter", arg);
		break;
	case OPT_NULL:
		s->o.render.null_str = arg;
		break;
	case OPT_TZ:
		set_zone(s, arg);
		break;
	case OPT_CSV_SAFE:
		s->o.render.safe = true;
		break;
	case OPT_ROLL:
		if (outlet_parse_roll(&s->o.roll, arg) == -1)
			tool_die(TOOL_USAGE,
			    "--roll: %s is no bound; write 100M, 1000000rows "
			    "or 1h",
			    arg);
		break;
	case OPT_APPEND:
		s->o.append = true;
		break;
	case OPT_CHANGELOG:
		s->o.changelog = true;
		break;
	case OPT_MAX_FILES:
		s->o.max_files =
		    (size_t)tool_int("max-files", arg, 1, MAX_FILES_MAX);
		break;
	case OPT_EXEC:
		s->o.command = arg;
		break;
	case OPT_TEE:
		s->tee = true;
		break;
	case OPT_EXPECT:
		s->expect = expect(arg);
		break;
	}
}

static void
parse_options(struct ssink *s, struct tool *t, int argc, char *argv[])
{
	const char *arg;
	int ch;

	while ((ch = tool_next(t, argc, argv, &arg)) != -1)
		set_option(s, ch, arg);
	if (argc - optind > 1)
		tool_die(TOOL_USAGE, "there is one destination at most");
	if (optind < argc)
		s->o.dest = argv[optind];
	if (s->o.command != NULL && s->o.dest != NULL)
		tool_die(
		    TOOL_USAGE, "--exec takes the rows: no DEST beside it");
	if (s->o.command != NULL && s->tee)
		tool_die(TOOL_USAGE, "--tee does not go with --exec, whose "
				     "command has standard output");
	if (s->o.command == NULL && s->o.dest == NULL)
		s->o.dest = "-";
	if (s->tee && strcmp(s->o.dest, "-") == 0)
		tool_die(TOOL_USAGE, "--tee passes the stream on to standard "
				     "output: name a file for the rows");
}

/* SCHEME://...: another program reads the stream. */
static void
hand_over(const struct ssink *s, char *argv[])
{
	char *why;

	if (s->o.dest == NULL || libexec_scheme(s->o.dest) == 0)
		return;
	libexec_exec(&why, "ssink", s->o.dest, argv);
	tool_die(TOOL_USAGE, "%s", why);
}

/* The stream was whole and is written: was it what the user expects? */
static int
judge(const struct ssink *s, const struct tool *t)
{
	uint64_t n_rows = s->n_rows;
	bool wrong = (s->expect == EXPECT_ROWS && n_rows == 0)
		     || (s->expect == EXPECT_NONE && n_rows > 0);

	if (!wrong)
		return TOOL_OK;
	if (t->verbose >= 0 && n_rows == 0)
		tool_warn("no row came, and some were expected");
	else if (t->verbose >= 0)
		tool_warn("%llu row%s came, and none was expected",
		    (unsigned long long)n_rows, n_rows == 1 ? "" : "s");
	return TOOL_NEGATIVE;
}

int
main(int argc, char *argv[])
{
	struct ssink s = {.o = {.render = {.delim = -1, .tty_fd = -1},
			      .max_files = OUTLET_MAX_FILES}};
	struct stage st = {.sink = true};
	struct tool t;
	char *why;
	int status;

	tool_init(&t, "ssink", "[options] [DEST]",
	    "Show, print or save the rows of a stream.", options,
	    sizeof(options) / sizeof(options[0]));
	t.hints = hints;
	tool_stdout(false);
	parse_options(&s, &t, argc, argv);
	hand_over(&s, argv);
	choose(&s, &t);
	s.text = describe(&s);
	tool_stdout(s.tee);
	st.sink = !s.tee;
	st.elsewhere =
	    st.sink && s.o.dest != NULL && strcmp(s.o.dest, "-") != 0;
	s.outlet = outlet_new(&s.o, &why);
	if (s.outlet == NULL)
		tool_die(TOOL_USAGE, "%s", why);
	status = stage_run(&st, &t, &ops, &s);
	outlet_free(s.outlet);
	zone_close(s.zone);
	free(s.text);
	if (status == TOOL_OK && !t.schema_only)
		status = judge(&s, &t);
	return status;
}
