/* SPDX-License-Identifier: ISC */
/*
 * sreduce --merge: the aggregates are compiled again, from what HEAD's chain
 * says of sreduce --partial, and get its states in place of rows.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "group/group_int.h"

/* Take a number, a blank and so many bytes from *s; NULL if there are none. */
static char *
take_text(const char **s)
{
	size_t digits = strcspn(*s, " ");
	int64_t len;
	char *text;

	if ((*s)[digits] != ' ' || num_parse_int(&len, *s, digits) == -1
	    || len < 0 || (uint64_t)len > strlen(*s + digits + 1))
		return NULL;
	text = mem_strndup(*s + digits + 1, (size_t)len);
	*s += digits + 1 + (size_t)len;
	return text;
}

/* The columns that --partial read; its -k stands behind them. */
static int
take_columns(struct schema *s, const char *text)
{
	static const char keys[] = "\n-k ";

	while (*text == '\n' && strncmp(text, keys, strlen(keys)) != 0) {
		size_t len = strcspn(++text, " ?");
		struct field *f = NULL;
		bool untyped;
		enum type t;
		char *name;

		if (type_parse(&t, text, len) == -1)
			return -1;
		untyped = text[len] == '?';
		text += len + untyped;
		if (*text++ != ' ')
			return -1;
		name = take_text(&text);
		if (name != NULL)
			f = schema_add(s, name, strlen(name), t);
		free(name);
		if (f == NULL)
			return -1;
		f->untyped = untyped;
	}
	return *text == '\0' || *text == '\n' ? 0 : -1;
}

/* The key columns of states, as an expression list; to be freed. */
static char *
key_list(const struct head *in)
{
	struct buf b;
	char *text;

	buf_init(&b, 0);
	for (size_t i = 0; i < in->schema.n; i++) {
		const struct field *f = &in->schema.fields[i];
		bool state = false;

		for (size_t k = 0; k < in->n_partials; k++)
			state = state || in->partials[k].col == i;
		if (!state && !f->system)
			buf_printf(
			    &b, "%s`%s`", b.len > 0 ? ", " : "", f->name);
	}
	text = mem_strndup(b.len > 0 ? (const char *)b.data : "", b.len);
	buf_release(&b);
	return text;
}

/* Let each state have its column. */
static int
bind(struct stage *st, struct group *g)
{
	const struct head *in = &st->in;
	size_t n = g->query.plan.n_states;

	if (in->n_partials != n)
		return stage_fail(st, TOOL_DATA,
		    "the input has %zu partial states where %zu belong",
		    in->n_partials, n);
	g->loads = mem_resize(NULL, n, sizeof(*g->loads));
	for (size_t i = 0; i < n; i++) {
		const struct head_partial *p = &in->partials[i];
		uint32_t knows = agg_version(g->query.state_fns[i]);

		if (in->schema.fields[p->col].type != TYPE_BIN)
			return stage_fail(st, TOOL_DATA,
			    "the partial states of %s are no bin", p->text);
		if (p->version != knows)
			return stage_fail(st, TOOL_DATA,
			    "the partial states of %s have version %u, and "
			    "this sreduce reads %u; reduce the rows again",
			    p->text, p->version, knows);
		g->loads[i] = p->col;
	}
	g->query.loads = g->loads;
	g->query.plan.loads = true;
	return 0;
}

static int
compile(
    struct stage *st, struct group *g, const struct schema *s, const char *aggs)
{
	struct expr_error err;
	const char *source;
	char *keys = key_list(&st->in);
	int rc = 0;

	if (query_init_keys(&g->query, &err, &source, &st->in.schema, keys)
		== -1
	    || query_init_aggs(&g->query, &err, &source, s, g->in.bounds, aggs)
		   == -1)
		rc = group_fail_expr(st, "--merge: ", &err, source);
	free(keys);
	return rc == -1 ? -1 : bind(st, g);
}

int
group_merge_plan(struct stage *st, struct group *g)
{
	static const char mark[] = "--partial\n";
	const struct head *in = &st->in;
	const char *text = NULL;
	struct schema s;
	char *aggs = NULL;
	int rc;

	for (size_t i = 0; i < in->n_stages; i++)
		if (strncmp(in->stages[i].options, mark, strlen(mark)) == 0)
			text = in->stages[i].options + strlen(mark);
	schema_init(&s);
	if (text != NULL)
		aggs = take_text(&text);
	if (aggs == NULL || take_columns(&s, text) == -1)
		rc = stage_fail(st, TOOL_DATA,
		    "HEAD does not say what the partial states are of");
	else
		rc = compile(st, g, &s, aggs);
	schema_release(&s);
	free(aggs);
	return rc;
}
