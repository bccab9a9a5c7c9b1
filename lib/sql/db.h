/* SPDX-License-Identifier: ISC */
/* What a database must do to be a sink.  ssink-sqlite(1), ssink-postgres(1). */
#ifndef MILLRACE_SQL_DB_H
#define MILLRACE_SQL_DB_H

#include <stdbool.h>

#include "data/batch.h"
#include "data/type.h"
#include "wire/head.h"
#include "wire/stream.h"

/* A connection.  Failure is sticky: status and why are those of the first. */
struct db {
	const struct db_kind *kind;
	void *own; /* of the kind */
	int status; /* exit status */
	char *why; /* owned, or NULL */
};

/*
 * A kind of database.  The functions give 0, or -1 after db_fail.
 * open: url is what the user wrote, without table=; it fills own.
 * close: own may be NULL.
 * exec: run one statement; the first value of its first row, if value is not
 * NULL, becomes *value, to be freed, NULL when there is none.
 * load: rows that follow go to those columns of table (SQL texts), which are
 * the columns of h that are not system columns; nothing else is called until
 * loaded.
 * rows: of one frame.  loaded: there are no more of them.
 */
struct db_kind {
	const char *program;
	const char *synopsis;
	const char *types[TYPE_BIN + 1]; /* SQL types; NULL = cannot hold it */
	const char *sequence; /* SQL type that numbers rows by itself */
	const char *begin;
	const char *temp_tail; /* behind CREATE TEMP TABLE (...) */
	const char *lock_tail; /* behind SELECT: nobody else may change it */
	const char *unique; /* before the list of keys that are unique */
	const char *alone; /* before CREATE: others, who make it, too, wait */
	/* Around the text of a quoted name: a row if it is a table. */
	const char *find_before, *find_after;
	bool has_using; /* knows DELETE ... USING, else has rowid */
	int (*open)(struct db *d, const char *url);
	void (*close)(void *own);
	int (*exec)(struct db *d, char **value, const char *sql);
	int (*load)(struct db *d, const char *table, const char *columns,
	    const struct head *h);
	int (*rows)(struct db *d, const struct frame *f, const struct batch *b);
	int (*loaded)(struct db *d);
};

/* Keep the reason, if it is the first.  Returns -1. */
int db_fail(struct db *d, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
