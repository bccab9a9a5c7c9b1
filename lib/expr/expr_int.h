/* SPDX-License-Identifier: ISC */
/* What the files of lib/expr share: tokens, the tree, runs and functions. */
#ifndef MILLRACE_EXPR_EXPR_INT_H
#define MILLRACE_EXPR_EXPR_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "data/col.h"
#include "data/type.h"
#include "expr/expr.h"

enum tok_kind {
	TOK_END,
	TOK_WORD, /* abc, a.b */
	TOK_NAME, /* `any text` */
	TOK_INT, /* digits, the value is left to the parser */
	TOK_FLOAT, /* f */
	TOK_DUR, /* i, microseconds */
	TOK_STR, /* s, the quotes and escapes undone */
	TOK_PUNCT /* the bytes of the source */
};

struct tok {
	enum tok_kind kind;
	size_t at; /* bytes of the source */
	size_t len;
	const char *s; /* words, names and strings: their text */
	size_t s_len;
	int64_t i;
	double f;
};

/*
 * One source and all that was made from it.  The programs made from one
 * source share it; the last expr_free releases it.
 */
struct unit {
	struct arena a;
	char *source; /* in a */
	size_t len;
	struct tok *toks; /* in a, the last is TOK_END */
	struct node *prepared; /* chain by node.next_prepared */
	size_t refs; /* holders */
	uint64_t n_runs;
};

struct expr {
	struct unit *u;
	struct node *root;
};

/* What a NODE_ONCE was in a run. */
struct memo {
	struct col col;
	uint64_t run; /* unit.n_runs then */
};

enum node_kind {
	NODE_LIT, /* lit, or null; lit.type is 0 for a bare null */
	NODE_COL, /* name; col */
	NODE_CALL, /* function or operator: name, kids, fn */
	NODE_ONCE /* kids[0], evaluated once in a run */
};

/*
 * A node of the tree.  The parser fills in what is written; the checker adds
 * type, fn and conversions.  All memory is in the unit's arena.
 */
struct node {
	enum node_kind kind;
	size_t at; /* bytes of the source */
	size_t len;
	unsigned depth; /* 1 for a leaf; at most EXPR_MAX_DEPTH when parsed */
	bool checked;
	enum type type; /* 0: a bare null */
	bool untyped; /* text without a type */
	bool is_null; /* a null literal */
	bool quiet; /* try_cast: null instead of errors and counts */
	bool star; /* f(*) */
	bool distinct; /* f(distinct x) */
	bool bare; /* a name without quotes */
	bool is_call; /* written as f(...) */
	const char *name; /* functions in lower case */
	size_t col;
	struct node **kids;
	size_t n_kids;
	struct node *filter; /* filter (where ...) */
	struct col lit; /* a constant of one row */
	const struct func *fn;
	void *aux; /* made by fn->prepare */
	void (*aux_free)(void *aux);
	struct node *next_prepared;
	struct memo *memo; /* NODE_ONCE */
};

/* Set *err; returns -1. */
int expr_fail(struct expr_error *err, size_t at, size_t len, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

/* Split u->source into u->toks.  0 or -1. */
int lex_split(struct unit *u, struct expr_error *err);

/* Whether t is that punctuation, or that word in any case. */
bool lex_is(const struct unit *u, const struct tok *t, const char *text);

/* Append the tokens of the bytes [at, at+len), spaced in one way. */
void lex_normal(struct buf *out, const struct unit *u, size_t at, size_t len);

/* An item as written. */
struct parse_item {
	struct node *node; /* NULL for a star */
	size_t at; /* byte of the source */
	const char *name; /* NULL when none is given */
	size_t name_at;
	size_t name_len;
	bool assigned; /* the name stands in front: name = expr */
};

/*
 * parse_one: the whole source is one expression.  parse_list: a comma list;
 * aggs allows f:x for f(x).  0 or -1.
 */
int parse_one(struct node **out, struct expr_error *err, struct unit *u);
int parse_list(struct parse_item **items, size_t *n_items,
    struct expr_error *err, struct unit *u, bool aggs);

/* Nodes.  at and len are bytes of the source. */
struct node *node_new(
    struct unit *u, enum node_kind kind, size_t at, size_t len);
struct node *node_call(struct unit *u, const char *name, struct node **kids,
    size_t n_kids, const struct node *span);
struct node *node_int(struct unit *u, enum type type, int64_t v);
struct node *node_float(struct unit *u, double v);
struct node *node_bool(struct unit *u, bool v);
struct node *node_str(struct unit *u, const char *s, size_t len);
struct node *node_null(struct unit *u, enum type type);
/* Make n the literal that row 0 of c is, of its type. */
void node_become(struct unit *u, struct node *n, const struct col *c);

/*
 * unit_new: a unit with its tokens, held once; NULL with *err set.
 * unit_drop: let it go; the last one releases it.
 * unit_expr: a program that holds the unit.
 */
struct unit *unit_new(struct expr_error *err, const char *source);
void unit_drop(struct unit *u);
struct expr *unit_expr(struct unit *u, struct node *root);

#endif
