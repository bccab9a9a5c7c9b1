/* SPDX-License-Identifier: ISC */
/* -w: the rows for which a condition is true. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "step/chain.h"
#include "step/prog.h"
#include "tool/redirect.h"

struct where {
	struct step step;
	struct prog prog;
	uint32_t *sel; /* rows that pass */
	size_t cap_sel;
	struct batch out;
};

/*
 * The shell takes "status>=500" apart: the condition ends at the >, and the
 * output goes to a file that is named like the rest.
 */
static int
fail_type(struct step *s, enum type type)
{
	struct expr_error err = {.len = strlen(s->source)};
	char file[TOOL_QUOTE_MAX];

	if (redirect_target(file, s->source))
		return step_fail(s, TOOL_USAGE,
		    "%s alone is no condition: the shell has taken >%s for a "
		    "file to write to; quote it, as in -w '%s >%s', and remove "
		    "the file %s",
		    s->source, file, s->source, file, file);
	snprintf(err.text, sizeof(err.text),
	    "a condition must be bool, this is %s", type_name(type));
	return step_fail_compile(s, &err, s->source);
}

static int
plan(struct step *s, struct schema *schema)
{
	struct where *w = (struct where *)s;
	enum type type;

	if (prog_plan(&w->prog, s, schema, true) == -1)
		return -1;
	type = expr_type(w->prog.list.items.items[0].expr);
	return type == TYPE_BOOL ? 0 : fail_type(s, type);
}

static int
rows(struct step *s, const struct batch *b, bool more)
{
	struct where *w = (struct where *)s;
	const struct batch *in = b;
	struct expr_error err;
	struct col keep;
	uint32_t n;

	if (prog_rows(&w->prog, s, &in) == -1)
		return -1;
	batch_reset(&w->out, 0);
	if (expr_eval(w->prog.list.items.items[0].expr, &keep, &err,
		&w->out.arena, &s->chain->env, in)
	    == -1)
		return step_fail_run(s, &err, b);
	w->sel = mem_grow(w->sel, &w->cap_sel, keep.n, sizeof(*w->sel));
	n = expr_select(w->sel, &keep);
	if (n == b->n_rows)
		return step_pass(s, b, more);
	step_filtered(s, b->n_rows - n);
	batch_gather(&w->out, b, w->sel, n);
	return step_pass(s, &w->out, more);
}

static void
release(struct step *s)
{
	struct where *w = (struct where *)s;

	prog_release(&w->prog);
	free(w->sel);
	batch_release(&w->out);
}

const struct step_kind where_step = {
    .opt = "-w",
    .size = sizeof(struct where),
    .cls = CLASS_FRAME,
    .plan = plan,
    .rows = rows,
    .release = release,
};
