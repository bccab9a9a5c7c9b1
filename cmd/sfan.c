/* SPDX-License-Identifier: ISC */
/* Fan frames out to many processes.  sfan(1). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "fan/fan.h"
#include "tool/tool.h"

enum long_opt {
	OPT_WORKER = TOOL_LONG,
	OPT_UNORDERED,
	OPT_TIMEOUT,
	OPT_QUARANTINE,
	OPT_ONCE_ONLY,
};

static const struct tool_opt options[] = {
    {'j', "jobs", "N|auto", "so many workers run the command (auto: CPUs)"},
    {OPT_WORKER, "worker", "CMD", "one worker runs CMD; repeatable"},
    {OPT_UNORDERED, "unordered", NULL, "answers go out as they come"},
    {OPT_TIMEOUT, "timeout", "D", "how long an answer may take (60s)"},
    {OPT_QUARANTINE, "quarantine", "FILE", "save frames that always fail"},
    {OPT_ONCE_ONLY, "once-only", NULL, "run no frame twice for speed"},
};

static const struct tool_hint hints[] = {
    {"w", "options of the workers stand behind --: sfan -j 4 -- smap -w PRED"},
    {"p", "options of the workers stand behind --: sfan -j 4 -- smap -p FMT"},
    {"k", "options of the workers stand behind --"},
    {"P", "write -j N"},
    {"n", "write -j N"},
    {NULL, NULL},
};

struct opts {
	struct fan_opts fan;
	size_t jobs; /* 0 = not said */
	size_t n_workers; /* --worker */
};

/* A command in one text is for the shell.  To be freed. */
static char **
shell_command(const char *text)
{
	char **argv = mem_zero(4, sizeof(*argv));

	argv[0] = mem_strdup("sh");
	argv[1] = mem_strdup("-c");
	argv[2] = mem_strdup(text);
	return argv;
}

static void
add_command(struct fan_opts *o, char **argv)
{
	if (o->n == FAN_MAX_WORKERS)
		tool_die(TOOL_USAGE, "--worker: at most %d of them",
		    FAN_MAX_WORKERS);
	o->commands = mem_resize(o->commands, o->n + 1, sizeof(*o->commands));
	o->commands[o->n++] = argv;
}

/* An argument that has something in it. */
static const char *
filled(const char *opt, const char *arg)
{
	if (*arg == '\0')
		tool_die(TOOL_USAGE, "--%s: it is empty; write --%s %s", opt,
		    opt, strcmp(opt, "worker") == 0 ? "CMD" : "FILE");
	return arg;
}

static void
parse_options(struct tool *t, struct opts *o, int argc, char *argv[])
{
	const char *arg;
	int ch;

	while ((ch = tool_next(t, argc, argv, &arg)) != -1) {
		switch (ch) {
		case 'j':
			o->jobs = tool_jobs("jobs", arg, FAN_MAX_WORKERS);
			break;
		case OPT_WORKER:
			add_command(
			    &o->fan, shell_command(filled("worker", arg)));
			o->n_workers++;
			break;
		case OPT_UNORDERED:
			o->fan.unordered = true;
			break;
		case OPT_TIMEOUT:
			o->fan.timeout_us = tool_dur("timeout", arg);
			break;
		case OPT_QUARANTINE:
			o->fan.quarantine = filled("quarantine", arg);
			break;
		case OPT_ONCE_ONLY:
			o->fan.once_only = true;
			break;
		default:
			tool_die(TOOL_BUG, "option %d", ch);
		}
	}
}

/* What the workers run: CMD for each of -j, or what --worker said. */
static void
settle(struct opts *o, int n, char *argv[])
{
	char **command;

	if (o->n_workers > 0 && (o->jobs > 0 || n > 0))
		tool_die(TOOL_USAGE,
		    "--worker says what each worker runs, -j N -- CMD what "
		    "all do: write one of them");
	if (o->n_workers > 0)
		return;
	if (n == 0)
		tool_die(TOOL_USAGE,
		    "what to run? such as: sfan -j 4 -- smap -w PRED");
	if (o->jobs == 0)
		tool_die(TOOL_USAGE,
		    "how many workers? such as: sfan -j auto -- smap -w PRED");
	for (size_t i = 0; i < o->jobs; i++) {
		command = n == 1 ? shell_command(argv[0])
				 : mem_zero((size_t)n + 1, sizeof(*command));
		for (int k = 0; n > 1 && k < n; k++)
			command[k] = mem_strdup(argv[k]);
		add_command(&o->fan, command);
	}
}

static void
release(struct opts *o)
{
	for (size_t i = 0; i < o->fan.n; i++) {
		for (char **p = o->fan.commands[i]; *p != NULL; p++)
			free(*p);
		free(o->fan.commands[i]);
	}
	free(o->fan.commands);
}

int
main(int argc, char *argv[])
{
	struct opts o = {.fan = {.timeout_us = FAN_TIMEOUT_US}};
	struct tool t;
	int status;

	tool_init(&t, "sfan", "[options] -- CMD [ARG ...]",
	    "Fan frames out to many processes.", options,
	    sizeof(options) / sizeof(options[0]));
	t.hints = hints;
	parse_options(&t, &o, argc, argv);
	settle(&o, argc - optind, argv + optind);
	status = fan_run(&t, &o.fan);
	release(&o);
	return status;
}
