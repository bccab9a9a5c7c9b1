/* SPDX-License-Identifier: ISC */
/* --rename and --drop: other names, fewer columns, the values untouched. */
#include <stdlib.h>
#include <string.h>

#include "data/name.h"
#include "step/chain.h"

/* A name that the option has, and the one that takes its place. */
struct name {
	char *old; /* owned */
	char *new; /* owned; NULL to drop it */
};

struct names {
	struct step step;
	struct name *list;
	size_t n;
	size_t cap;
	size_t *from; /* by column that comes out, the one that came in */
	struct batch out;
};

static int
fail_syntax(struct step *s)
{
	return step_fail(s, TOOL_USAGE, "%s is not %s", s->source,
	    s->kind == &names_rename ? "old=new,..." : "a list of columns");
}

static int
parse(struct names *n)
{
	bool rename = n->step.kind == &names_rename;
	const char *p = n->step.source;

	for (;; p++) {
		struct name *name;

		p += strspn(p, " ");
		n->list =
		    mem_grow(n->list, &n->cap, n->n + 1, sizeof(*n->list));
		name = &n->list[n->n++];
		*name = (struct name){.old = name_take(&p, rename ? "=" : ",")};
		if (name->old == NULL || (rename && *p++ != '='))
			return fail_syntax(&n->step);
		p += strspn(p, " ");
		if (rename && (name->new = name_take(&p, ",")) == NULL)
			return fail_syntax(&n->step);
		p += strspn(p, " ");
		if (*p == '\0')
			return 0;
		if (*p != ',')
			return fail_syntax(&n->step);
	}
}

/* Each name is a column, once, and none of the system. */
static int
check(struct names *n, const struct schema *schema)
{
	for (size_t i = 0; i < n->n; i++) {
		const char *old = n->list[i].old;
		int col = schema_find(schema, old, strlen(old));

		if (col == -1)
			return step_fail_column(
			    &n->step, schema, old, strlen(old));
		if (schema->fields[col].system)
			return step_fail(&n->step, TOOL_USAGE,
			    "%s is a column of the system, which stays", old);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(n->list[j].old, old) == 0)
				return step_fail(&n->step, TOOL_USAGE,
				    "%s stands there twice", old);
		}
	}
	return 0;
}

static const struct name *
find(const struct names *n, const char *old)
{
	for (size_t i = 0; i < n->n; i++) {
		if (strcmp(n->list[i].old, old) == 0)
			return &n->list[i];
	}
	return NULL;
}

static int
plan(struct step *s, struct schema *schema)
{
	struct names *n = (struct names *)s;
	struct schema to;
	int rc = 0;

	if (parse(n) == -1 || check(n, schema) == -1)
		return -1;
	schema_init(&to);
	n->from = mem_zero(schema->n, sizeof(*n->from));
	for (size_t i = 0; i < schema->n && rc == 0; i++) {
		const char *name = schema->fields[i].name;
		const struct name *other = find(n, name);

		if (other != NULL && other->new == NULL)
			continue;
		n->from[to.n] = i;
		rc = step_copy_field(
		    s, &to, schema, i, other == NULL ? name : other->new);
	}
	if (rc == 0)
		rc = step_rekey(s, &to, n->from);
	if (rc == -1) {
		schema_release(&to);
		return -1;
	}
	batch_reset(&n->out, to.n);
	schema_release(schema);
	*schema = to;
	return 0;
}

static int
rows(struct step *s, const struct batch *b, bool more)
{
	struct names *n = (struct names *)s;

	for (size_t i = 0; i < n->out.n_cols; i++)
		n->out.cols[i] = b->cols[n->from[i]];
	n->out.n_rows = b->n_rows;
	return step_pass(s, &n->out, more);
}

static void
release(struct step *s)
{
	struct names *n = (struct names *)s;

	for (size_t i = 0; i < n->n; i++) {
		free(n->list[i].old);
		free(n->list[i].new);
	}
	free(n->list);
	free(n->from);
	batch_release(&n->out);
}

const struct step_kind names_rename = {
    .opt = "--rename",
    .size = sizeof(struct names),
    .cls = CLASS_FRAME,
    .rebuilds = true,
    .any_mode = true,
    .key_mend = "keep that column",
    .plan = plan,
    .rows = rows,
    .release = release,
};

const struct step_kind names_drop = {
    .opt = "--drop",
    .size = sizeof(struct names),
    .cls = CLASS_FRAME,
    .rebuilds = true,
    .any_mode = true,
    .key_mend = "keep that column",
    .plan = plan,
    .rows = rows,
    .release = release,
};
