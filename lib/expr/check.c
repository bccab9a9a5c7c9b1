/* SPDX-License-Identifier: ISC */
/* Expressions, a tree to a typed program.  millrace-expr(7), TYPES. */
#include <stdio.h>
#include <string.h>

#include "expr/check.h"
#include "expr/eval.h"

/* The aggregates of sreduce(1), to say where they stand. */
static const char *const agg_names[] = {"count", "count_if", "sum", "avg",
    "mean", "min", "max", "first", "last", "any", "any_value", "min_by",
    "max_by", "stddev", "std", "stddev_samp", "stddev_pop", "variance",
    "var_samp", "var_pop", "corr", "covar", "covar_samp", "covar_pop", "median",
    "percentile", "approx_percentile", "p50", "p90", "p95", "p99",
    "approx_count_distinct", "top", "mode", "histogram", "bool_and", "bool_or",
    "string_agg", "funnel"};

/* A failure while a constant is computed belongs to its place. */
static int
fold(struct check *c, struct node *n)
{
	struct expr_env env = {0};
	struct batch b;
	struct expr_error why;
	struct run r = {.env = &env, .err = &why, .b = &b, .u = c->u, .n = 1};
	struct col out;
	int rc = 0;

	batch_init(&b);
	b.n_rows = 1;
	r.a = &b.arena;
	c->u->n_runs++;
	if (eval_node(&r, n, &out) == -1)
		rc = expr_fail(c->err, n->at, n->len, "%s", why.text);
	else
		node_become(c->u, n, &out);
	batch_release(&b);
	return rc;
}

static bool
all_literal(const struct node *n)
{
	for (size_t i = 0; i < n->n_kids; i++) {
		if (n->kids[i]->kind != NODE_LIT)
			return false;
	}
	return true;
}

/* Compute what does not depend on rows. */
static int
simplify(struct check *c, struct node *n)
{
	if (n->fn->flags & FUNC_RUN)
		return 0;
	if (!(n->fn->flags & (FUNC_NULLS | FUNC_LAZY))) {
		for (size_t i = 0; i < n->n_kids; i++) {
			if (n->kids[i]->is_null) {
				n->kind = NODE_LIT;
				n->is_null = true;
				n->n_kids = 0;
				return 0;
			}
		}
	}
	return all_literal(n) ? fold(c, n) : 0;
}

static int
prepare(struct check *c, struct node *n)
{
	int rc;

	if (n->fn->prepare == NULL)
		return 0;
	rc = n->fn->prepare(c->u, n, c->err);
	if (n->aux != NULL) {
		n->next_prepared = c->u->prepared;
		c->u->prepared = n;
	}
	return rc;
}

/* Wrap *n into a conversion to a type. */
int
check_convert(struct check *c, struct node **n, enum type to)
{
	struct node *k = *n, *cast;
	char name[16];

	if (k->type == to)
		return 0;
	if (k->type == 0) {
		if (k->kind == NODE_LIT)
			k->type = to;
		return 0;
	}
	snprintf(name, sizeof(name), "::%s", type_name(to));
	cast =
	    node_call(c->u, arena_dup(&c->u->a, name, sizeof(name)), n, 1, k);
	cast->type = to;
	cast->checked = true;
	cast->fn = resolve_call(c, cast);
	if (cast->fn == NULL)
		return -1;
	*n = cast;
	return simplify(c, cast);
}

/* The one type of all T arguments, or 0 after an error. */
static int
common_type(struct check *c, const struct node *n, enum type *type)
{
	*type = 0;
	for (size_t i = 0; i < n->n_kids; i++) {
		const struct node *k = n->kids[i];

		if (resolve_letter(n->fn, i, n->n_kids) != 'T' || k->type == 0
		    || k->type == *type)
			continue;
		if (*type == 0)
			*type = k->type;
		else if ((k->type == TYPE_INT && *type == TYPE_FLOAT)
			 || (k->type == TYPE_FLOAT && *type == TYPE_INT))
			*type = TYPE_FLOAT;
		else
			return expr_fail(c->err, k->at, k->len,
			    "%s mixes %s and %s; make them one type, as in "
			    "x::%s",
			    n->name, type_name(*type), type_name(k->type),
			    type_name(*type == TYPE_STR ? k->type : *type));
	}
	return 0;
}

/* Convert the arguments to what the row wants and set the result's type. */
static int
apply(struct check *c, struct node *n)
{
	enum type common, want;
	char letter;

	if (common_type(c, n, &common) == -1)
		return -1;
	for (size_t i = 0; i < n->n_kids; i++) {
		letter = resolve_letter(n->fn, i, n->n_kids);
		if (letter == 'a'
		    || (letter == 'n' && n->kids[i]->type == TYPE_INT))
			continue;
		want = letter == 'T' ? common : func_letter(letter);
		if (want != 0 && check_convert(c, &n->kids[i], want) == -1)
			return -1;
	}
	n->type = n->fn->result == 'T' ? common : func_letter(n->fn->result);
	return 0;
}

/* A column whose whole name stands at n, of which n is the beginning only. */
static const char *
find_odd(const struct schema *s, const struct unit *u, const struct node *n)
{
	for (size_t i = 0; i < s->n; i++) {
		const char *name = s->fields[i].name;
		size_t len = strlen(name);

		if (len > n->len && len <= u->len - n->at
		    && memcmp(u->source + n->at, name, len) == 0)
			return name;
	}
	return NULL;
}

static int
check_col(struct check *c, struct node *n)
{
	int i = schema_find(c->s, n->name, strlen(n->name));
	const char *odd;
	struct buf b;

	if (i >= 0) {
		n->col = (size_t)i;
		n->type = c->s->fields[i].type;
		n->untyped = c->s->fields[i].untyped;
		return 0;
	}
	if (c->aggs != NULL && c->s != c->input
	    && schema_find(c->input, n->name, strlen(n->name)) >= 0)
		return expr_fail(c->err, n->at, n->len,
		    "%s is no key: put it inside an aggregate, such as "
		    "last(%s), or among the keys (-k)",
		    n->name, n->name);
	odd = find_odd(c->aggs != NULL ? c->input : c->s, c->u, n);
	if (odd != NULL)
		return expr_fail(c->err, n->at, strlen(odd),
		    "the column %.100s needs backquotes", odd);
	buf_init(&b, sizeof(c->err->text) - 160);
	schema_list(&b, c->aggs != NULL ? c->input : c->s);
	expr_fail(c->err, n->at, n->len, "no column %.100s; %s %.*s%s", n->name,
	    b.len == 0 ? "there are none" : "the columns are", (int)b.len,
	    b.len == 0 ? "" : (const char *)b.data, b.failed ? ", ..." : "");
	buf_release(&b);
	return -1;
}

static int
refuse_unknown(struct check *c, const struct node *n)
{
	size_t len = strlen(n->name);

	for (size_t i = 0; i < sizeof(agg_names) / sizeof(agg_names[0]); i++) {
		if (strcmp(n->name, agg_names[i]) == 0 && c->input == c->s)
			return expr_fail(c->err, n->at, n->len,
			    "%s stands inside another aggregate", n->name);
		if (strcmp(n->name, agg_names[i]) == 0 && c->input != NULL)
			break;
		if (strcmp(n->name, agg_names[i]) == 0)
			return expr_fail(c->err, n->at, len,
			    "%s is an aggregate: it stands in sreduce",
			    n->name);
	}
	return expr_fail(c->err, n->at, len < n->len ? len : n->len,
	    "no function %.100s; millrace-expr(7) lists them%s", n->name,
	    c->aggs == NULL || c->s == c->input
		? ""
		: ", and sreduce(1) the aggregates");
}

/* What only aggregates take. */
static int
check_plain(struct check *c, const struct node *n)
{
	if (n->star)
		return expr_fail(c->err, n->at, n->len,
		    "%s(*): only count takes a star", n->name);
	if (n->distinct || n->filter != NULL)
		return expr_fail(c->err, n->at, n->len,
		    "%s is no aggregate: it takes no %s", n->name,
		    n->distinct ? "distinct" : "filter");
	return 0;
}

static int
check_kids(struct check *c, struct node *n)
{
	for (size_t i = 0; i < n->n_kids; i++) {
		if (check_node(c, n->kids[i]) == -1)
			return -1;
		if (n->kids[i]->untyped)
			n->untyped = true;
	}
	return 0;
}

/* x::type where x has the type: only the name of text stays behind. */
static bool
is_idle_cast(const struct node *n)
{
	const struct node *k;

	if (n->name[0] != ':')
		return false;
	k = n->kids[0];
	return k->type == 0 || strcmp(type_name(k->type), n->name + 2) == 0;
}

/* n stands for its first kid, which is a copy of no other node's. */
static void
replace_by_kid(struct node *n)
{
	size_t at = n->at, len = n->len;

	*n = *n->kids[0];
	n->at = at;
	n->len = len;
}

static int
check_cast(struct check *c, struct node *n)
{
	enum type to = 0;

	if (!is_idle_cast(n))
		return 0;
	if (type_parse(&to, n->name + 2, strlen(n->name + 2)) == -1)
		return expr_fail(c->err, n->at, n->len, "no such type");
	replace_by_kid(n);
	n->type = to;
	n->untyped = false;
	return 1;
}

/* A text that every row would convert to null is a slip of the pen. */
static int
simplify_cast(struct check *c, struct node *n)
{
	const struct node *k = n->kids[0];
	bool text = n->name[0] == ':' && !n->quiet && k->kind == NODE_LIT
		    && !k->is_null && k->type == TYPE_STR;

	if (simplify(c, n) == -1)
		return -1;
	if (text && n->is_null)
		return expr_fail(c->err, n->at, n->len, "this text is no %s",
		    type_name(n->type));
	return 0;
}

static int
check_call(struct check *c, struct node *n)
{
	int rc;

	if (c->aggs != NULL && c->aggs->is_agg(n->name))
		return call_check(c, n);
	if (func_find(n->name) == NULL)
		return refuse_unknown(c, n);
	if (check_plain(c, n) == -1 || check_kids(c, n) == -1)
		return -1;
	rc = check_cast(c, n);
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	n->fn = resolve_call(c, n);
	if (n->fn == NULL || apply(c, n) == -1)
		return -1;
	if (n->type == 0) {
		n->kind = NODE_LIT;
		n->is_null = true;
		return 0;
	}
	n->quiet |= (n->fn->flags & FUNC_TRY) != 0;
	n->untyped = n->type == TYPE_STR
		     && ((n->untyped && n->name[0] != ':')
			 || n->fn->flags & FUNC_UNTYPED);
	if (prepare(c, n) == -1)
		return -1;
	return n->n_kids == 1 ? simplify_cast(c, n) : simplify(c, n);
}

/* A bare word may be an aggregate. */
static bool
is_bare_agg(const struct check *c, struct node *n)
{
	return c->aggs != NULL && n->kind == NODE_COL && n->bare
	       && schema_find(c->s, n->name, strlen(n->name)) < 0
	       && c->aggs->is_agg(n->name);
}

int
check_node(struct check *c, struct node *n)
{
	int rc = 0;

	if (n->checked)
		return 0;
	n->checked = true;
	switch (n->kind) {
	case NODE_LIT:
		break;
	case NODE_COL:
		rc = is_bare_agg(c, n) ? call_check(c, n) : check_col(c, n);
		break;
	case NODE_ONCE:
		rc = check_node(c, n->kids[0]);
		n->type = n->kids[0]->type;
		n->untyped = n->kids[0]->untyped;
		if (n->kids[0]->kind == NODE_LIT)
			replace_by_kid(n);
		break;
	case NODE_CALL:
		rc = check_call(c, n);
		break;
	}
	return rc;
}
