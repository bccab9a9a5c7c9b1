/* SPDX-License-Identifier: ISC */
/* The keys that a file lists.  sreduce(1), --fill. */
#include "group/roster.h"

#include <stdlib.h>

#include "group/group_int.h"
#include "join/tablefile.h"

/* The column of t that lists key i, as an expression of the key's type. */
static struct expr *
compile_key(struct stage *st, const struct group *g, size_t i,
    const struct tablefile *t, const char *operand)
{
	const struct field *key = &g->query.key_schema.fields[i];
	bool only = t->schema.n == 1 && g->query.keys.n == 1;
	char *text =
	    mem_printf("`%s`", only ? t->schema.fields[0].name : key->name);
	struct expr_error err;
	struct expr *e = NULL;

	if (expr_compile(&e, &err, &t->schema, text) == -1) {
		stage_fail(st, TOOL_USAGE,
		    "--fill: %s has no column %s, which is a key", operand,
		    key->name);
	} else if (expr_convert(e, &err, key->type) == -1) {
		stage_fail(st, TOOL_USAGE, "--fill: %s: %s: %s", operand,
		    key->name, err.text);
		expr_free(e);
		e = NULL;
	}
	free(text);
	return e;
}

/* Column i of the keys, for all rows of b. */
static int
eval_key(struct stage *st, const struct group *g, size_t i,
    const struct tablefile *t, const char *operand, struct col *out,
    struct batch *b)
{
	struct expr *e = compile_key(st, g, i, t, operand);
	struct expr_env env = {.batch_us = 0};
	struct expr_error err;
	int rc;

	if (e == NULL)
		return -1;
	rc = expr_eval(e, out, &err, &b->arena, &env, b);
	if (rc == -1)
		stage_fail(st, TOOL_DATA, "--fill: %s: %s", operand, err.text);
	else if (env.n_unparsed > 0)
		rc = stage_fail(st, TOOL_DATA,
		    "--fill: %s: %ju cells of %s do not read as %s", operand,
		    (uintmax_t)env.n_unparsed,
		    g->query.key_schema.fields[i].name, type_name(out->type));
	else
		/* It may borrow from the expression. */
		col_flatten(out, &b->arena, out);
	expr_free(e);
	return rc;
}

static int
add_keys(struct keys *k, struct stage *st, const struct group *g,
    const struct tablefile *t, const char *operand)
{
	struct keys_rows rows;
	struct batch b;
	struct col *cols;
	uint32_t *group;
	int rc = 0;

	batch_init(&b);
	build_view(&b, &t->rows);
	cols = arena_alloc(&b.arena, k->n_cols * sizeof(*cols));
	for (size_t i = 0; i < k->n_cols && rc == 0; i++)
		rc = eval_key(st, g, i, t, operand, &cols[i], &b);
	if (rc == 0) {
		group = arena_alloc(&b.arena, b.n_rows * sizeof(*group));
		keys_prepare(&rows, cols, k->n_cols, b.n_rows, &b.arena);
		rows.order = 0;
		keys_find(k, group, &rows, NULL, b.n_rows);
	}
	batch_release(&b);
	return rc;
}

int
roster_read(struct keys *k, struct stage *st, const struct group *g,
    const char *operand)
{
	struct text_opts o = {.delim = -1, .max_field = TEXT_MAX_FIELD};
	struct tablefile t = {.why = NULL};
	int rc;

	rc = tablefile_read(&t, operand, &o);
	if (st->tool->verbose >= 0)
		tool_notes(&t.notes);
	if (rc == -1)
		stage_fail(st, t.status, "--fill: %s", t.why);
	else if (t.rows.n_rows > COL_MAX_ROWS)
		rc = stage_fail(st, TOOL_DATA,
		    "--fill: %s lists more than %u keys", operand,
		    COL_MAX_ROWS);
	else
		rc = add_keys(k, st, g, &t, operand);
	tablefile_release(&t);
	return rc;
}
