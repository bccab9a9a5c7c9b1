/* SPDX-License-Identifier: ISC */
/* The text that a command gives back as rows. */
#include <stdlib.h>
#include <string.h>

#include "step/chain.h"
#include "step/command_int.h"

#define PIECE_BYTES (1u << 20)

int
command_begin(struct command *c)
{
	struct text_opts o = {.format = c->format,
	    .columns = c->columns,
	    .time = c->step->opts.time,
	    .delim = -1,
	    .no_header = c->no_header,
	    .max_field = TEXT_MAX_FIELD};
	char *why = NULL;

	text_free(c->text);
	c->text = text_new(&o, &why);
	if (c->text == NULL) {
		step_fail(c->step, TOOL_BUG, "%s", why);
		free(why);
		return -1;
	}
	text_open(c->text);
	c->headed = false;
	return 0;
}

static bool
on_bad(void *arg, const struct text_bad *bad)
{
	struct command *c = arg;

	free(c->bad);
	c->bad =
	    bad->column == 0
		? mem_printf("line %ju: %s", (uintmax_t)bad->line, bad->why)
		: mem_printf("line %ju:%zu: %s", (uintmax_t)bad->line,
		    bad->column, bad->why);
	return false;
}

/* Forget output that has been parsed. */
static void
drop_parsed(struct command *c)
{
	size_t left = c->out.len - c->at;

	if (c->at < PIECE_BYTES && left > 0)
		return;
	memmove(c->out.data, c->out.data + c->at, left);
	c->out.len = left;
	c->at = 0;
}

static int
fail_text(struct command *c)
{
	return step_fail(c->step, TOOL_DATA, "%s: its output: %s",
	    command_name(c), c->bad != NULL ? c->bad : text_error(c->text));
}

/* The header of its output.  1 when it is known, 0 to wait, -1. */
static int
take_header(struct command *c, bool all)
{
	size_t used;
	int rc;

	if (c->headed)
		return 1;
	if (c->out.len == 0)
		return 0;
	rc = text_header(
	    c->text, &used, (const char *)c->out.data, c->out.len, all);
	if (rc == -1)
		return fail_text(c);
	if (rc == 1) {
		c->at = used;
		c->headed = true;
	}
	return rc;
}

int
command_rows(struct command *c, const struct batch **b, bool all)
{
	struct text_goal goal = {.max_rows = FRAME_MAX_ROWS,
	    .max_bytes = PIECE_BYTES,
	    .bad = on_bad,
	    .arg = c,
	    .eager = true};
	int rc = take_header(c, all);

	build_reset(&c->rows);
	*b = &c->view;
	if (rc == 1
	    && text_parse(c->text, &c->rows, &goal,
		   (const char *)c->out.data + c->at, c->out.len - c->at, all)
		   == -1)
		return fail_text(c);
	build_view(&c->view, &c->rows);
	if (rc != 1)
		return rc;
	c->at += goal.used;
	drop_parsed(c);
	return c->rows.n_rows > 0;
}

int
command_take_lines(struct command *c, const struct batch **b, uint32_t n)
{
	struct text_goal goal = {.max_rows = FRAME_MAX_ROWS,
	    .max_bytes = SIZE_MAX,
	    .bad = on_bad,
	    .arg = c,
	    .eager = true};
	int rc = take_header(c, true);

	build_reset(&c->rows);
	*b = &c->view;
	if (rc == -1
	    || text_parse(c->text, &c->rows, &goal,
		   (const char *)c->out.data + c->at, c->out.len - c->at, false)
		   == -1)
		return fail_text(c);
	if (c->rows.n_rows != n || goal.used != c->out.len - c->at)
		return step_fail(c->step, TOOL_DATA,
		    "%s: %u rows went in and %u came back; a line out for each "
		    "line in is wanted",
		    command_name(c), n, c->rows.n_rows);
	c->out.len = c->at = 0;
	c->n_lines = 0;
	build_view(&c->view, &c->rows);
	return 1;
}
