/* SPDX-License-Identifier: ISC */
/*
 * Expressions: text -> checked program -> columns.  millrace-expr(7).
 * A program runs kernels over the columns of a batch, never row by row.
 */
#ifndef MILLRACE_EXPR_EXPR_H
#define MILLRACE_EXPR_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/batch.h"
#include "data/schema.h"

#define EXPR_MAX_TEXT 65536 /* bytes of one expression list */
#define EXPR_MAX_DEPTH 256 /* nesting */
#define EXPR_MAX_ARGS 16

struct expr; /* one compiled expression */

/*
 * What went wrong, with the place: text has the message alone; at and len
 * are the bytes of the source that it is about.
 * expr_error_print appends three lines: the message, the source, a caret
 * under the mistake (as ^~~~), the way compilers do it.
 */
struct expr_error {
	char text[512];
	size_t at;
	size_t len;
};

void expr_error_print(
    struct buf *out, const struct expr_error *e, const char *source);

/* "expr as name", or "name = expr"; name is owned. */
struct expr_item {
	char *name; /* given, or a typable one made from the text */
	bool star; /* "*": all columns that are not system columns */
	struct expr *expr; /* owned; NULL for a star */
	bool assigned; /* the name stands in front: name = expr */
	size_t at; /* bytes of the source that are the name given */
	size_t len;
};

struct expr_list {
	struct expr_item *items;
	size_t n;
};

/*
 * An aggregate call found in a list.  Its arguments are programs over the
 * input.  filter (bool) is NULL without "filter (where ...)".
 */
struct expr_call {
	char *name; /* owned: sum */
	char
	    *text; /* owned: sum(bytes), blanks normalised: for merging calls */
	char *filter_text; /* owned; "" without a filter */
	char *arg_text[EXPR_MAX_ARGS]; /* owned */
	struct expr *args[EXPR_MAX_ARGS];
	size_t n_args;
	bool star; /* count(*) */
	bool distinct; /* count(distinct x) */
	struct expr *filter;
	enum type result;
	void *made; /* owned, one block: what check made of it, or NULL */
};

/*
 * How the checker learns of aggregates.  is_agg: whether a function name is
 * one.  check: its result type from its argument types, and call->made; 0, or
 * -1 with text in why[0..why_cap).
 */
struct expr_aggs {
	bool (*is_agg)(const char *name);
	int (*check)(struct expr_call *call, char *why, size_t why_cap);
};

/*
 * An aggregate list: the calls, each once, and the items over their results.
 * An item's program reads a schema whose column i is calls[i]'s result (plus,
 * before them, the n_keys columns of the keys schema given to the compiler).
 */
struct expr_agg_list {
	struct expr_call *calls;
	size_t n_calls;
	struct expr_list items;
};

/*
 * Compile source against s.
 * expr_compile: one expression, no name.
 * expr_compile_list: a comma list; for each an optional name.
 * expr_compile_aggs: a comma list in which aggregates may stand; a bare word
 * that names an aggregate without arguments (count) is a call of it; keys are
 * the columns that may be named outside of an aggregate.
 * They return 0, or -1 with *err filled in and *out released.
 * A str where a number is needed is converted at run time, as millrace-expr(7)
 * says; cells that do not parse become null and are counted.
 */
int expr_compile(struct expr **out, struct expr_error *err,
    const struct schema *s, const char *source);
int expr_compile_list(struct expr_list *out, struct expr_error *err,
    const struct schema *s, const char *source);
int expr_compile_aggs(struct expr_agg_list *out, struct expr_error *err,
    const struct schema *s, const struct schema *keys,
    const struct expr_aggs *aggs, const char *source);

/*
 * Compile source against s with calls of aggs that give a value for each row:
 * an item's program reads the columns of s and, behind them, one for each of
 * calls.  source is a list as for expr_compile_list, or, with one, a single
 * expression as for expr_compile, which is then the only item.
 */
int expr_compile_over(struct expr_agg_list *out, struct expr_error *err,
    const struct schema *s, const struct expr_aggs *aggs, const char *source,
    bool one);

/*
 * Where no column is replaced, "status = 404" must not quietly name a constant
 * status: 0, or -1 with *err when an item is named in that way after a column
 * of s.
 */
int expr_refuse_assigned(
    const struct expr_list *l, struct expr_error *err, const struct schema *s);

void expr_free(struct expr *e);
void expr_list_release(struct expr_list *l);
void expr_agg_list_release(struct expr_agg_list *l);

enum type expr_type(const struct expr *e);

/* The column that e is and nothing else, or -1: an untouched column. */
int expr_is_column(const struct expr *e);

/* Set used[c] for each column c that e reads. */
void expr_mark_columns(const struct expr *e, bool *used);

/* Whether it is text without a type: an untyped column, or made of one. */
bool expr_is_untyped(const struct expr *e);

/*
 * Whether it is a constant that is not null: *out is then a column of one
 * row, borrowed from e.
 */
bool expr_is_constant(const struct expr *e, struct col *out);

/*
 * Make e's result of that type, as a cast would: 0, or -1 when there is no
 * such conversion, with text in *err; e is then unchanged.
 */
int expr_convert(struct expr *e, struct expr_error *err, enum type to);

/* What a run needs to know beside the rows, and what it counts. */
struct expr_env {
	int64_t batch_us; /* now() */
	uint64_t n_unparsed; /* cells that a conversion made null */
};

/*
 * Run e over b: *out is a column of b->n_rows rows of expr_type(e), its memory
 * in a or borrowed from b.  Returns 0, or -1: a run-time error such as int
 * overflow, with text (and the row, counted from 0, in err->at) in *err.
 */
int expr_eval(struct expr *e, struct col *out, struct expr_error *err,
    struct arena *a, struct expr_env *env, const struct batch *b);

/*
 * The rows for which the bool column c is true, ascending, into sel, which
 * has room for c->n.  Returns their number.
 */
uint32_t expr_select(uint32_t *sel, const struct col *c);

#endif
