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
#include "io/intake.h"
#include "tool/accounts.h"
#include "tool/intakeopt.h"
#include "tool/progress.h"
#include "tool/signal.h"
#include "tool/tool.h"

#define IDLE_US INT64_C(500000) /* a signal may come just before a wait */

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
	struct intakeopt opts;
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
	if (a->invalid > r->in.emit.n_bad_told && r->tool.verbose >= 0)
		tool_warn("%ju of %ju records invalid, %s%s",
		    (uintmax_t)a->invalid, (uintmax_t)a->in,
		    bad->policy == BAD_KEEP ? "kept in " : "skipped",
		    bad->policy == BAD_KEEP ? bad->path : "");
	if (r->tool.verbose > 0)
		accounts_print(a, 1);
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
		intakeopt_settle_sources(&r->opts);
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

int
main(int argc, char *argv[])
{
	struct run r = {.opts = {.in = &r.in}};
	const struct tool_opt *options;
	const char *arg;
	size_t n;
	int ch, status;

	intake_init(&r.in);
	options = intakeopt_table(&n);
	tool_init(&r.tool, "sbatch", "[options] [SOURCE ...]",
	    "Read sources, parse rows, cut them into batches.", options, n);
	r.tool.hints = hints;
	while ((ch = tool_next(&r.tool, argc, argv, &arg)) != -1)
		intakeopt_take(&r.opts, ch, arg);
	intakeopt_settle(&r.opts, &r.tool);
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
	intakeopt_release(&r.opts);
	return status;
}
