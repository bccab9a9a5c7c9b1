/* SPDX-License-Identifier: ISC */
/* The texts of the statements that a sink needs. */
#include "sql/statement.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/mode.h"

static void
put_quoted(struct buf *b, const char *s, size_t len, char quote)
{
	buf_putc(b, quote);
	for (size_t i = 0; i < len; i++) {
		if (s[i] == quote)
			buf_putc(b, quote);
		buf_putc(b, s[i]);
	}
	buf_putc(b, quote);
}

void
statement_name(struct buf *b, const char *s)
{
	put_quoted(b, s, strlen(s), '"');
}

/* The text of b, which is released. */
static char *
take(struct buf *b)
{
	char *s = mem_strndup((const char *)b->data, b->len);

	buf_release(b);
	return s;
}

char *
statement_table(const char *name)
{
	const char *dot = strchr(name, '.');
	struct buf b;

	buf_init(&b, 0);
	if (dot != NULL) {
		put_quoted(&b, name, (size_t)(dot - name), '"');
		buf_putc(&b, '.');
		name = dot + 1;
	}
	statement_name(&b, name);
	return take(&b);
}

char *
statement_literal(const char *s)
{
	struct buf b;

	buf_init(&b, 0);
	put_quoted(&b, s, strlen(s), '\'');
	return take(&b);
}

/* Each column behind prefix, and before its type, if there are types. */
static void
put_columns(struct buf *b, const struct head *h, const char *prefix,
    const char *const *types)
{
	bool first = true;

	for (size_t i = 0; i < h->schema.n; i++) {
		const struct field *f = &h->schema.fields[i];

		if (f->system)
			continue;
		buf_puts(b, first ? "" : ", ");
		buf_puts(b, prefix);
		statement_name(b, f->name);
		if (types != NULL)
			buf_printf(b, " %s", types[f->type]);
		first = false;
	}
}

void
statement_columns(struct buf *b, const struct head *h, const char *prefix)
{
	put_columns(b, h, prefix, NULL);
}

/* Each key between before and after, by sep; nothing without keys. */
static void
put_keys(struct buf *b, const struct head *h, const char *before,
    const char *after, const char *sep)
{
	size_t n;
	uint32_t *keys = mode_keys(&n, h);

	for (size_t i = 0; i < n; i++) {
		buf_puts(b, i == 0 ? "" : sep);
		buf_puts(b, before);
		statement_name(b, h->schema.fields[keys[i]].name);
		buf_puts(b, after);
	}
	free(keys);
}

static size_t
n_keys(const struct head *h)
{
	size_t n = 0;

	if (h->mode == MODE_UPSERT)
		free(mode_keys(&n, h));
	return n;
}

char *
statement_create(
    const struct db_kind *k, const struct head *h, const char *table)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b, "%sCREATE TABLE IF NOT EXISTS %s (", k->alone, table);
	put_columns(&b, h, "", k->types);
	if (n_keys(h) > 0) {
		buf_printf(&b, ", %s (", k->unique);
		put_keys(&b, h, "", "", ", ");
		buf_putc(&b, ')');
	}
	buf_putc(&b, ')');
	return take(&b);
}

char *
statement_create_temp(const struct db_kind *k, const struct head *h)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b,
	    "CREATE TEMP TABLE " STATEMENT_ROWS " (millrace_seq %s, op %s, ",
	    k->sequence, k->types[TYPE_STR]);
	put_columns(&b, h, "", k->types);
	buf_printf(&b, ")%s", k->temp_tail);
	return take(&b);
}

/* With a prefix a name that is no column is never taken for a text. */
char *
statement_check(const struct head *h, const char *table)
{
	struct buf b;

	buf_init(&b, 0);
	buf_puts(&b, "SELECT ");
	statement_columns(&b, h, "t.");
	buf_printf(&b, " FROM %s AS t WHERE 1 = 0", table);
	return take(&b);
}

/* t and r have equal keys, by an operator. */
static void
put_same(struct buf *b, const struct head *h, const char *operator)
{
	size_t n;
	uint32_t *keys = mode_keys(&n, h);

	for (size_t i = 0; i < n; i++) {
		const char *name = h->schema.fields[keys[i]].name;

		buf_puts(b, i == 0 ? "t." : " AND t.");
		statement_name(b, name);
		buf_puts(b, operator);
		buf_puts(b, "r.");
		statement_name(b, name);
	}
	free(keys);
}

/*
 * An index serves =, but not IS NOT DISTINCT FROM, so that keys with nulls,
 * which are few, have a statement of their own.
 */
static void
put_using(struct buf *b, const struct head *h, const char *table, bool nulls)
{
	buf_printf(b,
	    "DELETE FROM %s AS t USING " STATEMENT_ROWS " AS r WHERE ", table);
	if (!nulls) {
		put_same(b, h, " = ");
		return;
	}
	buf_putc(b, '(');
	put_keys(b, h, "r.", " IS NULL", " OR ");
	buf_puts(b, ") AND ");
	put_same(b, h, " IS NOT DISTINCT FROM ");
}

char *
statement_forget(const struct db_kind *k, const struct head *h,
    const char *table, bool nulls)
{
	struct buf b;

	if (nulls && (!k->has_using || n_keys(h) == 0))
		return NULL;
	buf_init(&b, 0);
	if (n_keys(h) == 0) {
		buf_printf(&b,
		    "DELETE FROM %s WHERE EXISTS "
		    "(SELECT 1 FROM " STATEMENT_ROWS ")",
		    table);
	} else if (k->has_using) {
		put_using(&b, h, table, nulls);
	} else {
		buf_printf(&b,
		    "DELETE FROM %s WHERE rowid IN (SELECT t.rowid FROM "
		    "temp." STATEMENT_ROWS " AS r CROSS JOIN %s AS t WHERE ",
		    table, table);
		put_same(&b, h, " IS ");
		buf_putc(&b, ')');
	}
	return take(&b);
}

char *
statement_put(const struct head *h, const char *table)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b, "INSERT INTO %s (", table);
	statement_columns(&b, h, "");
	buf_puts(&b, ") SELECT ");
	statement_columns(&b, h, "r.");
	buf_puts(&b, " FROM (SELECT *, row_number() OVER (");
	if (n_keys(h) > 0) {
		buf_puts(&b, "PARTITION BY ");
		put_keys(&b, h, "", "", ", ");
		buf_putc(&b, ' ');
	}
	buf_puts(&b, "ORDER BY millrace_seq DESC) AS millrace_n "
		     "FROM " STATEMENT_ROWS ") AS r WHERE r.millrace_n = 1 "
		     "AND r.op = 'put' ORDER BY r.millrace_seq");
	return take(&b);
}
