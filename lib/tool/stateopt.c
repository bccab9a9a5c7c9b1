/* SPDX-License-Identifier: ISC */
/* The options of sbatch(1) that go with -S. */
#include "tool/stateopt.h"

#include <signal.h>
#include <string.h>

#include "ckpt/accepted.h"
#include "io/intake.h"
#include "tool/tool.h"

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

bool
stateopt_take(struct stateopt *s, struct intake *in, int ch, const char *arg)
{
	struct source_opts *o = &in->o.source;

	switch (ch) {
	case STATEOPT_EPOCH:
		s->given = "--epoch";
		in->epochs.every_us = epoch(arg);
		break;
	case STATEOPT_ONCE:
		s->given = "--once";
		in->epochs.once = true;
		break;
	case STATEOPT_SPOOL:
		s->given = "--spool";
		o->spools = true;
		break;
	case STATEOPT_SPOOL_MAX:
		s->given = "--spool-max";
		in->epochs.tape.max = spool_max(arg);
		break;
	case STATEOPT_TRUNCATE:
		s->given = "--on-truncate";
		o->on_truncate_restart =
		    choice("on-truncate", arg, "stop", "restart");
		break;
	case STATEOPT_MISSING:
		s->given = "--on-missing";
		o->on_missing_skip = choice("on-missing", arg, "stop", "skip");
		break;
	case STATEOPT_ACCEPT:
		s->given = "--accept-changes";
		accept_changes(&in->epochs, arg);
		break;
	case STATEOPT_FORCE_FS:
		s->given = "--force-fs";
		in->epochs.any_fs = true;
		break;
	default:
		return false;
	}
	return true;
}

void
stateopt_settle(const struct stateopt *s, struct intake *in, bool schema_only)
{
	struct intake_opts *o = &in->o;
	struct epochs *e = &in->epochs;

	if (s->given != NULL && !epochs_are_on(e))
		tool_die(TOOL_USAGE,
		    "%s goes with -S DIR, where the places are kept", s->given);
	if (!epochs_are_on(e))
		return;
	if (e->tape.max != TAPE_MAX && !o->source.spools)
		tool_die(TOOL_USAGE, "--spool-max goes with --spool");
	if (e->once && o->source.mode == SOURCE_FOLLOW)
		tool_die(TOOL_USAGE, "--once ends, -F does not: write one");
	if (s->relative)
		tool_die(TOOL_USAGE,
		    "-S: --from and --until want times that stay the same, "
		    "such as 2026-11-23T10:00:00Z");
	if (o->source.mode == SOURCE_ONCE)
		o->source.mode = SOURCE_KEPT;
	if (schema_only) {
		o->source.mode = SOURCE_ONCE;
		o->source.kept = o->source.spools = e->once = false;
		e->path = NULL;
		return;
	}
	/* What is committed must not end quietly with a reader. */
	signal(SIGPIPE, SIG_IGN);
}
