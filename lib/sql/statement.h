/* SPDX-License-Identifier: ISC */
/* The texts of the statements that a sink needs, for a table and a stream. */
#ifndef MILLRACE_SQL_STATEMENT_H
#define MILLRACE_SQL_STATEMENT_H

#include <stddef.h>

#include "base/buf.h"
#include "sql/db.h"

#define STATEMENT_ROWS "millrace_rows" /* a table of changes, for ourselves */

/*
 * statement_name: append a name in quotes; of a table, the parts before and
 * after its first dot each in their own.
 * statement_columns: append the columns of h that are not system columns,
 * each behind prefix.
 * statement_keys: the keys of h as columns, to be freed.
 */
void statement_name(struct buf *b, const char *s);
char *statement_table(const char *name);
char *statement_literal(const char *s);
void statement_columns(struct buf *b, const struct head *h, const char *prefix);

/*
 * Texts to be freed.  table is a quoted name.
 * statement_create: the table of a stream; temp: that of its changes.
 * statement_check: fails unless it has the columns.
 * statement_forget: remove the rows with keys that have changed; NULL for
 * nulls when there are no keys.
 * statement_put: add the rows that stand after the changes.
 */
char *statement_create(
    const struct db_kind *k, const struct head *h, const char *table);
char *statement_create_temp(const struct db_kind *k, const struct head *h);
char *statement_check(const struct head *h, const char *table);
char *statement_forget(const struct db_kind *k, const struct head *h,
    const char *table, bool nulls);
char *statement_put(const struct head *h, const char *table);

#endif
