/* SPDX-License-Identifier: ISC */
/* Expressions, operands: literals, names, calls, signs. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "expr/parse.h"

/* Words that are no column unless in backquotes. */
static const char *const reserved[] = {"and", "or", "not", "in", "like",
    "rlike", "between", "is", "when", "then", "else", "end", "as", "div",
    "distinct"};

/* The text of a word; functions are found in lower case. */
static const char *
word_text(struct parse *p, const struct tok *t, bool lower)
{
	char *s = arena_alloc(&p->u->a, t->s_len + 1);

	for (size_t i = 0; i < t->s_len; i++)
		s[i] = lower && t->s[i] >= 'A' && t->s[i] <= 'Z'
			   ? (char)(t->s[i] - 'A' + 'a')
			   : t->s[i];
	s[t->s_len] = '\0';
	return s;
}

static struct node *
parse_int(struct parse *p, bool negative, size_t at)
{
	const struct tok *t = p->t++;
	char text[24];
	int64_t v;

	if (t->s_len < sizeof(text) - 1) {
		text[0] = '-';
		memcpy(text + 1, t->s, t->s_len);
		if (num_parse_int(
			&v, negative ? text : text + 1, t->s_len + negative)
		    == 0)
			return parse_span(p, node_int(p->u, TYPE_INT, v), at);
	}
	expr_fail(p->err, t->at, t->len,
	    "this does not fit an int of 64 bits; write %.*s.0 for a float",
	    (int)(t->s_len < 40 ? t->s_len : 40), t->s);
	return NULL;
}

static int
parse_args(struct parse *p, struct node *call)
{
	struct node *kids[EXPR_MAX_ARGS];
	size_t n = 0;

	if (parse_take(p, "*")) {
		call->star = true;
		return parse_want(p, ")");
	}
	call->distinct = parse_take(p, "distinct");
	if (!call->distinct && parse_take(p, ")"))
		return 0;
	do {
		if (n == EXPR_MAX_ARGS)
			return expr_fail(p->err, p->t->at, p->t->len,
			    "more than %d arguments", EXPR_MAX_ARGS);
		kids[n] = parse_level(p, 1);
		if (kids[n] == NULL)
			return -1;
		if (kids[n]->depth >= call->depth)
			call->depth = kids[n]->depth + 1;
		n++;
	} while (parse_take(p, ","));
	call->kids = arena_dup(&p->u->a, kids, n * sizeof(struct node *));
	call->n_kids = n;
	return parse_want(p, ")");
}

/* filter (where p), if it stands here. */
static int
parse_filter(struct parse *p, struct node *call)
{
	if (!parse_at(p, "filter") || !lex_is(p->u, p->t + 1, "("))
		return 0;
	p->t += 2;
	if (parse_want(p, "where") == -1)
		return -1;
	call->filter = parse_level(p, 1);
	return call->filter == NULL ? -1 : parse_want(p, ")");
}

/* name(...): the next token is the bracket. */
static struct node *
parse_function(struct parse *p, const struct tok *name)
{
	struct node *n = node_new(p->u, NODE_CALL, name->at, 0);

	n->name = word_text(p, name, true);
	n->is_call = true;
	p->t++;
	if (parse_args(p, n) == -1 || parse_filter(p, n) == -1)
		return NULL;
	if (n->depth > EXPR_MAX_DEPTH) {
		expr_fail(p->err, n->at, name->len,
		    "the expression nests deeper than %d", EXPR_MAX_DEPTH);
		return NULL;
	}
	return parse_span(p, n, name->at);
}

/* name:x, an aggregate the short way. */
static struct node *
parse_short(struct parse *p, const struct tok *name)
{
	struct node *kid;

	p->t++;
	if (++p->depth > EXPR_MAX_DEPTH) {
		expr_fail(p->err, name->at, name->len,
		    "the expression nests deeper than %d", EXPR_MAX_DEPTH);
		return NULL;
	}
	kid = parse_operand(p);
	if (kid == NULL)
		return NULL;
	p->depth--;
	kid = parse_call(p, word_text(p, name, true), &kid, 1, name->at);
	if (kid != NULL)
		kid->is_call = true;
	return kid;
}

static struct node *
parse_word(struct parse *p)
{
	const struct tok *t = p->t++;
	struct node *n;

	if (lex_is(p->u, t, "case"))
		return parse_case(p, t->at);
	if (lex_is(p->u, t, "null"))
		return parse_span(p, node_null(p->u, 0), t->at);
	if (lex_is(p->u, t, "true") || lex_is(p->u, t, "false"))
		return parse_span(
		    p, node_bool(p->u, lex_is(p->u, t, "true")), t->at);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		if (lex_is(p->u, t, reserved[i])) {
			expr_fail(p->err, t->at, t->len,
			    "a value should stand here; a column of the name "
			    "%s needs backquotes",
			    reserved[i]);
			return NULL;
		}
	}
	if (parse_at(p, "("))
		return parse_form(&n, p, t) ? n : parse_function(p, t);
	if (p->aggs && parse_at(p, ":"))
		return parse_short(p, t);
	n = node_new(p->u, NODE_COL, t->at, t->len);
	n->bare = true;
	n->name = word_text(p, t, false);
	return n;
}

struct node *
parse_operand(struct parse *p)
{
	const struct tok *t = p->t;
	struct node *n;

	switch (t->kind) {
	case TOK_WORD:
		return parse_word(p);
	case TOK_NAME:
		p->t++;
		n = node_new(p->u, NODE_COL, t->at, t->len);
		n->name = t->s;
		return n;
	case TOK_INT:
		return parse_int(p, false, t->at);
	case TOK_FLOAT:
		p->t++;
		return parse_span(p, node_float(p->u, t->f), t->at);
	case TOK_DUR:
		p->t++;
		return parse_span(p, node_int(p->u, TYPE_DUR, t->i), t->at);
	case TOK_STR:
		p->t++;
		return parse_span(p, node_str(p->u, t->s, t->s_len), t->at);
	case TOK_PUNCT:
		if (!parse_take(p, "("))
			break;
		n = parse_level(p, 1);
		if (n == NULL || parse_want(p, ")") == -1)
			return NULL;
		return parse_span(p, n, t->at);
	case TOK_END:
		break;
	}
	parse_fail(p, "a value");
	return NULL;
}

/* ~x: the sign is taken. */
static struct node *
parse_flip(struct parse *p, size_t at)
{
	struct node *kid;

	if (++p->depth > EXPR_MAX_DEPTH) {
		expr_fail(p->err, at, 1, "the expression nests deeper than %d",
		    EXPR_MAX_DEPTH);
		return NULL;
	}
	kid = parse_unary(p);
	p->depth--;
	return kid == NULL ? NULL : parse_call(p, "unary ~", &kid, 1, at);
}

struct node *
parse_unary(struct parse *p)
{
	size_t at = p->t->at;
	bool negative = false;
	struct node *n;

	while (parse_at(p, "-") || parse_at(p, "+")) {
		if (parse_at(p, "-"))
			negative = !negative;
		p->t++;
	}
	if (negative && p->t->kind == TOK_INT) {
		negative = false;
		n = parse_int(p, true, at);
	} else if (parse_take(p, "~")) {
		n = parse_flip(p, p->t[-1].at);
	} else {
		n = parse_operand(p);
	}
	n = parse_postfix(p, n);
	if (n == NULL || !negative)
		return n;
	return parse_call(p, "unary -", &n, 1, at);
}
