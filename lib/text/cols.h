/* SPDX-License-Identifier: ISC */
/*
 * Which columns of a source become columns of the stream: -c and -t.
 * millrace-formats(7), COLUMNS.
 */
#ifndef MILLRACE_TEXT_COLS_H
#define MILLRACE_TEXT_COLS_H

#include <stdbool.h>
#include <stddef.h>

#include "data/schema.h"
#include "text/cell.h"

/* A column that a source has. */
struct cols_field {
	const char *name;
	enum cell_kind kind; /* its type when -c gives none */
};

/* What more there is to say about a field. */
struct cols_origin {
	const char *from; /* how -c and -t call it, if not by its name */
	bool guessed; /* its kind is that of some values: -t may change it */
	bool untyped; /* it has a kind, but nothing gave it a type */
};

struct cols_source {
	const struct cols_field *fields;
	const struct cols_origin *origins; /* as many, or NULL */
	size_t n;
	size_t n_star; /* the first so many are meant by "*" */
	bool by_position; /* -c names them in order, instead of choosing */
	bool untyped; /* what -c gives no type is text without one */
	bool fixed; /* -c cannot give other types */
	const char *time; /* event time when -t is not given, or NULL */
};

/* A column of the stream. */
struct cols_col {
	char *name; /* owned */
	char *from; /* owned; its name in the source */
	struct cell_form form;
	bool typed; /* by -c, -t or the format */
	bool guessed; /* by the values of the first records */
	size_t field; /* its number in the current source */
	size_t at; /* for the format: its first edge in a row of the grid */
	struct cell_cache cache;
};

struct cols {
	bool paths; /* names of the source are paths into JSON */
	bool infer; /* -c auto */
	struct cols_item *items; /* of -c, in order */
	size_t n_items;
	size_t cap_items;
	char *time; /* column of -t, or NULL */
	struct cell_form time_form; /* CELL_STR when -t has no format */
	struct cols_col *cols;
	size_t n;
	size_t cap;
	int time_col; /* or -1 */
};

/*
 * Parse -c and -t, each perhaps NULL, into c, of which only paths is set.
 * 0, or -1 with *why to be freed.
 */
int cols_parse(
    struct cols *c, char **why, const char *columns, const char *time);
void cols_release(struct cols *c);

/* Something that -c or -t asks for. */
struct cols_want {
	const char *from; /* how it is called, paths in their one form */
	bool star; /* "*" or "auto"; from means nothing */
	bool typed;
};

/*
 * The i-th of them, or false when there are not so many.  Without -c a "*" is
 * the first.
 */
bool cols_wants(struct cols_want *w, const struct cols *c, size_t i);

/*
 * Choose the columns by those of the first source; c->cols is then set.
 * cols_rebind: find the same ones in a later source.
 * 0, or -1 with *why to be freed: unknown column, name twice, ...
 */
int cols_bind(struct cols *c, char **why, const struct cols_source *s);
int cols_rebind(struct cols *c, char **why, const struct cols_source *s);

/* The schema of c->cols into s, which is empty.  0, or -1 with *why. */
int cols_schema(struct schema *s, char **why, const struct cols *c);

#endif
