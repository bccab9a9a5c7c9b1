/* SPDX-License-Identifier: ISC */
/* A table that takes the rows of a stream, in transactions. */
#include "sql/dbtable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/num.h"
#include "sql/statement.h"

#define EPOCHS "millrace_epoch"

int
db_fail(struct db *d, int status, const char *fmt, ...)
{
	va_list ap;

	if (d->why != NULL)
		return -1;
	va_start(ap, fmt);
	if (vasprintf(&d->why, fmt, ap) == -1)
		d->why = mem_strdup(fmt);
	va_end(ap);
	d->status = status;
	return -1;
}

/* Run a statement, which is freed; NULL is none. */
static int
run(struct dbtable *t, char *sql)
{
	int rc = sql == NULL ? 0 : t->db.kind->exec(&t->db, NULL, sql);

	free(sql);
	return rc;
}

static int
run_text(struct dbtable *t, const char *sql)
{
	return t->db.kind->exec(&t->db, NULL, sql);
}

/*
 * Cut table=NAME out of what stands behind the ? of url: the name, to be
 * freed, or NULL; *rest is the url without it.
 */
static char *
cut_table(char **rest, const char *url)
{
	const char *query = strchr(url, '?');
	struct buf b;
	char *name = NULL;
	bool first = true;

	buf_init(&b, 0);
	buf_put(&b, url, query == NULL ? strlen(url) : (size_t)(query - url));
	while (query != NULL && *query != '\0') {
		size_t len = strcspn(++query, "&");

		if (len > 6 && strncmp(query, "table=", 6) == 0) {
			free(name);
			name = mem_strndup(query + 6, len - 6);
		} else if (len > 0) {
			buf_putc(&b, first ? '?' : '&');
			buf_put(&b, query, len);
			first = false;
		}
		query += len;
	}
	*rest = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return name;
}

int
dbtable_open(struct dbtable *t, const struct db_kind *k, const char *url)
{
	char *rest, *name = cut_table(&rest, url);
	int rc;

	*t = (struct dbtable){.db = {.kind = k}};
	if (name == NULL)
		rc = db_fail(&t->db, EX_USAGE,
		    "the destination names no table; write %ctable=NAME "
		    "behind it",
		    strchr(url, '?') == NULL ? '?' : '&');
	else
		rc = k->open(&t->db, rest);
	if (rc == 0)
		t->name = statement_table(name);
	free(rest);
	free(name);
	return rc;
}

void
dbtable_close(struct dbtable *t)
{
	t->db.kind->close(t->db.own);
	changelog_release(&t->changes);
	free(t->db.why);
	free(t->name);
}

static int
check_types(struct dbtable *t)
{
	const struct schema *s = &t->head->schema;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];

		if (f->system)
			continue;
		n++;
		if (t->db.kind->types[f->type] == NULL)
			return db_fail(&t->db, EX_DATAERR,
			    "%s: it holds states, not values", f->name);
	}
	if (n == 0)
		return db_fail(&t->db, EX_DATAERR, "the stream has no columns");
	return 0;
}

/* 1 or 0, or -1. */
static int
has_table(struct dbtable *t, const char *name)
{
	char *literal = statement_literal(name), *sql, *value = NULL;
	int rc;

	sql = mem_printf(
	    "%s%s%s", t->db.kind->find_before, literal, t->db.kind->find_after);
	rc = t->db.kind->exec(&t->db, &value, sql);
	if (rc == 0)
		rc = value != NULL;
	free(value);
	free(sql);
	free(literal);
	return rc;
}

int
dbtable_head(struct dbtable *t, const struct head *h)
{
	const struct db_kind *k = t->db.kind;
	char *why;
	int rc;

	t->head = h;
	if (check_types(t) == -1)
		return -1;
	rc = has_table(t, t->name);
	if (rc == 0)
		rc = run(t, statement_create(k, h, t->name));
	if (rc != -1)
		rc = run(t, statement_check(h, t->name));
	if (rc == -1 || h->mode != MODE_UPSERT)
		return rc;
	if (changelog_init(&t->changes, &why, h) == -1) {
		db_fail(&t->db, EX_DATAERR, "%s", why);
		free(why);
		return -1;
	}
	return run(t, statement_create_temp(k, h));
}

static int
begin(struct dbtable *t)
{
	if (t->open)
		return 0;
	if (run_text(t, t->db.kind->begin) == -1)
		return -1;
	t->open = true;
	return 0;
}

/* Rows of the stream as it comes, or of changes. */
static const struct head *
loaded_head(const struct dbtable *t)
{
	return t->head->mode == MODE_UPSERT ? &t->changes.head : t->head;
}

static int
load(struct dbtable *t)
{
	const struct head *h = loaded_head(t);
	struct buf b;
	int rc;

	if (t->loading)
		return 0;
	buf_init(&b, 0);
	statement_columns(&b, h, "");
	buf_putc(&b, '\0');
	rc = t->db.kind->load(&t->db,
	    t->head->mode == MODE_UPSERT ? STATEMENT_ROWS : t->name,
	    (const char *)b.data, h);
	buf_release(&b);
	t->loading = rc == 0;
	return rc;
}

static int
unload(struct dbtable *t)
{
	if (!t->loading)
		return 0;
	t->loading = false;
	return t->db.kind->loaded(&t->db);
}

/* Each batch is the whole result. */
static int
clear(struct dbtable *t)
{
	if (t->fresh)
		return 0;
	t->fresh = true;
	if (begin(t) == -1 || unload(t) == -1)
		return -1;
	return run(t, mem_printf("DELETE FROM %s", t->name));
}

int
dbtable_frame(struct dbtable *t, const struct frame *f, const struct batch *b)
{
	bool has_rows = b != NULL && b->n_rows > 0, closes = false;

	if (t->head->mode == MODE_COMPLETE) {
		closes = mode_closes(&t->batches, f);
		if ((closes || has_rows) && clear(t) == -1)
			return -1;
		t->fresh = t->fresh && !closes;
	}
	if (!has_rows)
		return 0;
	if (begin(t) == -1 || load(t) == -1)
		return -1;
	if (t->head->mode == MODE_UPSERT)
		b = changelog_rows(&t->changes, f, b);
	return t->db.kind->rows(&t->db, f, b);
}

static int
apply_changes(struct dbtable *t)
{
	const struct db_kind *k = t->db.kind;

	if (run(t, statement_forget(k, t->head, t->name, false)) == -1
	    || run(t, statement_forget(k, t->head, t->name, true)) == -1
	    || run(t, statement_put(t->head, t->name)) == -1)
		return -1;
	return run_text(t, "DELETE FROM " STATEMENT_ROWS);
}

int
dbtable_commit(struct dbtable *t)
{
	if (!t->open)
		return 0;
	if (unload(t) == -1)
		return -1;
	if (t->head->mode == MODE_UPSERT && apply_changes(t) == -1)
		return -1;
	t->open = false;
	return run_text(t, "COMMIT");
}

static int
make_epochs(struct dbtable *t)
{
	int rc = has_table(t, "\"" EPOCHS "\"");

	if (rc != 0)
		return rc == -1 ? -1 : 0;
	return run(
	    t, mem_printf("%sCREATE TABLE IF NOT EXISTS " EPOCHS
			  " (identity text PRIMARY KEY, epoch bigint NOT NULL)",
		   t->db.kind->alone));
}

int
dbtable_lock(struct dbtable *t, const struct dbtable_epoch *e)
{
	char *value = NULL, *sql;
	int64_t at = -1;
	int rc;

	if (make_epochs(t) == -1 || begin(t) == -1
	    || run(t, mem_printf("INSERT INTO " EPOCHS
				 " (identity, epoch) VALUES ('%s', 0) ON "
				 "CONFLICT (identity) DO NOTHING",
			  e->identity))
		   == -1)
		return -1;
	sql = mem_printf("SELECT epoch FROM " EPOCHS " WHERE identity = '%s'%s",
	    e->identity, t->db.kind->lock_tail);
	rc = t->db.kind->exec(&t->db, &value, sql);
	free(sql);
	if (rc == 0
	    && (value == NULL || num_parse_int(&at, value, strlen(value)) == -1
		|| at < 0))
		rc = db_fail(&t->db, EX_DATAERR,
		    EPOCHS ": the row of this pipeline is gone or damaged");
	free(value);
	if (rc == -1)
		return -1;
	if ((uint64_t)at < e->epoch)
		return 1;
	t->open = false;
	return run_text(t, "ROLLBACK");
}

int
dbtable_done(struct dbtable *t, const struct dbtable_epoch *e)
{
	if (unload(t) == -1)
		return -1;
	return run(
	    t, mem_printf("UPDATE " EPOCHS " SET epoch = %ju WHERE identity = "
			  "'%s'",
		   (uintmax_t)e->epoch, e->identity));
}
