/* SPDX-License-Identifier: ISC */
/* The options of sbatch(1). */
#include "tool/intakeopt.h"

#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/time.h"
#include "base/zone.h"
#include "io/intake.h"
#include "tool/textopt.h"
#include "tool/tool.h"
#include "wire/writer.h"

#define MAX_FIELD (16u << 20)

enum {
	OPT_TZ = TOOL_LONG,
	OPT_YEAR,
	OPT_START,
	OPT_BATCH_ROWS,
	OPT_BATCH_BYTES,
	OPT_BAD,
	OPT_MAX_BAD,
	OPT_SOURCE,
	OPT_CAT,
	OPT_FROM,
	OPT_UNTIL,
	OPT_RATE,
	OPT_SPEED,
	OPT_INSECURE,
	OPT_TOKEN,
	OPT_MAX_CONNS,
	OPT_MAX_IDLE,
	OPT_MAX_FIELD,
	OPT_UTF8,
	OPT_DEFLATE,
	OPT_CHECKSUM,
	OPT_FRAME_ROWS,
	OPT_PIPE_SIZE
};

static const struct tool_opt options[] = {
    {'f', "format", "FORMAT", "how to read the bytes: csv, json, ..."},
    {'c', "columns", "COLS", "columns: [NEW=]PATH[:type[(format)]],..."},
    {'t', "time", "COL[:FORMAT]", "the column that is the event time"},
    {'N', "no-header", NULL, "csv and tsv begin with a row"},
    {'d', "delimiter", "CHAR", "byte between fields"},
    {TEXTOPT_NULL, "null", "STR", "fields with this text are null"},
    {OPT_TZ, "tz", "ZONE", "zone of times that name none, UTC by default"},
    {OPT_YEAR, "year", "Y", "year of the first time that has none"},
    {OPT_START, "record-start", "RE", "lines that match begin a record"},
    {'F', "follow", NULL, "follow files by name, over rotation"},
    {'m', "merge", NULL, "merge the sources by event time"},
    {OPT_CAT, "cat", NULL, "all sources are one part"},
    {OPT_FROM, "from", "TIME", "rows from then on: start, end, TIME, -15m"},
    {OPT_UNTIL, "until", "TIME", "rows before then"},
    {OPT_RATE, "rate", "N/s", "at most so many rows a second"},
    {OPT_SPEED, "speed", "N", "replay: N seconds of event time in one"},
    {OPT_INSECURE, "insecure", NULL, "let other machines connect, in clear"},
    {OPT_TOKEN, "token-file", "FILE",
	"who connects must send the line in FILE"},
    {OPT_MAX_CONNS, "max-conns", "N", "connections of a listener (1024)"},
    {OPT_MAX_IDLE, "max-idle", "D", "end connections that are silent for D"},
    {'i', "interval", "D", "close a batch every D"},
    {OPT_BATCH_ROWS, "batch-rows", "N", "close a batch after N rows"},
    {OPT_BATCH_BYTES, "batch-bytes", "SIZE", "close a batch before SIZE"},
    {'n', "rows", "N", "read the first N rows"},
    {'j', "jobs", "N|auto", "so many processes parse (1; auto: CPUs)"},
    {'S', "state", "DIR", "resume from DIR: output is committed once"},
    {STATEOPT_EPOCH, "epoch", "D", "with -S: commit every D (10s)"},
    {STATEOPT_ONCE, "once", NULL, "with -S: what is new, then exit"},
    {STATEOPT_SPOOL, "spool", NULL,
	"with -S: keep what pipes and sockets bring"},
    {STATEOPT_SPOOL_MAX, "spool-max", "SIZE", "most bytes to keep (1G)"},
    {STATEOPT_TRUNCATE, "on-truncate", "stop|restart",
	"with -S: what to do with a truncated file"},
    {STATEOPT_MISSING, "on-missing", "stop|skip",
	"with -S: what if a file that was read is gone"},
    {STATEOPT_ACCEPT, "accept-changes", "STAGE",
	"with -S: STAGE may be told other options"},
    {STATEOPT_FORCE_FS, "force-fs", NULL, "with -S: DIR may be on a network"},
    {OPT_BAD, "bad", "stop|skip|FILE", "what to do with bad records"},
    {OPT_MAX_BAD, "max-bad", "N|P%", "fail when more records are bad"},
    {OPT_SOURCE, "source", "COL", "add a column with the source's name"},
    {OPT_MAX_FIELD, "max-field", "SIZE", "longest field (1M, at most 16M)"},
    {OPT_UTF8, "invalid-utf8", "HOW", "reject, replace or bytes"},
    {OPT_DEFLATE, "deflate", NULL, "compress frames"},
    {OPT_CHECKSUM, "checksum", NULL, "checksum frames on a pipe, too"},
    {OPT_FRAME_ROWS, "frame-rows", "N", "most rows in a frame"},
    {OPT_PIPE_SIZE, "pipe-size", "SIZE", "capacity of the pipe to stdout"},
};

const struct tool_opt *
intakeopt_table(size_t *n)
{
	*n = sizeof(options) / sizeof(options[0]);
	return options;
}

static enum text_utf8
utf8_policy(const char *arg)
{
	if (strcmp(arg, "reject") == 0)
		return TEXT_UTF8_REJECT;
	if (strcmp(arg, "replace") == 0)
		return TEXT_UTF8_REPLACE;
	if (strcmp(arg, "bytes") != 0)
		tool_die(TOOL_USAGE,
		    "--invalid-utf8: '%s' is none of reject, replace, bytes",
		    arg);
	return TEXT_UTF8_BYTES;
}

static uint64_t
above_0(const char *opt, uint64_t v)
{
	if (v == 0)
		tool_die(TOOL_USAGE, "--%s: it must be above 0", opt);
	return v;
}

static size_t
max_field(const char *arg)
{
	uint64_t v = tool_size("max-field", arg);

	if (v < 1 || v > MAX_FIELD)
		tool_die(TOOL_USAGE, "--max-field: '%s' is not 1..16M", arg);
	return (size_t)v;
}

/* Options that say how the bytes are read. */
static bool
text_opt(struct text_opts *o, int ch, const char *arg)
{
	if (textopt_take(o, ch, arg))
		return true;
	switch (ch) {
	case OPT_YEAR:
		o->year = (int)tool_int("year", arg, 1, 9999);
		return true;
	case OPT_START:
		o->record_start = arg;
		return true;
	case OPT_MAX_FIELD:
		o->max_field = max_field(arg);
		return true;
	case OPT_UTF8:
		o->utf8 = utf8_policy(arg);
		return true;
	default:
		return false;
	}
}

static void
max_bad(struct intakeopt *g, const char *arg)
{
	if (bad_parse_max(&g->in->bad, arg) == -1)
		tool_die(
		    TOOL_USAGE, "--max-bad: '%s' is neither N nor P%%", arg);
	g->max_bad_given = true;
}

/* Options that choose rows, and say in which order and how fast they come. */
static bool
order_opt(struct intake_opts *o, int ch, const char *arg)
{
	bool end;
	int rc = 0;

	switch (ch) {
	case 'm':
		o->merge = true;
		return true;
	case OPT_CAT:
		o->cat = true;
		return true;
	case OPT_FROM:
		rc = range_parse(
		    &o->range.from, &o->range.end, arg, time_now_us());
		break;
	case OPT_UNTIL:
		rc = range_parse(&o->range.until, &end, arg, time_now_us());
		break;
	case OPT_RATE:
		if (pace_parse_rate(&o->pace.rate, arg) == -1)
			tool_die(TOOL_USAGE,
			    "--rate: %s is no rate; write 100/s or 5/m", arg);
		return true;
	case OPT_SPEED:
		if (pace_parse_speed(&o->pace.speed, arg) == -1)
			tool_die(TOOL_USAGE, "--speed: %s is no number above 0",
			    arg);
		return true;
	default:
		return false;
	}
	if (rc == -1)
		tool_die(TOOL_USAGE,
		    "--%s: %s is no time; write 2026-11-23T10:00:00Z or -15m",
		    ch == OPT_FROM ? "from" : "until", arg);
	return true;
}

static void
set_zone(struct intakeopt *g, const char *arg)
{
	char *why = NULL;

	zone_close(g->zone);
	g->zone = zone_open(arg, &why);
	if (g->zone == NULL)
		tool_die(TOOL_USAGE, "--tz: %s", why);
	g->in->o.text.tz = g->zone;
}

/* Options of listeners. */
static bool
network_opt(struct source_opts *o, int ch, const char *arg)
{
	switch (ch) {
	case OPT_INSECURE:
		o->insecure = true;
		return true;
	case OPT_TOKEN:
		o->token_file = arg;
		return true;
	case OPT_MAX_CONNS:
		o->max_conns = (uint32_t)tool_int("max-conns", arg, 1, 1000000);
		return true;
	case OPT_MAX_IDLE:
		o->max_idle_us = tool_dur("max-idle", arg);
		return true;
	default:
		return false;
	}
}

void
intakeopt_take(struct intakeopt *g, int ch, const char *arg)
{
	struct intake_opts *o = &g->in->o;

	g->state.relative |=
	    (ch == OPT_FROM || ch == OPT_UNTIL) && arg[0] == '-';
	if (text_opt(&o->text, ch, arg) || order_opt(o, ch, arg)
	    || network_opt(&o->source, ch, arg)
	    || stateopt_take(&g->state, g->in, ch, arg))
		return;
	switch (ch) {
	case OPT_TZ:
		set_zone(g, arg);
		break;
	case 'F':
		o->source.mode = SOURCE_FOLLOW;
		break;
	case 'i':
		o->cut.every_us = (int64_t)above_0(
		    "interval", (uint64_t)tool_dur("interval", arg));
		break;
	case OPT_BATCH_ROWS:
		o->cut.rows =
		    (uint64_t)tool_int("batch-rows", arg, 1, INT64_MAX);
		break;
	case OPT_BATCH_BYTES:
		o->cut.bytes =
		    above_0("batch-bytes", tool_size("batch-bytes", arg));
		break;
	case 'n':
		o->n_rows = (uint64_t)tool_int("rows", arg, 0, INT64_MAX);
		break;
	case 'j':
		g->in->share.n = tool_jobs("jobs", arg, CREW_MAX);
		break;
	case OPT_BAD:
		bad_parse(&g->in->bad, arg);
		g->bad_given = true;
		break;
	case OPT_MAX_BAD:
		max_bad(g, arg);
		break;
	case OPT_SOURCE:
		o->source_col = arg;
		break;
	case OPT_DEFLATE:
		g->stream |= STREAM_DEFLATE;
		break;
	case OPT_CHECKSUM:
		g->stream |= STREAM_PCRC;
		break;
	case OPT_FRAME_ROWS:
		o->frame_rows =
		    (uint32_t)tool_int("frame-rows", arg, 1, FRAME_MAX_ROWS);
		break;
	case 'S':
		if (arg[0] == '\0')
			tool_die(TOOL_USAGE,
			    "-S: '' is no directory; is the variable set?");
		o->source.kept = true;
		g->in->epochs.path = arg;
		break;
	case OPT_PIPE_SIZE:
		g->pipe_size = tool_size("pipe-size", arg);
		break;
	}
}

void
intakeopt_settle(struct intakeopt *g, struct tool *t)
{
	struct intake_opts *o = &g->in->o;

	if (g->bad_given && g->max_bad_given && g->in->bad.policy == BAD_STOP)
		tool_die(TOOL_USAGE, "--bad stop allows no --max-bad");
	if (o->cut.bytes > 0 && (o->merge || o->pace.speed > 0))
		tool_die(TOOL_USAGE,
		    "--batch-bytes: not with -m or --speed, which take rows "
		    "apart from their bytes; write --batch-rows");
	if (o->merge && o->cat)
		tool_die(TOOL_USAGE, "-m and --cat: one order, please");
	stateopt_settle(&g->state, g->in, t->schema_only);
	o->schema_only = t->schema_only;
	o->program = t->program;
	o->name = t->name;
	if (!t->schema_only)
		tool_show(t);
	if (epochs_are_on(&g->in->epochs) && !io_flows(STDOUT_FILENO))
		tool_die(TOOL_USAGE, "-S: " TOOL_NO_SINK);
	emit_init(&g->in->emit, STDOUT_FILENO, g->stream);
	if (g->pipe_size > 0)
		stream_writer_pipe(g->in->emit.out, g->pipe_size);
}

void
intakeopt_settle_sources(struct intakeopt *g)
{
	struct cut_opts *cut = &g->in->o.cut;

	if (!g->bad_given && (g->in->endless || g->max_bad_given))
		g->in->bad.policy = BAD_SKIP;
	g->in->bad.endless = g->in->endless;
	if (g->in->o.range.end && !g->in->live)
		tool_die(TOOL_USAGE,
		    "--from end: nothing comes behind the end without -F");
	if (g->in->epochs.once && g->in->endless)
		tool_die(TOOL_USAGE,
		    "--once ends, but what listens does not: leave one out");
	if (g->in->batched && cut->every_us == 0 && cut->rows == 0
	    && cut->bytes == 0)
		cut->every_us = TIME_US;
}

void
intakeopt_release(struct intakeopt *g)
{
	zone_close(g->zone);
}
