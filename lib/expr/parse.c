/* SPDX-License-Identifier: ISC */
/* Expressions, tokens to a tree.  millrace-expr(7), GRAMMAR. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "expr/parse.h"

/* The levels of binding, loosest first. */
enum level {
	LEVEL_OR = 1,
	LEVEL_AND,
	LEVEL_NOT,
	LEVEL_TEST,
	LEVEL_BIT_OR,
	LEVEL_BIT_XOR,
	LEVEL_BIT_AND,
	LEVEL_SHIFT,
	LEVEL_JOIN,
	LEVEL_SUM,
	LEVEL_PRODUCT
};

struct binary {
	const char *text;
	enum level level;
	const char *name;
};

static const struct binary binaries[] = {
    {"or", LEVEL_OR, "or"},
    {"and", LEVEL_AND, "and"},
    {"&&", LEVEL_AND, "and"},
    {"=", LEVEL_TEST, "="},
    {"==", LEVEL_TEST, "="},
    {"<>", LEVEL_TEST, "<>"},
    {"!=", LEVEL_TEST, "<>"},
    {"<", LEVEL_TEST, "<"},
    {"<=", LEVEL_TEST, "<="},
    {">", LEVEL_TEST, ">"},
    {">=", LEVEL_TEST, ">="},
    {"~", LEVEL_TEST, "~"},
    {"!~", LEVEL_TEST, "!~"},
    {"rlike", LEVEL_TEST, "~"},
    {"like", LEVEL_TEST, "like"},
    {"in", LEVEL_TEST, "in"},
    {"between", LEVEL_TEST, "between"},
    {"is", LEVEL_TEST, "is"},
    {"|", LEVEL_BIT_OR, "|"},
    {"^", LEVEL_BIT_XOR, "^"},
    {"&", LEVEL_BIT_AND, "&"},
    {"<<", LEVEL_SHIFT, "<<"},
    {">>", LEVEL_SHIFT, ">>"},
    {"||", LEVEL_JOIN, "||"},
    {"+", LEVEL_SUM, "+"},
    {"-", LEVEL_SUM, "-"},
    {"*", LEVEL_PRODUCT, "*"},
    {"/", LEVEL_PRODUCT, "/"},
    {"%", LEVEL_PRODUCT, "%"},
    {"div", LEVEL_PRODUCT, "div"},
};

bool
parse_at(const struct parse *p, const char *text)
{
	return lex_is(p->u, p->t, text);
}

bool
parse_take(struct parse *p, const char *text)
{
	if (!parse_at(p, text))
		return false;
	p->t++;
	return true;
}

/* Byte after the last token taken. */
static size_t
end_of_last(const struct parse *p)
{
	return p->t == p->u->toks ? 0 : p->t[-1].at + p->t[-1].len;
}

int
parse_fail(struct parse *p, const char *wanted)
{
	const struct tok *t = p->t;

	if (t->kind == TOK_END)
		return expr_fail(p->err, end_of_last(p), 1,
		    "the expression ends where %s should stand", wanted);
	return expr_fail(p->err, t->at, t->len, "%.*s stands where %s should",
	    (int)(t->len < 60 ? t->len : 60), p->u->source + t->at, wanted);
}

int
parse_want(struct parse *p, const char *text)
{
	return parse_take(p, text) ? 0 : parse_fail(p, text);
}

struct node *
parse_span(struct parse *p, struct node *n, size_t at)
{
	n->at = at;
	n->len = end_of_last(p) - at;
	return n;
}

struct node *
parse_call(struct parse *p, const char *name, struct node **kids, size_t n_kids,
    size_t at)
{
	struct node span = {.at = at, .len = end_of_last(p) - at};
	struct node *n = node_call(p->u, name, kids, n_kids, &span);

	if (n->depth <= EXPR_MAX_DEPTH)
		return n;
	expr_fail(p->err, n->at, n->len, "the expression nests deeper than %d",
	    EXPR_MAX_DEPTH);
	return NULL;
}

static const struct binary *
find_binary(const struct parse *p)
{
	for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++) {
		if (parse_at(p, binaries[i].text))
			return &binaries[i];
	}
	return NULL;
}

/* After "in": ( a, b, ... ).  kids[0] is the left side. */
static struct node *
parse_in(struct parse *p, struct node *left, size_t at)
{
	struct node **kids = NULL, *n = NULL;
	size_t n_kids = 0, cap = 0;

	if (parse_want(p, "(") == -1)
		return NULL;
	kids = mem_grow(kids, &cap, 1, sizeof(struct node *));
	kids[n_kids++] = left;
	do {
		kids = mem_grow(kids, &cap, n_kids + 1, sizeof(struct node *));
		kids[n_kids] = parse_level(p, LEVEL_OR);
		if (kids[n_kids++] == NULL)
			goto out;
	} while (parse_take(p, ","));
	if (parse_want(p, ")") == 0)
		n = parse_call(p, "in", kids, n_kids, at);
out:
	free(kids);
	return n;
}

static struct node *
parse_between(struct parse *p, struct node *left, size_t at)
{
	struct node *kids[3] = {left, NULL, NULL};

	kids[1] = parse_level(p, LEVEL_TEST + 1);
	if (kids[1] == NULL || parse_want(p, "and") == -1)
		return NULL;
	kids[2] = parse_level(p, LEVEL_TEST + 1);
	if (kids[2] == NULL)
		return NULL;
	return parse_call(p, "between", kids, 3, at);
}

/* After "like": a pattern, perhaps escape and a character. */
static struct node *
parse_like(struct parse *p, struct node *left, size_t at)
{
	struct node *kids[3] = {left, NULL, NULL};
	size_t n_kids = 2;

	kids[1] = parse_level(p, LEVEL_TEST + 1);
	if (kids[1] == NULL)
		return NULL;
	if (parse_take(p, "escape")) {
		kids[n_kids++] = parse_level(p, LEVEL_TEST + 1);
		if (kids[2] == NULL)
			return NULL;
	}
	return parse_call(p, "like", kids, n_kids, at);
}

static struct node *
parse_is(struct parse *p, struct node *left, size_t at)
{
	bool negative = parse_take(p, "not");

	if (parse_take(p, "null"))
		return parse_call(
		    p, negative ? "is not null" : "is null", &left, 1, at);
	parse_fail(p, negative ? "null" : "null or not null");
	return NULL;
}

/* a and b and c is one node, so that long chains do not nest. */
static struct node *
parse_chain(
    struct parse *p, const struct binary *op, struct node *left, size_t at)
{
	struct node **kids = NULL, *n = NULL;
	size_t n_kids = 0, cap = 0;

	kids = mem_grow(kids, &cap, 1, sizeof(struct node *));
	kids[n_kids++] = left;
	do {
		kids = mem_grow(kids, &cap, n_kids + 1, sizeof(struct node *));
		kids[n_kids] = parse_level(p, (int)op->level + 1);
		if (kids[n_kids++] == NULL)
			goto out;
	} while (parse_take(p, op->text));
	n = parse_call(p, op->name, kids, n_kids, at);
out:
	free(kids);
	return n;
}

static struct node *
parse_right(
    struct parse *p, const struct binary *op, struct node *left, size_t at)
{
	struct node *kids[2] = {left, NULL};

	if (op->level == LEVEL_OR || op->level == LEVEL_AND
	    || op->level == LEVEL_JOIN)
		return parse_chain(p, op, left, at);
	if (strcmp(op->name, "in") == 0)
		return parse_in(p, left, at);
	if (strcmp(op->name, "between") == 0)
		return parse_between(p, left, at);
	if (strcmp(op->name, "is") == 0)
		return parse_is(p, left, at);
	if (strcmp(op->name, "like") == 0)
		return parse_like(p, left, at);
	kids[1] = parse_level(p, (int)op->level + 1);
	if (kids[1] == NULL)
		return NULL;
	if (strcmp(op->name, "!~") == 0) {
		kids[0] = parse_call(p, "~", kids, 2, at);
		if (kids[0] == NULL)
			return NULL;
		return parse_call(p, "not", kids, 1, at);
	}
	return parse_call(p, op->name, kids, 2, at);
}

/* not like, not in, not between, not rlike: the word behind not. */
static const struct binary *
find_negated(const struct parse *p)
{
	struct parse next = *p;
	const struct binary *op;

	if (!parse_at(p, "not"))
		return NULL;
	next.t++;
	op = find_binary(&next);
	if (op == NULL || op->level != LEVEL_TEST || next.t->kind != TOK_WORD)
		return NULL;
	return strcmp(op->name, "is") == 0 ? NULL : op;
}

static struct node *
parse_prefix(struct parse *p)
{
	size_t at = p->t->at;
	struct node *kid;

	if (parse_take(p, "not") || parse_take(p, "!")) {
		kid = parse_level(p, LEVEL_TEST);
		return kid == NULL ? NULL : parse_call(p, "not", &kid, 1, at);
	}
	return parse_unary(p);
}

/* What a comparison compares with last, where that is text joined by ||. */
static const struct node *
joined(const struct node *n)
{
	const struct node *last = n->kids[n->n_kids - 1];

	if (n->n_kids < 2 || strcmp(n->name, "in") == 0
	    || last->kind != NODE_CALL || strcmp(last->name, "||") != 0)
		return NULL;
	return last;
}

struct node *
parse_level(struct parse *p, int min)
{
	size_t at = p->t->at;
	const struct binary *op;
	const struct node *join = NULL; /* of the comparison before op */
	struct node *left;
	bool negative;

	if (++p->depth > EXPR_MAX_DEPTH) {
		expr_fail(p->err, at, p->t->len,
		    "the expression nests deeper than %d", EXPR_MAX_DEPTH);
		return NULL;
	}
	left = parse_prefix(p);
	while (left != NULL) {
		negative = find_negated(p) != NULL;
		op = negative ? find_negated(p) : find_binary(p);
		if (op == NULL || (int)op->level < min)
			break;
		if (op->level == LEVEL_TEST && join != NULL) {
			expr_fail(p->err, join->at, join->len,
			    "|| joins text; for bools write or");
			return NULL;
		}
		p->t += negative ? 2 : 1;
		left = parse_right(p, op, left, at);
		join = left != NULL && op->level == LEVEL_TEST ? joined(left)
							       : NULL;
		if (left != NULL && negative)
			left = parse_call(p, "not", &left, 1, at);
	}
	p->depth--;
	return left;
}
