/* SPDX-License-Identifier: ISC */
/* -x: a batch, or a frame, through a command; -X: row by row through one. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "step/chain.h"
#include "step/command.h"

struct pipe_step {
	struct step step;
	struct command *command;
	struct schema schema; /* what comes out */
	size_t *system; /* -X: columns of the system, which pass by */
	size_t n_system;
	struct batch out;
};

static int
need_command(struct step *s)
{
	if (s->opts.argv != NULL)
		return 0;
	return step_fail(s, TOOL_USAGE,
	    "which command? write it behind --, as in smap %s -- grep x",
	    s->kind->opt);
}

static int
take_schema(struct pipe_step *p, struct schema *schema)
{
	struct schema to;

	schema_copy(&to, command_schema(p->command));
	for (size_t i = 0; i < p->n_system; i++) {
		if (step_copy_field(&p->step, &to, schema, p->system[i],
			schema->fields[p->system[i]].name)
		    == -1) {
			schema_release(&to);
			return -1;
		}
	}
	schema_copy(&p->schema, &to);
	schema_release(schema);
	*schema = to;
	return 0;
}

static int
plan_x(struct step *s, struct schema *schema)
{
	struct pipe_step *p = (struct pipe_step *)s;

	if (need_command(s) == -1)
		return -1;
	if (s->chain->st->in.window.kind != WINDOW_NONE)
		return step_fail(s, TOOL_DATA,
		    "a command cannot say which row is of which window; put it "
		    "before swindow, or behind sreduce");
	p->command = command_new(s, schema, true);
	if (p->command == NULL)
		return -1;
	if (s->opts.by_frame) {
		s->cls = CLASS_FRAME;
		s->holds = false;
	} else {
		s->chain->partless = true;
	}
	return take_schema(p, schema);
}

/* Pass on what the command has answered so far. */
static int
pass_output(struct step *s, bool all)
{
	struct pipe_step *p = (struct pipe_step *)s;
	const struct batch *b;
	int rc;

	while ((rc = command_rows(p->command, &b, all)) == 1) {
		if (step_pass(s, b, true) == -1)
			return -1;
	}
	return rc;
}

static int
on_output(struct step *s)
{
	return pass_output(s, false);
}

/* No more rows: the rest of the answer, and how the command ended. */
static int
finish_x(struct step *s)
{
	struct pipe_step *p = (struct pipe_step *)s;
	const struct batch *b;
	int rc;

	if (!command_runs(p->command) && command_start(p->command) == -1)
		return -1;
	command_on_output(p->command, on_output);
	if (command_close(p->command) == -1)
		return -1;
	do
		rc = command_read(p->command, -1);
	while (rc > 0);
	if (rc == -1 || command_wait(p->command) == -1
	    || pass_output(s, true) == -1)
		return -1;
	/* Now the watermark may rise. */
	return command_rows(p->command, &b, true) == -1
		   ? -1
		   : step_pass(s, b, false);
}

static int
rows_x(struct step *s, const struct batch *b, bool more)
{
	struct pipe_step *p = (struct pipe_step *)s;

	if (b->n_rows > 0) {
		if (!command_runs(p->command)
		    && command_start(p->command) == -1)
			return -1;
		command_on_output(p->command, on_output);
		if (command_write(p->command, b) == -1)
			return -1;
	}
	return s->holds || more ? 0 : finish_x(s);
}

/* Pass on no rows. */
static int
pass_none(struct step *s, bool more)
{
	struct pipe_step *p = (struct pipe_step *)s;
	struct build none;
	int rc;

	build_init(&none, &p->schema);
	build_view(&p->out, &none);
	rc = step_pass(s, &p->out, more);
	build_release(&none);
	return rc;
}

static int
end_x(struct step *s)
{
	if (!s->holds)
		return 0;
	return s->chain->again ? pass_none(s, false) : finish_x(s);
}

static int
plan_lines(struct step *s, struct schema *schema)
{
	struct pipe_step *p = (struct pipe_step *)s;

	if (need_command(s) == -1)
		return -1;
	p->command = command_new(s, schema, false);
	if (p->command == NULL)
		return -1;
	p->system = mem_zero(schema->n, sizeof(*p->system));
	for (size_t i = 0; i < schema->n; i++) {
		if (schema->fields[i].system)
			p->system[p->n_system++] = i;
	}
	return take_schema(p, schema);
}

/* Wait until the command has answered n rows by as many lines. */
static int
wait_for_lines(struct step *s, uint32_t n)
{
	struct pipe_step *p = (struct pipe_step *)s;
	int timeout_ms = (int)(s->opts.timeout_us / 1000);
	int rc = 1;

	while (rc == 1 && command_lines(p->command) < n)
		rc = command_read(p->command, timeout_ms);
	if (rc == 2)
		return step_fail(s, TOOL_IO,
		    "%s: %u rows went in, %ju came back, and then nothing for "
		    "%gs; it must answer each line at once: sed -u, grep "
		    "--line-buffered, jq --unbuffered, mawk -W interactive, or "
		    "stdbuf -oL",
		    s->opts.argv[0], n, (uintmax_t)command_lines(p->command),
		    (double)s->opts.timeout_us / (double)TIME_US);
	if (rc == 0 && command_wait(p->command) == 0)
		return step_fail(s, TOOL_IO,
		    "%s: it ended when %u rows had gone in and %ju come back",
		    s->opts.argv[0], n, (uintmax_t)command_lines(p->command));
	return rc == 1 ? 0 : -1;
}

static int
rows_lines(struct step *s, const struct batch *b, bool more)
{
	struct pipe_step *p = (struct pipe_step *)s;
	const struct batch *back;

	if (b->n_rows == 0)
		return pass_none(s, more);
	if (!command_runs(p->command) && command_start(p->command) == -1)
		return -1;
	if (command_write(p->command, b) == -1
	    || wait_for_lines(s, b->n_rows) == -1
	    || command_take_lines(p->command, &back, b->n_rows) == -1)
		return -1;
	batch_reset(&p->out, back->n_cols + p->n_system);
	memcpy(p->out.cols, back->cols, back->n_cols * sizeof(*back->cols));
	for (size_t i = 0; i < p->n_system; i++)
		p->out.cols[back->n_cols + i] = b->cols[p->system[i]];
	p->out.n_rows = b->n_rows;
	return step_pass(s, &p->out, more);
}

static int
finish_lines(struct step *s)
{
	struct pipe_step *p = (struct pipe_step *)s;
	int rc;

	if (!command_runs(p->command))
		return 0;
	if (command_close(p->command) == -1)
		return -1;
	do
		rc = command_read(p->command, -1);
	while (rc > 0);
	if (rc == -1 || command_wait(p->command) == -1)
		return -1;
	if (command_lines(p->command) > 0)
		return step_fail(s, TOOL_DATA,
		    "%s: it wrote more lines than it read", s->opts.argv[0]);
	return 0;
}

static void
release(struct step *s)
{
	struct pipe_step *p = (struct pipe_step *)s;

	command_free(p->command);
	schema_release(&p->schema);
	free(p->system);
	batch_release(&p->out);
}

const struct step_kind pipe_batch = {
    .opt = "-x",
    .size = sizeof(struct pipe_step),
    .cls = CLASS_BATCH,
    .rebuilds = true,
    .holds = true,
    .multiplies = true,
    .plan = plan_x,
    .rows = rows_x,
    .end = end_x,
    .release = release,
    .no_resume =
	"-x runs once a batch, and the stream is one batch: its command "
	"cannot be stopped in the middle; write sbatch -i or --batch-rows",
};

const struct step_kind pipe_lines = {
    .opt = "-X",
    .size = sizeof(struct pipe_step),
    .cls = CLASS_STATEFUL,
    .rebuilds = true,
    .plan = plan_lines,
    .rows = rows_lines,
    .finish = finish_lines,
    .release = release,
    .no_resume = "-X keeps one command running, whose state nobody can "
		 "save; write -x, which runs it once a batch",
};
