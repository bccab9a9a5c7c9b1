/* SPDX-License-Identifier: ISC */
/* Look into the directory of a pipeline that resumes.  millrace(1). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "ckpt/commit.h"
#include "tool/inspect.h"
#include "tool/tool.h"

enum { OPT_TO = TOOL_LONG, OPT_YES };

static const struct tool_opt options[] = {
    {OPT_TO, "to", "EPOCH", "reset: the epoch to go on behind"},
    {OPT_YES, "yes", NULL, "reset: do it, do not ask"},
};

/* How to show what a stage keeps; of other stages the size is shown. */
static const struct inspect_kind kinds[] = {
    {"sbatch", inspect_places},
};

struct opts {
	int64_t to; /* or -1 */
	bool yes;
};

/* What a command works on. */
struct look {
	struct checkpoint dir;
	struct survey files;
	struct buf out;
	const struct opts *o;
	const char *stage; /* or NULL */
	char *why;
};

static int
refuse(struct look *l, int status, char *why)
{
	l->why = why;
	return status;
}

static int
show_status(struct look *l)
{
	return inspect_status(&l->out, &l->why, &l->dir, &l->files);
}

static int
dump(struct look *l)
{
	const struct commit *m = &l->dir.last;
	const struct survey_file *f;
	char *text;

	if (m->epoch == 0)
		return refuse(l, TOOL_NOSOURCE,
		    mem_printf("%s: nothing is committed", l->dir.path));
	f = survey_find(&l->files, &text, m->epoch, m->generation, l->stage);
	if (f == NULL) {
		refuse(l, TOOL_USAGE, mem_printf("%s: %s", l->dir.path, text));
		free(text);
		return TOOL_USAGE;
	}
	return inspect_dump(&l->out, &l->why, &l->dir, f, kinds,
	    sizeof(kinds) / sizeof(kinds[0]));
}

static int
print(const struct buf *b)
{
	if (io_write(STDOUT_FILENO, b->data, b->len) == 0)
		return TOOL_OK;
	tool_warn("standard output: %s", strerror(errno));
	return TOOL_IO;
}

/* Whether the one at the terminal says so; without one only --yes does. */
static bool
is_wanted(const struct look *l)
{
	char line[16];

	if (l->o->yes)
		return true;
	if (!isatty(STDIN_FILENO))
		tool_die(TOOL_USAGE, "reset: --yes does it");
	fprintf(stderr, "millrace: go back to epoch %jd? [y/N] ",
	    (intmax_t)l->o->to);
	return fgets(line, sizeof(line), stdin) != NULL
	       && (line[0] == 'y' || line[0] == 'Y');
}

static int
check_target(struct look *l)
{
	const struct commit *m = &l->dir.last;
	int64_t to = l->o->to;

	if (to == 0)
		return refuse(l, TOOL_USAGE,
		    mem_printf(
			"%s: remove the directory to begin anew", l->dir.path));
	if (m->epoch > 0 && to == (int64_t)m->epoch)
		return refuse(l, TOOL_USAGE,
		    mem_printf("%s: epoch %jd is the last one already",
			l->dir.path, (intmax_t)to));
	if (m->epoch < 2 || to != (int64_t)m->epoch - 1 || m->before == 0)
		return refuse(l, TOOL_USAGE,
		    mem_printf("%s: no states of a committed epoch %jd are "
			       "kept%s",
			l->dir.path, (intmax_t)to,
			m->epoch < 2 || m->before == 0
			    ? ""
			    : "; only the last two are"));
	return TOOL_OK;
}

static int
check_rest(struct look *l)
{
	const struct survey_file *f = survey_holder(&l->files, NULL);

	if (f == NULL)
		return TOOL_OK;
	return refuse(l, TOOL_TEMP,
	    mem_printf("%s: %s is running, as process %ld; stop the pipeline "
		       "first",
		l->dir.path, f->stage, (long)f->holder));
}

/* The locks are ours from here on: no pipeline can start. */
static int
go_back(struct look *l)
{
	struct checkpoint c;
	struct commit was = l->dir.last;
	int rc;

	checkpoint_init(&c);
	rc = checkpoint_start(&c, &l->why, l->dir.path, true);
	if (rc == 0) {
		free(l->why);
		l->why = NULL;
	}
	if (rc == 0 && c.last.epoch != was.epoch)
		rc = refuse(l, TOOL_TEMP,
		    mem_printf("%s: epoch %ju was committed meanwhile",
			l->dir.path, (uintmax_t)c.last.epoch));
	if (rc == 0)
		rc = commit_back(&c, &l->why);
	checkpoint_release(&c);
	return rc;
}

static int
reset(struct look *l)
{
	int rc = check_rest(l);

	if (rc == TOOL_OK)
		rc = check_target(l);
	if (rc == TOOL_OK)
		rc = inspect_back(&l->out, &l->why, &l->dir, &l->files);
	if (rc != TOOL_OK)
		return rc;
	buf_printf(&l->out,
	    "output of epoch %ju is not withdrawn: what is made again "
	    "comes again\n",
	    (uintmax_t)l->dir.last.epoch);
	rc = print(&l->out);
	buf_reset(&l->out);
	if (rc != TOOL_OK)
		return rc;
	return is_wanted(l) ? go_back(l) : TOOL_NEGATIVE;
}

static const struct command {
	const char *name;
	bool has_stage;
	int (*run)(struct look *l);
} commands[] = {
    {"status", false, show_status},
    {"reset", false, reset},
    {"dump", true, dump},
};

static int
run(const struct command *cmd, const struct opts *o, char *operands[])
{
	struct look l = {.o = o};
	int rc;

	checkpoint_init(&l.dir);
	buf_init(&l.out, 0);
	if (cmd->has_stage)
		l.stage = operands[1];
	rc = checkpoint_look(&l.dir, &l.why, operands[0]);
	if (rc == 0)
		rc = survey_read(&l.files, &l.why, &l.dir);
	if (rc == 0)
		rc = cmd->run(&l);
	if (rc == TOOL_OK)
		rc = print(&l.out);
	else if (l.why != NULL)
		tool_warn("%s", l.why);
	free(l.why);
	survey_release(&l.files);
	buf_release(&l.out);
	checkpoint_release(&l.dir);
	return rc;
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	tool_die(TOOL_USAGE,
	    "what to do with the directory? write millrace status DIR, reset "
	    "DIR --to EPOCH, or dump DIR STAGE");
}

static void
check_options(const struct command *cmd, const struct opts *o, int n)
{
	bool resets = cmd->run == reset;

	if (n != (cmd->has_stage ? 2 : 1))
		tool_die(TOOL_USAGE, "write millrace %s DIR%s", cmd->name,
		    cmd->has_stage ? " STAGE"
		    : resets       ? " --to EPOCH"
				   : "");
	if (!resets && (o->to != -1 || o->yes))
		tool_die(TOOL_USAGE, "--to and --yes go with millrace reset");
	if (resets && o->to == -1)
		tool_die(TOOL_USAGE, "reset: --to which epoch? millrace status "
				     "shows the last one");
}

int
main(int argc, char *argv[])
{
	struct opts o = {.to = -1};
	const struct command *cmd;
	struct tool t;
	const char *arg;
	int ch;

	tool_init(&t, "millrace",
	    "[options] status DIR | reset DIR --to EPOCH | dump DIR STAGE",
	    "Look into the directory of a pipeline that resumes.", options,
	    sizeof(options) / sizeof(options[0]));
	tool_stdout(false);
	while ((ch = tool_next(&t, argc, argv, &arg)) != -1) {
		if (ch == OPT_TO)
			o.to = tool_int("to", arg, 0, INT64_MAX);
		else
			o.yes = true;
	}
	cmd = find_command(optind < argc ? argv[optind] : "");
	check_options(cmd, &o, argc - optind - 1);
	return run(cmd, &o, argv + optind + 1);
}
