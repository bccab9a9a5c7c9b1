/* SPDX-License-Identifier: ISC */
/*
 * What smap does to rows, one option a step; the steps of a command line are
 * a chain (chain.h).  smap(1).
 */
#ifndef MILLRACE_STEP_STEP_H
#define MILLRACE_STEP_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/batch.h"
#include "expr/expr.h"
#include "wire/head.h"

struct chain;
struct step;

/* Options that say more about a step; texts are borrowed from argv. */
struct step_opts {
	const char *keys; /* -k, or NULL */
	int64_t over_us; /* --over D, 0 = none */
	int64_t over_rows; /* --over Nrows, 0 = none */
	int64_t ttl_us; /* --ttl, 0 = none */
	int64_t within_us; /* --within, -1 = none */
	const char *format; /* -f, or NULL */
	const char *columns; /* -c, or NULL */
	const char *time; /* -t, or NULL */
	bool no_header; /* -N */
	const char *bad; /* --bad, or NULL */
	const char *max_bad; /* --max-bad, or NULL */
	const char *tz; /* --tz, or NULL */
	int year; /* --year, 0 = none */
	bool by_frame; /* --frame */
	const char *ok; /* --ok, or NULL */
	int64_t timeout_us; /* --timeout */
	char *const *argv; /* the command behind --, ends with NULL */
};

/*
 * A kind of step.
 * plan: compile against *schema, what comes in, and make that what comes out.
 * rows: some rows came; more follow of the same frame.  It passes on what
 *	becomes of them by step_pass, with more until it has passed on all.
 *	One that holds rows back may pass some with more at any time.
 * end: the batch is complete.  One that holds passes on the rest, the last
 *	piece without more.
 * finish: the stream has ended.
 * save, load: what it keeps from frame to frame as bytes, and back, plan having
 *	been done; load gives 0, or -1 when they are malformed.
 * no_resume: why there can be none, or NULL.
 * All but those return 0, or -1 after stage_fail.  end, finish, release, save
 * and load may be NULL.
 */
struct step_kind {
	const char *opt; /* as messages name it: "-w" */
	size_t size; /* of its own struct, which begins with a struct step */
	const char *other_name; /* how to avoid a name, for messages; or NULL */
	enum stage_class cls; /* at least */
	bool rebuilds; /* makes other columns */
	bool holds; /* rows wait for the end of the batch */
	bool multiplies; /* what it passes on are other rows */
	bool any_mode; /* takes rows that replace others */
	const char *key_mend; /* what to do when it loses such a key; or NULL */
	int (*plan)(struct step *s, struct schema *schema);
	int (*rows)(struct step *s, const struct batch *b, bool more);
	int (*end)(struct step *s);
	int (*finish)(struct step *s);
	void (*release)(struct step *s);
	void (*save)(const struct step *s, struct buf *out);
	int (*load)(struct step *s, struct cur *in);
	const char *no_resume;
};

struct step {
	const struct step_kind *kind;
	const char *source; /* its argument, borrowed; "" without one */
	struct step_opts opts;
	struct chain *chain;
	struct step *next; /* NULL: the output */
	/* As the kind has them, unless plan knows better. */
	enum stage_class cls;
	bool holds;
	bool multiplies;
	bool removed; /* its rows are not rows of the input any more */
};

/* The kinds, by the file they are in. */
extern const struct step_kind where_step;
extern const struct step_kind columns_select, columns_add;
extern const struct step_kind names_rename, names_drop;
extern const struct step_kind explode_step;
extern const struct step_kind parse_step;
extern const struct step_kind pipe_batch, pipe_lines;
extern const struct step_kind sample_step;
extern const struct step_kind dedup_step, dedup_changed;
extern const struct step_kind ends_head, ends_tail;

/* Give rows to the next step, or write them.  0 or -1. */
int step_pass(struct step *s, const struct batch *b, bool more);

/* n rows end here; they count when they are rows of the input. */
void step_filtered(struct step *s, uint64_t n);
void step_invalid(struct step *s, uint64_t n);

/*
 * Fail: step_fail_compile with a caret under the mistake in source,
 * step_fail_run at a row of b, step_fail_column for want of a column.  All
 * return -1.
 */
int step_fail_compile(
    struct step *s, const struct expr_error *err, const char *source);
int step_fail_run(
    struct step *s, const struct expr_error *err, const struct batch *b);
int step_fail_column(
    struct step *s, const struct schema *schema, const char *name, size_t len);
int step_fail(struct step *s, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define STEP_MADE SIZE_MAX

/*
 * By which columns of to the rows replace each other, which HEAD then says:
 * from[i] is the column that column i of to was, or STEP_MADE.  0, or -1 after
 * step_fail when a key is lost.
 */
int step_rekey(struct step *s, const struct schema *to, const size_t *from);

/*
 * Add to a schema: step_copy_field a column of from under a name, with its
 * flags and the event time; step_add_field a new one.  0, or -1 after
 * step_fail when the name is taken.
 */
int step_copy_field(struct step *s, struct schema *to,
    const struct schema *from, size_t i, const char *name);
int step_add_field(struct step *s, struct schema *to, const char *name,
    enum type type, bool untyped);

#endif
