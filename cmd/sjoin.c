/* SPDX-License-Identifier: ISC */
/* Join a stream with a table or another stream by keys.  sjoin(1). */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "join/plan.h"
#include "join/streams.h"
#include "join/tables.h"
#include "tool/textopt.h"
#include "tool/tool.h"

enum long_opt {
	OPT_LEFT = TOOL_LONG,
	OPT_RIGHT,
	OPT_FULL,
	OPT_SEMI,
	OPT_ANTI,
	OPT_COGROUP,
	OPT_UNION,
	OPT_WITHIN,
	OPT_ASOF,
	OPT_UNBOUNDED,
	OPT_TAKE,
	OPT_PREFIX,
	OPT_RELOAD,
	OPT_SOURCES,
	OPT_STALL,
	OPT_STREAM,
	OPT_SPOOL,
};

static const struct tool_opt options[] = {
    {'k', "keys", "KEYS", "columns that must be equal: 'a, left=right'"},
    {OPT_LEFT, "left", NULL, "and rows without a match"},
    {OPT_RIGHT, "right", NULL, "and rows of RIGHT without a match"},
    {OPT_FULL, "full", NULL, "and rows of both without a match"},
    {OPT_SEMI, "semi", NULL, "only rows that have a match, once each"},
    {OPT_ANTI, "anti", NULL, "only rows that have none"},
    {OPT_COGROUP, "cogroup", NULL, "a row a key: the rows of both as JSON"},
    {OPT_UNION, "union", NULL, "the rows of both, without keys"},
    {OPT_WITHIN, "within", "-A,B", "match in event time: A before to B after"},
    {OPT_ASOF, "asof", NULL, "only the latest match at or before the row"},
    {OPT_UNBOUNDED, "unbounded", NULL, "keep all rows of endless streams"},
    {OPT_TAKE, "take", "COLS", "columns of RIGHT: [NEW=]COL,..."},
    {OPT_PREFIX, "prefix", "STR", "put before the names of RIGHT's columns"},
    {OPT_RELOAD, "reload", NULL, "read the table again when it changes"},
    {OPT_SOURCES, "sources", "A,B", "join two sources of this stream"},
    {OPT_STALL, "stall-timeout", "D", "how long one side may block the other"},
    {OPT_STREAM, "stream", NULL, "RIGHT is a stream though it is a file"},
    {OPT_SPOOL, "spool", "SIZE", "how much of a side is read ahead"},
    {'f', "format", "FORMAT", "how to read the table: csv, json, ..."},
    {'c', "columns", "COLS", "its columns: [NEW=]PATH[:type[(format)]],..."},
    {'t', "time", "COL[:FORMAT]", "its column that is the event time"},
    {'N', "no-header", NULL, "its csv or tsv begins with a row"},
    {'d', "delimiter", "CHAR", "byte between its fields"},
    {TEXTOPT_NULL, "null", "STR", "its fields with this text are null"},
};

static const struct tool_hint hints[] = {
    {"on", "-k KEYS"},
    {"using", "-k KEYS"},
    {"j", "-k KEYS"},
    {"inner", "nothing: that is what sjoin does"},
    {"outer", "--full"},
    {"left-outer", "--left"},
    {"right-outer", "--right"},
    {NULL, NULL},
};

struct run {
	/* Options. */
	struct plan_opts o;
	const char *kind; /* its option, NULL for an inner join */
	struct text_opts text;
	const char *text_opt; /* one that is about a table, or NULL */
	const char *time_opt; /* one that is about two streams, or NULL */
	struct streams_opts streams;
	bool is_stream; /* RIGHT is one */
	bool reload;
	const char *right; /* RIGHT */
	char *words; /* for the chain in HEAD */
};

static void
set_kind(struct run *o, enum plan_kind kind, const char *opt)
{
	if (o->kind != NULL && o->o.kind != kind)
		tool_die(
		    TOOL_USAGE, "%s and %s: one of them, please", o->kind, opt);
	o->o.kind = kind;
	o->kind = opt;
}

/* Options of the kind of join; false when it is none of them. */
static bool
kind_opt(struct run *o, int ch)
{
	switch (ch) {
	case OPT_LEFT:
		set_kind(o, PLAN_LEFT, "--left");
		return true;
	case OPT_RIGHT:
		set_kind(o, PLAN_RIGHT, "--right");
		return true;
	case OPT_FULL:
		set_kind(o, PLAN_FULL, "--full");
		return true;
	case OPT_SEMI:
		set_kind(o, PLAN_SEMI, "--semi");
		return true;
	case OPT_ANTI:
		set_kind(o, PLAN_ANTI, "--anti");
		return true;
	case OPT_COGROUP:
		set_kind(o, PLAN_COGROUP, "--cogroup");
		return true;
	case OPT_UNION:
		set_kind(o, PLAN_UNION, "--union");
		return true;
	default:
		return false;
	}
}

static const char *
opt_name(int ch)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].ch == ch)
			return options[i].name;
	return "";
}

/* Options that are not of the kind of join. */
static bool
other_opt(struct run *o, int ch, const char *arg)
{
	switch (ch) {
	case OPT_WITHIN:
		if (streams_within(&o->streams, arg) == -1)
			tool_die(TOOL_USAGE,
			    "--within: %s is not [-A,]B, such as 10m, or "
			    "-1m,10m with the lesser one first",
			    arg);
		return true;
	case OPT_ASOF:
		o->streams.asof = true;
		return true;
	case 'k':
		o->o.keys = arg;
		return true;
	case OPT_TAKE:
		o->o.take = arg;
		return true;
	case OPT_PREFIX:
		o->o.prefix = arg;
		return true;
	case OPT_RELOAD:
		o->text_opt = opt_name(ch);
		o->reload = true;
		return true;
	default:
		o->text_opt = opt_name(ch);
		return textopt_take(&o->text, ch, arg);
	}
}

/* Options of two streams; false when it is none of them. */
static bool
stream_opt(struct run *o, int ch, const char *arg)
{
	struct streams_opts *s = &o->streams;

	switch (ch) {
	case OPT_UNBOUNDED:
		s->unbounded = true;
		break;
	case OPT_SOURCES:
		s->sources = arg;
		if (strchr(arg, ',') == NULL)
			tool_die(TOOL_USAGE,
			    "--sources: %s is not A,B, two names of sources",
			    arg);
		break;
	case OPT_STALL:
		s->pair.stall_us = tool_dur("stall-timeout", arg);
		break;
	case OPT_SPOOL:
		s->pair.spool = tool_size("spool", arg);
		break;
	case OPT_STREAM:
		o->is_stream = true;
		break;
	default:
		return false;
	}
	o->time_opt = opt_name(ch);
	return true;
}

/* What goes together with a RIGHT that is a table. */
static void
check_table(const struct run *o)
{
	bool each = o->o.kind == PLAN_INNER || o->o.kind == PLAN_LEFT
		    || o->o.kind == PLAN_SEMI || o->o.kind == PLAN_ANTI;

	if (o->time_opt != NULL)
		tool_die(TOOL_USAGE, "--%s: not with a table", o->time_opt);
	if (o->streams.within && !o->streams.asof)
		tool_die(TOOL_USAGE,
		    "--within: with a table only together with --asof");
	if (o->reload && !each)
		tool_die(TOOL_USAGE,
		    "--reload does not go with %s, which shows the rows of "
		    "one table",
		    o->kind);
}

/* The same when it is a stream. */
static void
check_stream(const struct run *o)
{
	const struct streams_opts *s = &o->streams;

	if (o->reload)
		tool_die(TOOL_USAGE,
		    "--reload: RIGHT is a stream, whose rows come as they are "
		    "written; leave it out, or give a table");
	if (o->text_opt != NULL)
		tool_die(TOOL_USAGE,
		    "--%s: RIGHT is a stream; options of text are sbatch's",
		    o->text_opt);
	if (s->unbounded && (s->within || s->asof || o->kind != NULL))
		tool_die(TOOL_USAGE,
		    "--unbounded knows no end of anything: it goes with an "
		    "inner join alone");
}

/* What goes together with --within and --asof. */
static void
check_time(const struct run *o)
{
	const struct streams_opts *s = &o->streams;
	bool one_way = o->o.kind == PLAN_UNION || o->o.kind == PLAN_COGROUP;
	bool rest = o->o.kind == PLAN_RIGHT || o->o.kind == PLAN_FULL;

	if (one_way && (s->within || s->asof))
		tool_die(TOOL_USAGE, "%s does not go with --%s", o->kind,
		    s->asof ? "asof" : "within");
	if (s->asof && rest)
		tool_die(TOOL_USAGE,
		    "%s does not go with --asof, which asks for the match of "
		    "each left row",
		    o->kind);
	if (s->asof && s->within && s->hi != 0)
		tool_die(TOOL_USAGE,
		    "--asof matches nothing later: write --within -A,0");
}

/* What goes together. */
static void
check_options(const struct run *o)
{
	bool none = o->o.kind == PLAN_SEMI || o->o.kind == PLAN_ANTI
		    || o->o.kind == PLAN_COGROUP;

	if (o->o.kind == PLAN_UNION && o->o.take != NULL)
		tool_die(TOOL_USAGE,
		    "--union takes all columns: drop those before by smap");
	if (o->o.kind == PLAN_UNION && o->o.keys != NULL)
		tool_die(TOOL_USAGE, "--union takes all rows: it has no -k");
	if (o->o.kind != PLAN_UNION && o->o.keys == NULL)
		tool_die(
		    TOOL_USAGE, "which keys? such as: sjoin -k user users.csv");
	if (none && (o->o.take != NULL || o->o.prefix != NULL))
		tool_die(TOOL_USAGE,
		    "%s does not show the columns of RIGHT: drop --take "
		    "and --prefix",
		    o->kind);
	check_time(o);
	if (o->is_stream)
		check_stream(o);
	else
		check_table(o);
}

/* Which RIGHT there is, and whether it is a stream. */
static void
find_right(struct run *o, int n, char *operands[])
{
	if (o->streams.sources != NULL) {
		if (n > 0)
			tool_die(TOOL_USAGE,
			    "--sources: both sides are on standard input; "
			    "drop %s",
			    operands[0]);
		o->is_stream = true;
		return;
	}
	if (n != 1)
		tool_die(TOOL_USAGE,
		    "one RIGHT, please, such as: sjoin -k user users.csv");
	o->right = operands[0];
	if (strcmp(o->right, "-") == 0)
		tool_die(TOOL_USAGE,
		    "RIGHT is -, but standard input is the left side");
	o->is_stream |= pair_is_stream(o->right);
}

static void
parse_options(struct tool *t, struct run *o, int argc, char *argv[])
{
	const char *arg;
	int ch;

	while ((ch = tool_next(t, argc, argv, &arg)) != -1)
		if (!kind_opt(o, ch) && !stream_opt(o, ch, arg)
		    && !other_opt(o, ch, arg))
			tool_die(TOOL_BUG, "option %d", ch);
	find_right(o, argc - optind, argv + optind);
	check_options(o);
}

static void
describe_time(struct buf *b, const struct streams_opts *s)
{
	if (s->within)
		buf_printf(b, "--within %jdus,%jdus ", (intmax_t)s->lo,
		    (intmax_t)s->hi);
	if (s->asof)
		buf_puts(b, "--asof ");
	if (s->unbounded)
		buf_puts(b, "--unbounded ");
	if (s->sources != NULL)
		buf_puts(b, "--sources ");
}

/* The options that change the answer. */
static char *
describe(const struct run *o)
{
	struct buf b;
	char *s;

	buf_init(&b, 0);
	if (o->o.keys != NULL)
		buf_printf(&b, "-k '%s' ", o->o.keys);
	if (o->kind != NULL)
		buf_printf(&b, "%s ", o->kind);
	if (o->o.take != NULL)
		buf_printf(&b, "--take '%s' ", o->o.take);
	if (o->o.prefix != NULL)
		buf_printf(&b, "--prefix '%s' ", o->o.prefix);
	describe_time(&b, &o->streams);
	/* A stream is described by its own stages. */
	if (o->streams.sources != NULL)
		buf_puts(&b, o->streams.sources);
	else if (!o->is_stream)
		buf_puts(&b, o->right);
	s = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return s;
}

static int
run_streams(struct tool *t, struct run *o)
{
	struct streams_opts *s = &o->streams;

	s->plan = o->o;
	s->kind = o->kind;
	s->words = o->words;
	s->pair.right = o->right;
	return streams_run(t, s);
}

static int
run_table(struct tool *t, const struct run *o)
{
	int64_t lo = o->streams.within ? o->streams.lo : -INT64_MAX;
	const struct tables_opts s = {.plan = o->o,
	    .kind = o->kind,
	    .right = o->right,
	    .text = o->text,
	    .asof = o->streams.asof,
	    .within_us = lo > -INT64_MAX ? -lo : INT64_MAX,
	    .reload = o->reload,
	    .words = o->words};

	return tables_run(t, &s);
}

int
main(int argc, char *argv[])
{
	struct run o = {.text = {.delim = -1, .max_field = TEXT_MAX_FIELD},
	    .streams = {.pair = {.spool = STREAMS_SPOOL,
			    .stall_us = STREAMS_STALL_US}}};
	struct tool t;
	int status;

	tool_init(&t, "sjoin", "[options] -k KEYS RIGHT",
	    "Join a stream with a table, or another stream, by keys.", options,
	    sizeof(options) / sizeof(options[0]));
	t.hints = hints;
	parse_options(&t, &o, argc, argv);
	o.words = describe(&o);
	status = o.is_stream ? run_streams(&t, &o) : run_table(&t, &o);
	free(o.words);
	return status;
}
