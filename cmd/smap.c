/* SPDX-License-Identifier: ISC */
/* smap: choose rows and compute columns, frame by frame.  smap(1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "expr/expr.h"
#include "tool/stage.h"
#include "tool/tool.h"

/* An answer above this goes out in several frames. */
#define ANSWER_BYTES (32u << 20)

static const struct tool_opt options[] = {
    {'w', "where", "PRED", "pass the rows for which PRED is true"},
    {'s', "select", "LIST", "make LIST the columns"},
    {'a', "add", "LIST", "add or replace columns"},
};

static const struct tool_hint hints[] = {
    {"e", "write -w for a condition, -s or -a for columns"},
    {"f", "write -w for a condition; formats belong to sbatch and ssink"},
    {"n", "write -w for a condition"},
    {"filter", "write -w or --where"},
    {"columns", "write -s or --select"},
    {NULL, NULL},
};

enum kind { WHERE, SELECT, ADD };

/* One column that a step makes: a program, or a column passed on. */
struct target {
	struct expr *expr; /* borrowed from the step's list; or NULL */
	size_t from;
};

/* One option, in the order typed. */
struct step {
	enum kind kind;
	const char *source; /* borrowed from argv */
	struct expr *where;
	uint32_t *sel; /* rows that pass */
	size_t cap_sel;
	struct expr_list list;
	struct target *targets; /* of SELECT and ADD */
	size_t n_targets;
	struct batch out;
};

struct smap {
	struct step *steps;
	size_t n;
	size_t cap;
	struct buf text; /* the options, for HEAD */
};

static char
letter(const struct step *s)
{
	return s->kind == WHERE ? 'w' : s->kind == SELECT ? 's' : 'a';
}

static int
fail(struct stage *st, int status, const struct step *s,
    const struct expr_error *err)
{
	struct buf b;
	size_t len;

	buf_init(&b, 0);
	expr_error_print(&b, err, s->source);
	len = b.len > 0 ? b.len - 1 : 0;
	stage_fail(
	    st, status, "-%c: %.*s", letter(s), (int)len, (const char *)b.data);
	buf_release(&b);
	return -1;
}

static int
compile_where(struct stage *st, struct step *s, const struct schema *schema)
{
	struct expr_error err;

	if (expr_compile(&s->where, &err, schema, s->source) == -1)
		return fail(st, TOOL_USAGE, s, &err);
	if (expr_type(s->where) == TYPE_BOOL)
		return 0;
	err = (struct expr_error){.len = strlen(s->source)};
	snprintf(err.text, sizeof(err.text),
	    "a condition must be bool, this is %s",
	    type_name(expr_type(s->where)));
	return fail(st, TOOL_USAGE, s, &err);
}

static void
add_target(struct step *s, struct expr *e, size_t from)
{
	s->targets =
	    mem_resize(s->targets, s->n_targets + 1, sizeof(*s->targets));
	s->targets[s->n_targets++] = (struct target){.expr = e, .from = from};
}

/* Pass column i of from on under its name.  0 or -1. */
static int
pass_column(
    struct step *s, struct schema *to, const struct schema *from, size_t i)
{
	const struct field *f = &from->fields[i];
	struct field *new = schema_add(to, f->name, strlen(f->name), f->type);

	if (new == NULL)
		return -1;
	new->system = f->system;
	new->untyped = f->untyped;
	if (from->time_col == (int)i && to->time_col == -1) {
		to->time_col = (int)to->n - 1;
		to->time_off = from->time_off;
	}
	add_target(s, NULL, i);
	return 0;
}

/* Add the column of an item.  0 or -1: the name is taken. */
static int
make_column(struct step *s, struct schema *to, const struct schema *from,
    const struct expr_item *item)
{
	int col = expr_is_column(item->expr);
	struct field *new = schema_add(
	    to, item->name, strlen(item->name), expr_type(item->expr));

	if (new == NULL)
		return -1;
	new->untyped = expr_is_untyped(item->expr);
	if (col >= 0 && col == from->time_col && to->time_col == -1) {
		to->time_col = (int)to->n - 1;
		to->time_off = from->time_off;
	}
	add_target(s, item->expr, 0);
	return 0;
}

static int
name_taken(struct stage *st, const struct step *s, const char *name)
{
	char quoted[TOOL_QUOTE_MAX];

	return stage_fail(st, TOOL_USAGE,
	    "-%c: two columns would be named %s; write \"as\" and another "
	    "name",
	    letter(s), tool_quote(quoted, name, strlen(name)));
}

/* A name of the system is refused before it hides one. */
static int
check_names(struct stage *st, const struct step *s, const struct schema *from)
{
	for (size_t i = 0; i < s->list.n; i++) {
		const struct expr_item *item = &s->list.items[i];
		int col;

		if (item->star && s->kind == ADD)
			return stage_fail(st, TOOL_USAGE,
			    "-a: * stands for the columns that are there; "
			    "write -s");
		if (item->star)
			continue;
		col = schema_find(from, item->name, strlen(item->name));
		if (col >= 0 && from->fields[col].system)
			return stage_fail(st, TOOL_USAGE,
			    "-%c: %s is a name of the system; write \"as\" "
			    "and another name",
			    letter(s), item->name);
	}
	return 0;
}

static int
plan_select(struct stage *st, struct step *s, struct schema *to,
    const struct schema *from)
{
	for (size_t k = 0; k < s->list.n; k++) {
		const struct expr_item *item = &s->list.items[k];

		if (!item->star && make_column(s, to, from, item) == -1)
			return name_taken(st, s, item->name);
		for (size_t i = 0; item->star && i < from->n; i++) {
			if (!from->fields[i].system
			    && pass_column(s, to, from, i) == -1)
				return name_taken(st, s, from->fields[i].name);
		}
	}
	for (size_t i = 0; i < from->n; i++) {
		if (from->fields[i].system && pass_column(s, to, from, i) == -1)
			return name_taken(st, s, from->fields[i].name);
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
plan_add(struct stage *st, struct step *s, struct schema *to,
    const struct schema *from)
{
	const struct expr_item *item;
	int rc = 0;

	for (size_t i = 0; i < from->n && rc == 0; i++) {
		item = find_item(&s->list, from->fields[i].name);
		rc = item == NULL ? pass_column(s, to, from, i)
				  : make_column(s, to, from, item);
	}
	for (size_t k = 0; k < s->list.n && rc == 0; k++) {
		item = &s->list.items[k];
		if (schema_find(from, item->name, strlen(item->name)) < 0)
			rc = make_column(s, to, from, item);
	}
	if (rc == -1)
		return stage_fail(st, TOOL_USAGE, "-a: more than %d columns",
		    SCHEMA_MAX_COLS);
	return 0;
}

/* Compile one step against schema and make that what comes out of it. */
static int
plan(struct stage *st, struct step *s, struct schema *schema)
{
	struct schema to;
	struct expr_error err;
	int rc;

	if (s->kind == WHERE)
		return compile_where(st, s, schema);
	if (expr_compile_list(&s->list, &err, schema, s->source) == -1)
		return fail(st, TOOL_USAGE, s, &err);
	if (check_names(st, s, schema) == -1)
		return -1;
	schema_init(&to);
	rc = s->kind == SELECT ? plan_select(st, s, &to, schema)
			       : plan_add(st, s, &to, schema);
	if (rc == -1) {
		schema_release(&to);
		return -1;
	}
	schema_release(schema);
	*schema = to;
	return 0;
}

static int
on_head(struct stage *st, void *arg)
{
	struct smap *m = arg;

	if (st->in.mode != MODE_APPEND)
		return stage_fail(st, TOOL_DATA,
		    "the rows of the input replace each other; put smap before "
		    "the stage that makes them");
	for (size_t i = 0; i < m->n; i++) {
		const struct step *s = &m->steps[i];

		/* HEAD says which column holds which partial state. */
		if (s->kind != WHERE && st->in.n_partials > 0)
			return stage_fail(st, TOOL_DATA,
			    "-%c would tear partial states from their columns; "
			    "put it behind sreduce --merge",
			    letter(s));
		buf_printf(&m->text, "%s-%c %s", i == 0 ? "" : " ", letter(s),
		    s->source);
		if (plan(st, &m->steps[i], &st->out.schema) == -1)
			return -1;
	}
	buf_putc(&m->text, '\0');
	st->options = (const char *)m->text.data;
	return 0;
}

/* A run-time error.  Rows are counted only while none has been left out. */
static int
run_failed(struct stage *st, const struct step *s, const struct frame *f,
    const struct batch *b, const struct expr_error *err)
{
	if (b->n_rows == f->h.rows)
		return stage_fail(st, TOOL_DATA, "-%c %s: row %llu: %s",
		    letter(s), s->source,
		    (unsigned long long)(st->acct.in - f->h.rows + err->at + 1),
		    err->text);
	return stage_fail(
	    st, TOOL_DATA, "-%c %s: %s", letter(s), s->source, err->text);
}

/* Narrow *b to the rows that pass. */
static int
run_where(struct stage *st, struct step *s, const struct frame *f,
    const struct batch **b, struct expr_env *env)
{
	struct expr_error err;
	struct col keep;
	uint32_t n;

	batch_reset(&s->out, 0);
	if (expr_eval(s->where, &keep, &err, &s->out.arena, env, *b) == -1)
		return run_failed(st, s, f, *b, &err);
	s->sel = mem_grow(s->sel, &s->cap_sel, keep.n, sizeof(*s->sel));
	n = expr_select(s->sel, &keep);
	if (n < (*b)->n_rows) {
		batch_gather(&s->out, *b, s->sel, n);
		*b = &s->out;
	}
	return 0;
}

static int
run_columns(struct stage *st, struct step *s, const struct frame *f,
    const struct batch **b, struct expr_env *env)
{
	struct expr_error err;

	batch_reset(&s->out, s->n_targets);
	for (size_t i = 0; i < s->n_targets; i++) {
		const struct target *t = &s->targets[i];

		if (t->expr == NULL)
			s->out.cols[i] = (*b)->cols[t->from];
		else if (expr_eval(t->expr, &s->out.cols[i], &err,
			     &s->out.arena, env, *b)
			 == -1)
			return run_failed(st, s, f, *b, &err);
	}
	s->out.n_rows = (*b)->n_rows;
	*b = &s->out;
	return 0;
}

/* Bytes of the rows in a frame, about. */
static size_t
frame_bytes(const struct batch *b)
{
	size_t len = 0;

	for (size_t i = 0; i < b->n_cols; i++) {
		const struct col *c = &b->cols[i];

		len += (size_t)c->n_entries * 8 + (size_t)c->n * 4;
		if (type_is_bytes(c->type))
			len += c->off[c->n_entries] - c->off[0];
	}
	return len;
}

/* Answer with rows [from, from + n) of b; more follow, or they are the last. */
static int
answer_part(struct stage *st, const struct batch *b, uint32_t from, uint32_t n,
    uint64_t filtered)
{
	struct batch part = {.n_cols = b->n_cols, .n_rows = n};
	int rc;

	part.cols = mem_zero(b->n_cols + 1, sizeof(*part.cols));
	for (size_t i = 0; i < b->n_cols; i++)
		col_slice(&part.cols[i], &b->cols[i], from, n);
	rc = stage_answer(st, &part, from + n < b->n_rows, filtered, 0);
	free(part.cols);
	return rc;
}

/* Text may have grown beyond what one frame holds. */
static int
answer(struct stage *st, const struct batch *b, uint64_t filtered)
{
	size_t n_parts = frame_bytes(b) / ANSWER_BYTES + 1;
	uint32_t step = (uint32_t)(b->n_rows / n_parts + 7) & ~7u, from = 0;

	if (n_parts == 1)
		return stage_answer(st, b, false, filtered, 0);
	for (; b->n_rows - from > step; from += step) {
		if (answer_part(st, b, from, step, 0) == -1)
			return -1;
	}
	return answer_part(st, b, from, b->n_rows - from, filtered);
}

static int
on_rows(struct stage *st, void *arg, const struct frame *f, struct batch *b)
{
	struct smap *m = arg;
	struct expr_env env = {.batch_us = f->h.batch_us};
	const struct batch *now = b;
	int rc = 0;

	for (size_t i = 0; i < m->n && rc == 0; i++) {
		struct step *s = &m->steps[i];

		rc = s->kind == WHERE ? run_where(st, s, f, &now, &env)
				      : run_columns(st, s, f, &now, &env);
	}
	if (rc == -1)
		return -1;
	st->n_unparsed += env.n_unparsed;
	st->acct.used += now->n_rows;
	st->acct.filtered += f->h.rows - now->n_rows;
	return answer(st, now, f->h.rows - now->n_rows);
}

static void
add_step(struct smap *m, enum kind kind, const char *source)
{
	m->steps = mem_grow(m->steps, &m->cap, m->n + 1, sizeof(*m->steps));
	m->steps[m->n++] = (struct step){.kind = kind, .source = source};
}

static void
release(struct smap *m)
{
	for (size_t i = 0; i < m->n; i++) {
		expr_free(m->steps[i].where);
		free(m->steps[i].sel);
		expr_list_release(&m->steps[i].list);
		free(m->steps[i].targets);
		batch_release(&m->steps[i].out);
	}
	free(m->steps);
	buf_release(&m->text);
}

int
main(int argc, char *argv[])
{
	static const struct stage_ops ops = {
	    .cls = CLASS_FRAME, .head = on_head, .rows = on_rows};
	struct tool t;
	struct stage st = {0};
	struct smap m = {0};
	const char *arg;
	int ch, status;

	tool_init(&t, "smap", "[-w PRED | -s LIST | -a LIST]...",
	    "Choose rows and compute columns; options apply left to right.",
	    options, sizeof(options) / sizeof(options[0]));
	t.hints = hints;
	while ((ch = tool_next(&t, argc, argv, &arg)) != -1)
		add_step(&m, ch == 'w' ? WHERE : ch == 's' ? SELECT : ADD, arg);
	if (optind < argc)
		tool_die(TOOL_USAGE,
		    "smap reads a stream: sbatch %s | smap ...", argv[optind]);
	if (m.n == 0 && !t.schema_only)
		tool_die(TOOL_USAGE, "nothing to do: give -w, -s or -a");
	status = stage_run(&st, &t, &ops, &m);
	release(&m);
	return status;
}
