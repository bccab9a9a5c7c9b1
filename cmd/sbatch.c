/* SPDX-License-Identifier: ISC */
/* Read sources, parse rows, cut them into batches.  sbatch(1). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/time.h"
#include "base/zone.h"
#include "ckpt/accepted.h"
#include "io/intake.h"
#include "tool/accounts.h"
#include "tool/progress.h"
#include "tool/signal.h"
#include "tool/textopt.h"
#include "tool/tool.h"
#include "wire/writer.h"

#define MAX_FIELD (16u << 20)
#define IDLE_US INT64_C(500000) /* a signal may come just before a wait */

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
	OPT_PIPE_SIZE,
	OPT_EPOCH,
	OPT_ONCE,
	OPT_SPOOL,
	OPT_SPOOL_MAX,
	OPT_TRUNCATE,
	OPT_MISSING,
	OPT_FORCE_FS,
	OPT_ACCEPT
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
    {OPT_EPOCH, "epoch", "D", "with -S: commit every D (10s)"},
    {OPT_ONCE, "once", NULL, "with -S: what is new, then exit"},
    {OPT_SPOOL, "spool", NULL, "with -S: keep what pipes and sockets bring"},
    {OPT_SPOOL_MAX, "spool-max", "SIZE", "most bytes to keep (1G)"},
    {OPT_TRUNCATE, "on-truncate", "stop|restart",
	"with -S: what to do with a truncated file"},
    {OPT_MISSING, "on-missing", "stop|skip",
	"with -S: what to do without a file that was read"},
    {OPT_ACCEPT, "accept-changes", "STAGE",
	"with -S: STAGE may be told something else than before"},
    {OPT_FORCE_FS, "force-fs", NULL, "with -S: DIR may be on a network"},
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

/* Options that people know from the other sbatch. */
static const struct tool_hint hints[] = {
    {"wrap", "this is not Slurm's sbatch"},
    {"array", "this is not Slurm's sbatch"},
    {"partition", "this is not Slurm's sbatch"},
    {"job-name", "this is not Slurm's sbatch"},
    {"nodes", "this is not Slurm's sbatch"},
    {"ntasks", "this is not Slurm's sbatch"},
    {"J", "this is not Slurm's sbatch"},
    {"p", "this is not Slurm's sbatch; smap -p parses a column"},
    {"w", "smap has it: sbatch FILE | smap -w PRED"},
    {"where", "smap has it: sbatch FILE | smap -w PRED"},
    {"s", "columns are chosen by -c, or by smap -s"},
    {"select", "columns are chosen by -c, or by smap -s"},
    {"a", "smap has it: sbatch FILE | smap -a LIST"},
    {"add", "smap has it: sbatch FILE | smap -a LIST"},
    {"k", "sreduce has it: sbatch FILE | sreduce -k KEYS AGGREGATES"},
    {"late", "swindow has it: sbatch FILE | swindow 1m --late 5s"},
    {"o", "ssink writes: sbatch FILE | ssink out.csv"},
    {NULL, NULL},
};

struct run {
	struct tool tool;
	struct progress progress;
	struct intake in;
	struct zone *zone; /* of --tz, or NULL */
	bool bad_given;
	bool max_bad_given;
	const char *state_opt; /* one that goes with -S, or NULL */
	bool relative; /* --from or --until counts from now */
	unsigned stream; /* enum stream_option */
	uint64_t pipe_size; /* 0 = the default */
};

/* Print what the user should hear, each line after the program's name. */
static void
tell_notes(struct run *r)
{
	struct buf *notes = &r->in.notes;

	if (r->tool.verbose < 0)
		buf_reset(notes);
	if (notes->len == 0)
		return;
	progress_clear(&r->progress);
	tool_notes(notes);
}

/* Wait for the source, or for the time when something is due. */
static int
wait_for_input(struct run *r)
{
	int64_t now = time_mono_us();
	int64_t until = intake_wait_us(&r->in, now + IDLE_US);
	int ms = until > now ? (int)((until - now + 999) / 1000) : 0;

	switch (io_wait(intake_fd(&r->in), STDOUT_FILENO, ms)) {
	case -1:
		return intake_fail(
		    &r->in, TOOL_IO, "poll: %s", strerror(errno));
	case 2:
		if (epochs_are_on(&r->in.epochs))
			return intake_deserted(&r->in);
		/* The reader has gone; a write would end us in this way. */
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	return 0;
}

/* Bounded input fails; an endless one ends with what is there. */
static int
stop(struct run *r)
{
	int sig = tool_stop_signal();

	if (r->in.stop_us != 0)
		return 0;
	if ((r->in.endless || epochs_are_on(&r->in.epochs)) && r->in.begun) {
		intake_stop(&r->in);
		return 0;
	}
	return intake_fail(&r->in, 128 + sig,
	    "stopped by SIG%s before the end of the input", sigabbrev_np(sig));
}

/* Say how many records were dropped, and with -v all that there is. */
static void
tell_totals(struct run *r, const struct account *a)
{
	const struct bad *bad = &r->in.bad;

	progress_clear(&r->progress);
	if (a->invalid > 0 && r->tool.verbose >= 0)
		tool_warn("%ju of %ju records invalid, %s%s",
		    (uintmax_t)a->invalid, (uintmax_t)a->in,
		    bad->policy == BAD_KEEP ? "kept in " : "skipped",
		    bad->policy == BAD_KEEP ? bad->path : "");
	if (r->tool.verbose > 0)
		accounts_print(a, 1);
}

/* What depends on the sources. */
static void
settle_sources(struct run *r)
{
	struct cut_opts *cut = &r->in.o.cut;

	if (!r->bad_given && (r->in.endless || r->max_bad_given))
		r->in.bad.policy = BAD_SKIP;
	r->in.bad.endless = r->in.endless;
	if (r->in.o.range.end && !r->in.live)
		tool_die(TOOL_USAGE,
		    "--from end: nothing comes behind the end without -F");
	if (r->in.epochs.once && r->in.endless)
		tool_die(TOOL_USAGE,
		    "--once ends, but what listens does not: leave one out");
	if (r->in.batched && cut->every_us == 0 && cut->rows == 0
	    && cut->bytes == 0)
		cut->every_us = TIME_US;
}

/* A start that comes now must find us, until the rows are where they belong. */
static int
leave(struct run *r)
{
	int stops = tool_stopped();

	while (!intake_left(&r->in) && tool_stopped() == stops)
		io_wait(-1, -1, INTAKE_LOOK_MS);
	tell_notes(r);
	return intake_leave(&r->in);
}

static int
run(struct run *r, char *operands[], size_t n)
{
	struct emit *e = &r->in.emit;
	struct account a = {.in = 0};
	enum intake_got got;
	int rc = intake_find(&r->in, operands, n);

	if (rc == 0) {
		settle_sources(r);
		rc = intake_begin(&r->in);
	}

	for (got = INTAKE_MORE; rc == 0 && got != INTAKE_DONE;) {
		if (tool_stopped() > 0 && (rc = stop(r)) == -1)
			break;
		got = intake_step(&r->in);
		tell_notes(r);
		progress_tick(&r->progress,
		    &(struct progress_now){
			e->n_rows + e->build.n_rows, e->cut.batch, TIME_NONE});
		if (got == INTAKE_FAILED)
			rc = -1;
		else if (got == INTAKE_WAIT)
			rc = wait_for_input(r);
	}
	if (rc == -1)
		return -1;
	if (r->tool.schema_only)
		return tool_print_schema(&r->in.schema) == -1
			   ? intake_fail(&r->in, TOOL_IO, "standard output: %s",
			       strerror(errno))
			   : 0;
	if (intake_finish(&r->in, &a) == -1)
		return -1;
	tell_totals(r, &a);
	return leave(r);
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
max_bad(struct run *r, const char *arg)
{
	if (bad_parse_max(&r->in.bad, arg) == -1)
		tool_die(
		    TOOL_USAGE, "--max-bad: '%s' is neither N nor P%%", arg);
	r->max_bad_given = true;
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
set_zone(struct run *r, const char *arg)
{
	char *why = NULL;

	zone_close(r->zone);
	r->zone = zone_open(arg, &why);
	if (r->zone == NULL)
		tool_die(TOOL_USAGE, "--tz: %s", why);
	r->in.o.text.tz = r->zone;
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

/* One of two words: whether it is the second. */
static bool
choice(const char *opt, const char *arg, const char *no, const char *yes)
{
	if (strcmp(arg, yes) != 0 && strcmp(arg, no) != 0)
		tool_die(TOOL_USAGE, "--%s: '%s' is neither %s nor %s", opt,
		    arg, no, yes);
	return strcmp(arg, yes) == 0;
}

static int64_t
epoch(const char *arg)
{
	int64_t us = tool_dur("epoch", arg);

	if (us < EPOCHS_LEAST_US)
		tool_die(TOOL_USAGE,
		    "--epoch: %s: every epoch costs some flushes of the disk; "
		    "write 200ms or more",
		    arg);
	return us;
}

/* A stage by its number and name. */
static void
accept_changes(struct epochs *e, const char *arg)
{
	size_t digits = strspn(arg, "0123456789");

	if (digits < 2 || arg[digits] != '-' || arg[digits + 1] == '\0'
	    || strlen(arg) > ACCEPTED_MAX_NAME)
		tool_die(TOOL_USAGE,
		    "--accept-changes: %s is no stage; write it as millrace "
		    "status DIR does, such as 02-sreduce",
		    arg);
	if (strncmp(arg, "00-", 3) == 0)
		tool_die(TOOL_USAGE,
		    "--accept-changes: %s: where sbatch has read depends on "
		    "how it reads; begin with another -S DIR",
		    arg);
	if (e->n_accepted == ACCEPTED_MAX)
		tool_die(TOOL_USAGE, "--accept-changes: at most %d stages",
		    ACCEPTED_MAX);
	epochs_accept(e, arg);
}

static uint64_t
spool_max(const char *arg)
{
	uint64_t v = tool_size("spool-max", arg);

	if (v < TAPE_MAX_LEAST)
		tool_die(TOOL_USAGE, "--spool-max: '%s' is less than 1M", arg);
	return v;
}

/* Options that go with -S. */
static bool
state_opt(struct run *r, int ch, const char *arg)
{
	struct source_opts *o = &r->in.o.source;

	switch (ch) {
	case OPT_EPOCH:
		r->state_opt = "--epoch";
		r->in.epochs.every_us = epoch(arg);
		break;
	case OPT_ONCE:
		r->state_opt = "--once";
		r->in.epochs.once = true;
		break;
	case OPT_SPOOL:
		r->state_opt = "--spool";
		o->spools = true;
		break;
	case OPT_SPOOL_MAX:
		r->state_opt = "--spool-max";
		r->in.epochs.tape.max = spool_max(arg);
		break;
	case OPT_TRUNCATE:
		r->state_opt = "--on-truncate";
		o->on_truncate_restart =
		    choice("on-truncate", arg, "stop", "restart");
		break;
	case OPT_MISSING:
		r->state_opt = "--on-missing";
		o->on_missing_skip = choice("on-missing", arg, "stop", "skip");
		break;
	case OPT_ACCEPT:
		r->state_opt = "--accept-changes";
		accept_changes(&r->in.epochs, arg);
		break;
	case OPT_FORCE_FS:
		r->state_opt = "--force-fs";
		r->in.epochs.any_fs = true;
		break;
	default:
		return false;
	}
	return true;
}

static void
run_opt(struct run *r, int ch, const char *arg)
{
	struct intake_opts *o = &r->in.o;

	r->relative |= (ch == OPT_FROM || ch == OPT_UNTIL) && arg[0] == '-';
	if (order_opt(o, ch, arg) || network_opt(&o->source, ch, arg)
	    || state_opt(r, ch, arg))
		return;
	switch (ch) {
	case OPT_TZ:
		set_zone(r, arg);
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
		r->in.share.n = tool_jobs("jobs", arg, CREW_MAX);
		break;
	case OPT_BAD:
		bad_parse(&r->in.bad, arg);
		r->bad_given = true;
		break;
	case OPT_MAX_BAD:
		max_bad(r, arg);
		break;
	case OPT_SOURCE:
		o->source_col = arg;
		break;
	case OPT_DEFLATE:
		r->stream |= STREAM_DEFLATE;
		break;
	case OPT_CHECKSUM:
		r->stream |= STREAM_PCRC;
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
		r->in.epochs.path = arg;
		break;
	case OPT_PIPE_SIZE:
		r->pipe_size = tool_size("pipe-size", arg);
		break;
	}
}

static void
settle_state(struct run *r)
{
	struct intake_opts *o = &r->in.o;
	struct epochs *e = &r->in.epochs;

	if (r->state_opt != NULL && !epochs_are_on(e))
		tool_die(TOOL_USAGE,
		    "%s goes with -S DIR, where the places are kept",
		    r->state_opt);
	if (!epochs_are_on(e))
		return;
	if (e->tape.max != TAPE_MAX && !o->source.spools)
		tool_die(TOOL_USAGE, "--spool-max goes with --spool");
	if (e->once && o->source.mode == SOURCE_FOLLOW)
		tool_die(TOOL_USAGE, "--once ends, -F does not: write one");
	if (r->relative)
		tool_die(TOOL_USAGE,
		    "-S: --from and --until want times that stay the same, "
		    "such as 2026-11-23T10:00:00Z");
	if (o->source.mode == SOURCE_ONCE)
		o->source.mode = SOURCE_KEPT;
	if (r->tool.schema_only) {
		o->source.mode = SOURCE_ONCE;
		o->source.kept = o->source.spools = e->once = false;
		e->path = NULL;
		return;
	}
	/* What is committed must not end quietly with a reader. */
	signal(SIGPIPE, SIG_IGN);
}

/* What the options leave open before the sources are known. */
static void
settle(struct run *r)
{
	struct intake_opts *o = &r->in.o;

	if (r->bad_given && r->max_bad_given && r->in.bad.policy == BAD_STOP)
		tool_die(TOOL_USAGE, "--bad stop allows no --max-bad");
	if (o->cut.bytes > 0 && (o->merge || o->pace.speed > 0))
		tool_die(TOOL_USAGE,
		    "--batch-bytes: not with -m or --speed, which take rows "
		    "apart from their bytes; write --batch-rows");
	if (o->merge && o->cat)
		tool_die(TOOL_USAGE, "-m and --cat: one order, please");
	settle_state(r);
	o->schema_only = r->tool.schema_only;
	o->program = r->tool.program;
	o->name = r->tool.name;
	if (!r->tool.schema_only)
		tool_show(&r->tool);
	if (epochs_are_on(&r->in.epochs) && !io_flows(STDOUT_FILENO))
		tool_die(TOOL_USAGE, "-S: " TOOL_NO_SINK);
	emit_init(&r->in.emit, STDOUT_FILENO, r->stream);
	if (r->pipe_size > 0)
		stream_writer_pipe(r->in.emit.out, r->pipe_size);
}

int
main(int argc, char *argv[])
{
	struct run r = {.bad_given = false};
	const char *arg;
	int ch, status;

	intake_init(&r.in);
	tool_init(&r.tool, "sbatch", "[options] [SOURCE ...]",
	    "Read sources, parse rows, cut them into batches.", options,
	    sizeof(options) / sizeof(options[0]));
	r.tool.hints = hints;
	while ((ch = tool_next(&r.tool, argc, argv, &arg)) != -1)
		if (!text_opt(&r.in.o.text, ch, arg))
			run_opt(&r, ch, arg);
	settle(&r);
	progress_init(&r.progress, &r.tool);
	tool_signals();
	if (run(&r, argv + optind, (size_t)(argc - optind)) == -1) {
		progress_clear(&r.progress);
		/* The stage that has gone says why. */
		if (!r.in.deserted || r.tool.verbose > 0)
			tool_warn("%s", r.in.why);
		intake_abort(&r.in);
		tell_notes(&r);
	}
	status = r.in.status;
	intake_release(&r.in);
	zone_close(r.zone);
	return status;
}
