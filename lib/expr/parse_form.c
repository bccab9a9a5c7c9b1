/* SPDX-License-Identifier: ISC */
/*
 * Expressions, forms with words inside: case, cast, extract, trim, and what
 * stands behind an operand: a cast, a path, a zone.  millrace-expr(7).
 */
#include <stdlib.h>
#include <string.h>

#include "expr/parse.h"

/* The type named by the next token. */
static int
parse_type(struct parse *p, enum type *type)
{
	const struct tok *t = p->t;

	if (t->kind == TOK_WORD && type_parse(type, t->s, t->s_len) == 0
	    && *type != TYPE_BIN) {
		p->t++;
		return 0;
	}
	return parse_fail(p, "a type (bool int float str time dur)");
}

static struct node *
make_cast(struct parse *p, struct node *kid, enum type type, size_t at)
{
	static const char *const names[] = {[TYPE_BOOL] = "::bool",
	    [TYPE_INT] = "::int",
	    [TYPE_FLOAT] = "::float",
	    [TYPE_STR] = "::str",
	    [TYPE_TIME] = "::time",
	    [TYPE_DUR] = "::dur"};

	return parse_call(p, names[type], &kid, 1, at);
}

/* cast(x as type), try_cast(x as type); the bracket is taken. */
static struct node *
parse_cast(struct parse *p, const struct tok *name)
{
	bool quiet = lex_is(p->u, name, "try_cast");
	size_t at = name->at;
	enum type type;
	struct node *n = parse_level(p, 1);

	if (n == NULL || parse_want(p, "as") == -1 || parse_type(p, &type) == -1
	    || parse_want(p, ")") == -1)
		return NULL;
	n = make_cast(p, n, type, at);
	if (n != NULL)
		n->quiet = quiet;
	return n;
}

/* extract(unit from t): date_part. */
static struct node *
parse_extract(struct parse *p, const struct tok *name)
{
	const struct tok *t = p->t;
	struct node *kids[2], *n;

	if (t->kind != TOK_WORD) {
		parse_fail(p, "a unit such as hour");
		return NULL;
	}
	p->t++;
	kids[0] = parse_span(p, node_str(p->u, t->s, t->s_len), t->at);
	if (parse_want(p, "from") == -1)
		return NULL;
	kids[1] = parse_level(p, 1);
	if (kids[1] == NULL || parse_want(p, ")") == -1)
		return NULL;
	n = parse_call(p, "date_part", kids, 2, name->at);
	if (n != NULL)
		n->is_call = true;
	return n;
}

/* trim(both|leading|trailing [characters] from s) */
static struct node *
parse_trim(struct parse *p, const struct tok *name)
{
	const char *const function = parse_at(p, "leading")    ? "ltrim"
				     : parse_at(p, "trailing") ? "rtrim"
							       : "trim";
	struct node *kids[2] = {NULL, NULL}, *n;
	size_t n_kids = 1;

	p->t++;
	if (!parse_at(p, "from")) {
		kids[n_kids++] = parse_level(p, 1);
		if (kids[1] == NULL)
			return NULL;
	}
	if (parse_want(p, "from") == -1)
		return NULL;
	kids[0] = parse_level(p, 1);
	if (kids[0] == NULL || parse_want(p, ")") == -1)
		return NULL;
	n = parse_call(p, function, kids, n_kids, name->at);
	if (n != NULL)
		n->is_call = true;
	return n;
}

static bool
at_side(const struct parse *p)
{
	return (parse_at(p, "both") || parse_at(p, "leading")
		   || parse_at(p, "trailing"))
	       && !lex_is(p->u, p->t + 1, ",") && !lex_is(p->u, p->t + 1, ")");
}

bool
parse_form(struct node **out, struct parse *p, const struct tok *name)
{
	p->t++;
	if (lex_is(p->u, name, "cast") || lex_is(p->u, name, "try_cast"))
		*out = parse_cast(p, name);
	else if (lex_is(p->u, name, "extract"))
		*out = parse_extract(p, name);
	else if (lex_is(p->u, name, "trim") && at_side(p))
		*out = parse_trim(p, name);
	else {
		p->t--;
		return false;
	}
	return true;
}

/* The branches of a case; subject is NULL in the form "case when". */
static int
parse_branches(
    struct parse *p, struct node ***kids, size_t *n_kids, struct node *subject)
{
	size_t cap = 0;
	struct node *cond, *pair[2];

	while (parse_take(p, "when")) {
		cond = parse_level(p, 1);
		if (cond == NULL || parse_want(p, "then") == -1)
			return -1;
		if (subject != NULL) {
			pair[0] = subject;
			pair[1] = cond;
			cond = node_call(p->u, "=", pair, 2, cond);
		}
		*kids =
		    mem_grow(*kids, &cap, *n_kids + 3, sizeof(struct node *));
		(*kids)[(*n_kids)++] = cond;
		cond = parse_level(p, 1);
		if (cond == NULL)
			return -1;
		(*kids)[(*n_kids)++] = cond;
	}
	if (*n_kids == 0)
		return parse_fail(p, "when");
	return 0;
}

struct node *
parse_case(struct parse *p, size_t at)
{
	struct node **kids = NULL, *n = NULL, *subject = NULL;
	size_t n_kids = 0;

	if (!parse_at(p, "when")) {
		n = parse_level(p, 1);
		if (n == NULL)
			return NULL;
		subject = node_new(p->u, NODE_ONCE, n->at, n->len);
		subject->kids = arena_dup(&p->u->a, &n, sizeof(n));
		subject->n_kids = 1;
		subject->depth = n->depth + 1;
		subject->memo = arena_alloc(&p->u->a, sizeof(struct memo));
		*subject->memo = (struct memo){0};
		n = NULL;
	}
	if (parse_branches(p, &kids, &n_kids, subject) == -1)
		goto out;
	if (parse_take(p, "else")) {
		kids[n_kids] = parse_level(p, 1);
		if (kids[n_kids] == NULL)
			goto out;
	} else {
		kids[n_kids] = node_null(p->u, 0);
		kids[n_kids]->at = p->t->at;
	}
	n_kids++;
	if (parse_want(p, "end") == 0)
		n = parse_call(p, "case", kids, n_kids, at);
out:
	free(kids);
	return n;
}

/* The operand behind an operator that stands behind n. */
static struct node *
parse_behind(struct parse *p, struct node *n, const char *name)
{
	struct node *kids[2] = {n, parse_operand(p)};

	return kids[1] == NULL ? NULL : parse_call(p, name, kids, 2, n->at);
}

struct node *
parse_postfix(struct parse *p, struct node *n)
{
	enum type type;

	while (n != NULL) {
		if (parse_take(p, "::"))
			n = parse_type(p, &type) == -1
				? NULL
				: make_cast(p, n, type, n->at);
		else if (parse_take(p, "->"))
			n = parse_behind(p, n, "->");
		else if (parse_take(p, "->>"))
			n = parse_behind(p, n, "->>");
		else if (parse_at(p, "at") && lex_is(p->u, p->t + 1, "time")) {
			p->t += 2;
			n = parse_want(p, "zone") == -1
				? NULL
				: parse_behind(p, n, "at time zone");
		} else {
			break;
		}
	}
	return n;
}
