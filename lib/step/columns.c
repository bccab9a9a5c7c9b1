/* SPDX-License-Identifier: ISC */
/* -s and -a: columns made by expressions. */
#include <stdlib.h>
#include <string.h>

#include "step/chain.h"
#include "step/prog.h"

/* One column that the step makes: a program, or a column passed on. */
struct target {
	struct expr *expr; /* borrowed from the list; or NULL */
	size_t from;
};

struct columns {
	struct step step;
	struct prog prog;
	struct target *targets; /* as many as columns come out */
	size_t n_targets;
	size_t cap_targets;
	struct batch out;
};

static void
add_target(struct columns *c, struct expr *e, size_t from)
{
	c->targets = mem_grow(
	    c->targets, &c->cap_targets, c->n_targets + 1, sizeof(*c->targets));
	c->targets[c->n_targets++] = (struct target){.expr = e, .from = from};
}

/* Pass column i of from on under its name. */
static int
pass_column(
    struct columns *c, struct schema *to, const struct schema *from, size_t i)
{
	add_target(c, NULL, i);
	return step_copy_field(&c->step, to, from, i, from->fields[i].name);
}

/* Add the column of an item. */
static int
make_column(struct columns *c, struct schema *to, const struct schema *from,
    const struct expr_item *item)
{
	int col = expr_is_column(item->expr);

	if (step_add_field(&c->step, to, item->name, expr_type(item->expr),
		expr_is_untyped(item->expr))
	    == -1)
		return -1;
	if (col >= 0 && col == from->time_col && to->time_col == -1) {
		to->time_col = (int)to->n - 1;
		to->time_off = from->time_off;
	}
	add_target(c, item->expr, 0);
	return 0;
}

/* A name of the system is refused before it hides one. */
static int
check_names(struct columns *c, const struct schema *from)
{
	for (size_t i = 0; i < c->prog.list.items.n; i++) {
		const struct expr_item *item = &c->prog.list.items.items[i];
		int col;

		if (item->star && c->step.kind == &columns_add)
			return step_fail(&c->step, TOOL_USAGE,
			    "* stands for the columns that are there; "
			    "write -s");
		if (item->star)
			continue;
		col = schema_find(from, item->name, strlen(item->name));
		if (col >= 0 && from->fields[col].system)
			return step_fail(&c->step, TOOL_USAGE,
			    "%s is a name of the system; write \"as\" and "
			    "another name",
			    item->name);
	}
	return 0;
}

static int
plan_select(struct columns *c, struct schema *to, const struct schema *from)
{
	const struct expr_list *l = &c->prog.list.items;

	for (size_t k = 0; k < l->n; k++) {
		const struct expr_item *item = &l->items[k];

		if (!item->star && make_column(c, to, from, item) == -1)
			return -1;
		for (size_t i = 0; item->star && i < from->n; i++) {
			if (!from->fields[i].system
			    && pass_column(c, to, from, i) == -1)
				return -1;
		}
	}
	for (size_t i = 0; i < from->n; i++) {
		if (from->fields[i].system && pass_column(c, to, from, i) == -1)
			return -1;
	}
	return 0;
}

static const struct expr_item *
find_item(const struct expr_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->items[i].name, name) == 0)
			return &l->items[i];
	}
	return NULL;
}

/* Old columns keep their places, replaced ones too; new ones follow. */
static int
plan_add(struct columns *c, struct schema *to, const struct schema *from)
{
	const struct expr_list *l = &c->prog.list.items;
	const struct expr_item *item;
	int rc = 0;

	for (size_t i = 0; i < from->n && rc == 0; i++) {
		item = find_item(l, from->fields[i].name);
		rc = item == NULL ? pass_column(c, to, from, i)
				  : make_column(c, to, from, item);
	}
	for (size_t k = 0; k < l->n && rc == 0; k++) {
		item = &l->items[k];
		if (schema_find(from, item->name, strlen(item->name)) < 0)
			rc = make_column(c, to, from, item);
	}
	return rc;
}

/* A column that an expression names and nothing more is the same column. */
static int
rekey(struct columns *c, const struct schema *to)
{
	size_t *from = mem_zero(c->n_targets + 1, sizeof(*from));
	int rc;

	for (size_t i = 0; i < c->n_targets; i++) {
		const struct target *t = &c->targets[i];
		int col =
		    t->expr == NULL ? (int)t->from : expr_is_column(t->expr);

		from[i] = col < 0 ? STEP_MADE : (size_t)col;
	}
	rc = step_rekey(&c->step, to, from);
	free(from);
	return rc;
}

static int
plan(struct step *s, struct schema *schema)
{
	struct columns *c = (struct columns *)s;
	struct expr_error err;
	struct schema to;
	int rc;

	if (prog_plan(&c->prog, s, schema, false) == -1
	    || check_names(c, schema) == -1)
		return -1;
	if (s->kind == &columns_select
	    && expr_refuse_assigned(&c->prog.list.items, &err, schema) == -1)
		return step_fail_compile(s, &err, s->source);
	schema_init(&to);
	rc = s->kind == &columns_select ? plan_select(c, &to, schema)
					: plan_add(c, &to, schema);
	if (rc == 0)
		rc = rekey(c, &to);
	if (rc == -1) {
		schema_release(&to);
		return -1;
	}
	schema_release(schema);
	*schema = to;
	return 0;
}

static int
rows(struct step *s, const struct batch *b, bool more)
{
	struct columns *c = (struct columns *)s;
	const struct batch *in = b;
	struct expr_error err;

	if (prog_rows(&c->prog, s, &in) == -1)
		return -1;
	batch_reset(&c->out, c->n_targets);
	for (size_t i = 0; i < c->n_targets; i++) {
		const struct target *t = &c->targets[i];

		if (t->expr == NULL)
			c->out.cols[i] = in->cols[t->from];
		else if (expr_eval(t->expr, &c->out.cols[i], &err,
			     &c->out.arena, &s->chain->env, in)
			 == -1)
			return step_fail_run(s, &err, b);
	}
	c->out.n_rows = b->n_rows;
	return step_pass(s, &c->out, more);
}

static void
save(const struct step *s, struct buf *out)
{
	prog_save(&((const struct columns *)s)->prog, out);
}

static int
load(struct step *s, struct cur *in)
{
	return prog_load(&((struct columns *)s)->prog, in);
}

static void
release(struct step *s)
{
	struct columns *c = (struct columns *)s;

	prog_release(&c->prog);
	free(c->targets);
	batch_release(&c->out);
}

const struct step_kind columns_select = {
    .opt = "-s",
    .size = sizeof(struct columns),
    .other_name = "; write \"as\" and another name",
    .cls = CLASS_FRAME,
    .rebuilds = true,
    .any_mode = true,
    .key_mend = "select that column, too",
    .plan = plan,
    .rows = rows,
    .release = release,
    .save = save,
    .load = load,
};

const struct step_kind columns_add = {
    .opt = "-a",
    .size = sizeof(struct columns),
    .other_name = "; write \"as\" and another name",
    .cls = CLASS_FRAME,
    .rebuilds = true,
    .any_mode = true,
    .key_mend = "give the new column another name",
    .plan = plan,
    .rows = rows,
    .release = release,
    .save = save,
    .load = load,
};
