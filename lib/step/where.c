/* SPDX-License-Identifier: ISC */
/* -w: the rows for which a condition is true. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "step/chain.h"
#include "step/prog.h"
#include "tool/redirect.h"
#include "wire/mode.h"

struct where {
	struct step step;
	struct prog prog;
	uint32_t *sel; /* rows that pass */
	size_t cap_sel;
	struct batch out;
	/* Upsert only. */
	int op; /* the column op, or -1 */
	bool *stays; /* by column: it is a key, or of the system */
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

/* Which columns of a delete mean something. */
static void
learn_keys(struct where *w, const struct schema *schema)
{
	const struct head *h = &w->step.chain->st->out;
	uint32_t *keys;
	size_t n;

	w->op = h->mode == MODE_UPSERT ? mode_op_col(schema) : -1;
	if (w->op == -1)
		return;
	w->stays = mem_zero(schema->n, sizeof(*w->stays));
	for (size_t i = 0; i < schema->n; i++)
		w->stays[i] = schema->fields[i].system;
	keys = mode_keys(&n, h);
	for (size_t i = 0; i < n; i++)
		w->stays[keys[i]] = true;
	free(keys);
}

static int
plan(struct step *s, struct schema *schema)
{
	struct where *w = (struct where *)s;
	enum type type;

	learn_keys(w, schema);

	if (prog_plan(&w->prog, s, schema, true) == -1)
		return -1;
	type = expr_type(w->prog.list.items.items[0].expr);
	return type == TYPE_BOOL ? 0 : fail_type(s, type);
}

/* c without the rows of gone. */
static void
blank(struct col *c, struct arena *a, const uint8_t *gone)
{
	size_t len = bit_bytes(c->n);
	uint8_t *valid = arena_alloc(a, len + 1);

	for (size_t i = 0; i < len; i++)
		valid[i] = (uint8_t)((c->valid == NULL ? 0xff : c->valid[i])
				     & ~gone[i]);
	c->valid = valid;
}

/*
 * Of rows that replace others none may end here: a put of a row that does not
 * pass deletes the one that did, if there was one, which nobody here knows.
 */
static int
delete_rows(struct where *w, const struct batch *b, uint32_t n, bool more)
{
	struct arena *a = &w->out.arena;
	uint8_t *gone = arena_alloc(a, bit_bytes(b->n_rows) + 1);
	int64_t *ops = arena_alloc(a, b->n_rows * sizeof(*ops) + 1);
	const struct col *op = &b->cols[w->op];
	struct batch out = {.n_cols = b->n_cols, .n_rows = b->n_rows};

	memset(gone, 0xff, bit_bytes(b->n_rows));
	for (uint32_t r = 0; r < b->n_rows; r++)
		ops[r] = MODE_DELETE;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t r = w->sel[i];

		gone[r >> 3] &= (uint8_t) ~(1u << (r & 7));
		ops[r] = op->i[col_entry(op, r)];
	}
	out.cols = arena_dup(a, b->cols, b->n_cols * sizeof(*b->cols));
	for (size_t i = 0; i < b->n_cols; i++)
		if (!w->stays[i])
			blank(&out.cols[i], a, gone);
	out.cols[w->op] = (struct col){.type = TYPE_INT,
	    .enc = COL_PLAIN,
	    .n = b->n_rows,
	    .n_entries = b->n_rows,
	    .i = ops};
	return step_pass(&w->step, &out, more);
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
	if (w->op != -1)
		return delete_rows(w, b, n, more);
	step_filtered(s, b->n_rows - n);
	batch_gather(&w->out, b, w->sel, n);
	return step_pass(s, &w->out, more);
}

static void
save(const struct step *s, struct buf *out)
{
	prog_save(&((const struct where *)s)->prog, out);
}

static int
load(struct step *s, struct cur *in)
{
	return prog_load(&((struct where *)s)->prog, in);
}

static void
release(struct step *s)
{
	struct where *w = (struct where *)s;

	prog_release(&w->prog);
	free(w->sel);
	free(w->stays);
	batch_release(&w->out);
}

const struct step_kind where_step = {
    .opt = "-w",
    .size = sizeof(struct where),
    .cls = CLASS_FRAME,
    .any_mode = true,
    .plan = plan,
    .rows = rows,
    .release = release,
    .save = save,
    .load = load,
};
