/* SPDX-License-Identifier: ISC */
/* The parser's state, shared by its files. */
#ifndef MILLRACE_EXPR_PARSE_H
#define MILLRACE_EXPR_PARSE_H

#include "expr/expr_int.h"

struct parse {
	struct unit *u;
	struct expr_error *err;
	const struct tok *t; /* the next token */
	unsigned depth;
	bool aggs; /* f:x is a call */
};

/*
 * parse_at: whether the next token is that word or sign; parse_take also
 * passes it; parse_want fails without it.
 * parse_fail: "X stands where WANTED should".  Returns -1.
 */
bool parse_at(const struct parse *p, const char *text);
bool parse_take(struct parse *p, const char *text);
int parse_want(struct parse *p, const char *text);
int parse_fail(struct parse *p, const char *wanted);

/* n covers the bytes from at to the last token taken.  Returns n. */
struct node *parse_span(struct parse *p, struct node *n, size_t at);

/* A call that covers those bytes; NULL when it nests too deep. */
struct node *parse_call(struct parse *p, const char *name, struct node **kids,
    size_t n_kids, size_t at);

/*
 * parse_level: operators that bind at least as tight as min (1: all).
 * parse_unary: signs, then an operand with its casts.
 * parse_operand: a literal, a name, a call, case, or parentheses.
 * parse_postfix: what stands behind the operand n: casts, paths, a zone.
 * parse_case: case [x] when .. then .. [else ..] end; case is taken.
 * All NULL after an error.
 * parse_form: a call that has words inside, such as cast(x as int); the next
 * token is its bracket.  Returns false when it is none; else true with the
 * node or NULL in *out.
 */
struct node *parse_level(struct parse *p, int min);
struct node *parse_unary(struct parse *p);
struct node *parse_operand(struct parse *p);
struct node *parse_postfix(struct parse *p, struct node *n);
struct node *parse_case(struct parse *p, size_t at);
bool parse_form(struct node **out, struct parse *p, const struct tok *name);

#endif
