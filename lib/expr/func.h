/* SPDX-License-Identifier: ISC */
/* The table of functions and operators, and what a kernel is. */
#ifndef MILLRACE_EXPR_FUNC_H
#define MILLRACE_EXPR_FUNC_H

#include "expr/expr_int.h"

/* A run of a program over rows. */
struct run {
	struct arena *a;
	struct expr_env *env;
	struct expr_error *err;
	const struct batch *b;
	const struct unit *u;
	uint32_t n; /* rows, at least 1 */
	const uint8_t *active; /* rows that matter for errors, NULL = all */
	uint8_t *owned; /* the validity that eval_null made in a kernel */
};

/*
 * A kernel: the values of out from those of arg.  The caller has set type,
 * n = r->n, PLAIN and valid (the rows where all arguments are valid, unless
 * the function has FUNC_NULLS).  Arguments are plain or constant, bools plain,
 * text in any encoding; a first one that is no text is plain when the others
 * are constant.  A kernel may replace *out.
 * A lazy one gets arg NULL and evaluates its kids.  0, or -1 after eval_fail.
 */
typedef int kernel_fn(struct run *r, const struct node *n, struct col *out,
    const struct col *arg);

typedef int prepare_fn(struct unit *u, struct node *n, struct expr_error *err);

enum func_flag {
	FUNC_NULLS = 1, /* the kernel sees to nulls itself */
	FUNC_FAILS = 2, /* it may fail or count, so only live rows may reach it
			 */
	FUNC_LAZY = 4, /* evaluates its kids */
	FUNC_RUN = 8, /* differs from run to run: not folded */
	FUNC_FLAT = 16, /* wants all arguments but text plain */
	FUNC_TRY = 32, /* null instead of errors */
	FUNC_UNTYPED = 64 /* gives text that nobody gave a type */
};

/*
 * A row of the table of functions and operators.  args: a letter for each
 * argument: b i f s t d as the types begin, I an int that text becomes too, n
 * an int or a float as it is, S anything made text, a anything, T anything,
 * all of one type; a final * repeats the letter before it; "@" is pairs of b
 * and T, then T.  result: such a letter, T the common type.  prepare: looks at
 * constant arguments once, may set n->aux; 0, or -1 with *err set.
 */
struct func {
	const char *name;
	const char *args;
	char result;
	unsigned flags;
	kernel_fn *kernel;
	prepare_fn *prepare;
};

extern const struct func func_table[];
extern const size_t func_table_len;

/* The first row of that name, or NULL. */
const struct func *func_find(const char *name);

/* The type of a letter of func.args, or 0. */
enum type func_letter(char c);

#endif
