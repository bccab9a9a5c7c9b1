/* SPDX-License-Identifier: ISC */
/* ssink-sqlite: the rows of a stream into an SQLite table.  ssink-sqlite(1). */
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/time.h"
#include "sql/dbsink.h"

#define SCHEME "sqlite://"
#define BUSY_MS 10000 /* how long to wait for another writer */

struct sqlite {
	sqlite3 *db;
	sqlite3_stmt *put; /* of the rows that are loaded */
	const struct schema *schema; /* of them */
	char *path; /* owned */
};

static int
failed(struct db *d)
{
	struct sqlite *s = d->own;
	int status;

	switch (sqlite3_errcode(s->db) & 0xff) {
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
	case SQLITE_RANGE:
	case SQLITE_ERROR:
		status = EX_DATAERR;
		break;
	case SQLITE_NOMEM:
		status = EX_OSERR;
		break;
	default:
		status = EX_IOERR;
		break;
	}
	return db_fail(d, status, "%s: %s", s->path, sqlite3_errmsg(s->db));
}

static int
hex_value(char c)
{
	const char *digits = "0123456789abcdef", *at;

	at = c == '\0' ? NULL
		       : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
	return at == NULL ? -1 : (int)(at - digits);
}

/* The path of a url, %XX decoded; to be freed. */
static char *
path_of(const char *url)
{
	const char *s = url + strlen(SCHEME);
	char *path = mem_strdup(s), *out = path;

	for (; *s != '\0'; s++) {
		int a = *s == '%' ? hex_value(s[1]) : -1;
		int b = a == -1 ? -1 : hex_value(s[2]);

		*out++ = b == -1 ? *s : (char)(a * 16 + b);
		s += b == -1 ? 0 : 2;
	}
	*out = '\0';
	return path;
}

static int
sqlite_open(struct db *d, const char *url)
{
	struct sqlite *s = mem_zero(1, sizeof(*s));

	d->own = s;
	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0
	    || url[strlen(SCHEME)] == '\0')
		return db_fail(
		    d, EX_USAGE, "%s: write sqlite://PATH?table=NAME", url);
	if (strchr(url, '?') != NULL)
		return db_fail(d, EX_USAGE, "%s: table= is all that it takes",
		    strchr(url, '?') + 1);
	s->path = path_of(url);
	if (sqlite3_open_v2(s->path, &s->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL)
	    != SQLITE_OK)
		return failed(d);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	/*
	 * Epochs that are committed must outlast a loss of power; FULL does
	 * not flush that the journal is gone, which then undoes the last one.
	 */
	if (sqlite3_exec(s->db, "PRAGMA synchronous = EXTRA", NULL, NULL, NULL)
	    != SQLITE_OK)
		return failed(d);
	return 0;
}

static void
sqlite_close(void *own)
{
	struct sqlite *s = own;

	if (s == NULL)
		return;
	sqlite3_finalize(s->put);
	sqlite3_close(s->db);
	free(s->path);
	free(s);
}

static int
sqlite_run(struct db *d, char **value, const char *sql)
{
	struct sqlite *s = d->own;
	sqlite3_stmt *q;
	const char *text;
	bool first = true;
	int rc;

	if (value != NULL)
		*value = NULL;
	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK)
		return failed(d);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(q, 0);
		if (first && value != NULL && text != NULL)
			*value = mem_strdup(text);
		first = false;
	}
	if (rc != SQLITE_DONE)
		failed(d);
	sqlite3_finalize(q);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int
sqlite_load(
    struct db *d, const char *table, const char *columns, const struct head *h)
{
	struct sqlite *s = d->own;
	struct buf b;
	bool first = true;
	int rc;

	buf_init(&b, 0);
	buf_printf(&b, "INSERT INTO %s (%s) VALUES (", table, columns);
	for (size_t i = 0; i < h->schema.n; i++) {
		if (h->schema.fields[i].system)
			continue;
		buf_puts(&b, first ? "?" : ", ?");
		first = false;
	}
	buf_putc(&b, ')');
	s->schema = &h->schema;
	rc = sqlite3_prepare_v2(
	    s->db, (const char *)b.data, (int)b.len, &s->put, NULL);
	buf_release(&b);
	return rc == SQLITE_OK ? 0 : failed(d);
}

/* Six digits of fraction, so that the order of texts is that of times. */
static int
bind_time(sqlite3_stmt *q, int at, int64_t us)
{
	char text[TIME_TEXT_MAX + 8];
	size_t len = time_format_rfc3339(text, us);
	size_t dot = len - 1;

	while (dot > 0 && text[dot] != '.' && text[dot] != ':')
		dot--;
	len--; /* the Z */
	if (text[dot] == ':') {
		dot = len;
		text[len++] = '.';
	}
	while (len < dot + 7)
		text[len++] = '0';
	text[len++] = 'Z';
	return sqlite3_bind_text(q, at, text, (int)len, SQLITE_TRANSIENT);
}

static int
bind_cell(sqlite3_stmt *q, int at, const struct col *c, uint32_t row)
{
	uint32_t e = col_entry(c, row);
	const char *s;
	size_t len;

	if (!col_is_valid(c, row))
		return sqlite3_bind_null(q, at);
	switch (c->type) {
	case TYPE_BOOL:
		return sqlite3_bind_int(q, at, bit_get(c->bits, e));
	case TYPE_INT:
		return sqlite3_bind_int64(q, at, c->i[e]);
	case TYPE_FLOAT:
		return sqlite3_bind_double(q, at, c->f[e]);
	case TYPE_DUR:
		return sqlite3_bind_double(
		    q, at, (double)c->i[e] / (double)TIME_US);
	case TYPE_TIME:
		return bind_time(q, at, c->i[e]);
	case TYPE_STR:
	case TYPE_BIN:
	default:
		/* Valid until the step that follows. */
		s = col_str(c, row, &len);
		return sqlite3_bind_text(q, at, s, (int)len, SQLITE_STATIC);
	}
}

static int
sqlite_rows(struct db *d, const struct frame *f, const struct batch *b)
{
	struct sqlite *s = d->own;

	(void)f;
	for (uint32_t row = 0; row < b->n_rows; row++) {
		int at = 0;

		for (size_t i = 0; i < b->n_cols; i++)
			if (!s->schema->fields[i].system
			    && bind_cell(s->put, ++at, &b->cols[i], row)
				   != SQLITE_OK)
				return failed(d);
		if (sqlite3_step(s->put) != SQLITE_DONE)
			return failed(d);
		sqlite3_reset(s->put);
	}
	return 0;
}

static int
sqlite_loaded(struct db *d)
{
	struct sqlite *s = d->own;

	sqlite3_finalize(s->put);
	s->put = NULL;
	return 0;
}

static const struct db_kind kind = {.program = "ssink-sqlite",
    .synopsis = "[options] sqlite://PATH?table=NAME",
    .types = {[TYPE_BOOL] = "boolean",
	[TYPE_INT] = "integer",
	[TYPE_FLOAT] = "real",
	[TYPE_STR] = "text",
	[TYPE_TIME] = "text",
	[TYPE_DUR] = "real"},
    .sequence = "integer PRIMARY KEY",
    .begin = "BEGIN IMMEDIATE",
    .temp_tail = "",
    .lock_tail = "",
    .unique = "UNIQUE",
    .alone = "",
    .find_before = "SELECT 1 FROM sqlite_master WHERE type IN ('table', "
		   "'view') AND '\"' || replace(name, '\"', '\"\"') || '\"' = ",
    .find_after = " COLLATE NOCASE",
    .has_using = false,
    .open = sqlite_open,
    .close = sqlite_close,
    .exec = sqlite_run,
    .load = sqlite_load,
    .rows = sqlite_rows,
    .loaded = sqlite_loaded};

int
main(int argc, char *argv[])
{
	return dbsink_main(&kind, argc, argv);
}
