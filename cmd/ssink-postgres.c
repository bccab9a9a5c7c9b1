/* SPDX-License-Identifier: ISC */
/* ssink-postgres: the rows of a stream into a PostgreSQL table.
 * ssink-postgres(1). */
#include <libpq-fe.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "sql/dbsink.h"
#include "text/render.h"

struct postgres {
	PGconn *db;
	struct render *render; /* of the rows that are loaded */
};

/* A message of the server in one line. */
static char *
one_line(const char *text)
{
	char *s = mem_strdup(text);
	size_t len = strlen(s);

	while (len > 0 && s[len - 1] == '\n')
		s[--len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (s[i] == '\n')
			s[i] = ' ';
	return s;
}

/*
 * The exit status for what the server says: 22 data, 23 constraint, 42 no such
 * column and the like, 0A; or for what the library says, in words alone.
 */
static int
status_of(const char *state, const char *text)
{
	static const char *const data[] = {"22", "23", "42", "0A"};

	for (size_t i = 0; state != NULL && i < 4; i++)
		if (strncmp(state, data[i], 2) == 0)
			return EX_DATAERR;
	return state == NULL && strstr(text, "out of memory") != NULL
		   ? EX_OSERR
		   : EX_IOERR;
}

static int
failed(struct db *d, const PGresult *r)
{
	const struct postgres *s = d->own;
	const char *state;
	char *text;

	if (s->db == NULL)
		return db_fail(d, EX_OSERR, "out of memory");
	state = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_SQLSTATE);
	text = one_line(
	    r == NULL ? PQerrorMessage(s->db) : PQresultErrorMessage(r));
	db_fail(d, status_of(state, text), "%s", text);
	free(text);
	return -1;
}

static void
no_notice(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static void
postgres_close(void *own)
{
	struct postgres *s = own;

	if (s == NULL)
		return;
	render_free(s->render);
	PQfinish(s->db);
	free(s);
}

static int
postgres_run(struct db *d, char **value, const char *sql)
{
	struct postgres *s = d->own;
	PGresult *r = PQexec(s->db, sql);
	ExecStatusType status = PQresultStatus(r);
	int rc = 0;

	if (value != NULL)
		*value = NULL;
	if (status == PGRES_TUPLES_OK) {
		if (value != NULL && PQntuples(r) > 0 && !PQgetisnull(r, 0, 0))
			*value = mem_strdup(PQgetvalue(r, 0, 0));
	} else if (status != PGRES_COMMAND_OK && status != PGRES_COPY_IN) {
		rc = failed(d, r);
	} else if (strcmp(sql, "COMMIT") == 0
		   && strcmp(PQcmdStatus(r), "COMMIT") != 0) {
		rc = db_fail(
		    d, EX_IOERR, "the server rolled the transaction back");
	}
	PQclear(r);
	return rc;
}

static int
postgres_open(struct db *d, const char *url)
{
	struct postgres *s = mem_zero(1, sizeof(*s));

	d->own = s;
	s->db = PQconnectdb(url);
	if (PQstatus(s->db) != CONNECTION_OK)
		return failed(d, NULL);
	PQsetNoticeProcessor(s->db, no_notice, NULL);
	if (PQsetClientEncoding(s->db, "UTF8") == -1)
		return failed(d, NULL);
	/* Epochs that are committed must outlast a crash of the server. */
	return postgres_run(d, NULL,
	    "SELECT set_config('synchronous_commit', 'on', false) "
	    "WHERE current_setting('synchronous_commit') = 'off'");
}

/* Takes what is rendered. */
static int
put(void *arg, const void *p, size_t len)
{
	struct db *d = arg;
	struct postgres *s = d->own;
	const char *at = p;

	while (len > 0) {
		int n = len < INT_MAX ? (int)len : INT_MAX;

		if (PQputCopyData(s->db, at, n) != 1)
			return failed(d, NULL);
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* tsv is what COPY reads, to the letter. */
static int
postgres_load(
    struct db *d, const char *table, const char *columns, const struct head *h)
{
	static const struct render_opts tsv = {.format = "tsv",
	    .no_header = true,
	    .delim = -1,
	    .tty_fd = -1,
	    .whole = true};
	struct postgres *s = d->own;
	char *sql = mem_printf("COPY %s (%s) FROM STDIN", table, columns);
	char *why;
	int rc = postgres_run(d, NULL, sql);

	free(sql);
	if (rc == -1)
		return -1;
	s->render = render_new(&tsv, &why);
	if (s->render == NULL) {
		db_fail(d, EX_SOFTWARE, "%s", why);
		free(why);
		return -1;
	}
	render_to(s->render, put, d);
	if (render_head(s->render, h) == -1 && d->why == NULL)
		return db_fail(d, EX_DATAERR, "%s", render_error(s->render));
	return d->why == NULL ? 0 : -1;
}

static int
postgres_rows(struct db *d, const struct frame *f, const struct batch *b)
{
	struct postgres *s = d->own;

	return render_frame(s->render, f, b);
}

static int
postgres_loaded(struct db *d)
{
	struct postgres *s = d->own;
	PGresult *r;
	int rc = render_end(s->render);

	render_free(s->render);
	s->render = NULL;
	if (rc == -1)
		return -1;
	if (PQputCopyEnd(s->db, NULL) != 1)
		return failed(d, NULL);
	while ((r = PQgetResult(s->db)) != NULL) {
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			rc = failed(d, r);
		PQclear(r);
	}
	return rc;
}

/*
 * IF NOT EXISTS does not wait for who is making the table, and then fails by a
 * key of the catalogue.  Statements of one text are one transaction.
 */
#define ALONE "SELECT pg_advisory_xact_lock(1836674674); "

/* What is committed must outlast a crash of the server, however it is set. */
#define BEGIN                                                                  \
	"BEGIN; SELECT set_config('synchronous_commit', 'on', true) "          \
	"WHERE current_setting('synchronous_commit') = 'off'"

static const struct db_kind kind = {.program = "ssink-postgres",
    .synopsis = "[options] postgres://[USER@]HOST[:PORT]/DB?table=NAME",
    .types = {[TYPE_BOOL] = "boolean",
	[TYPE_INT] = "bigint",
	[TYPE_FLOAT] = "double precision",
	[TYPE_STR] = "text",
	[TYPE_TIME] = "timestamp with time zone",
	[TYPE_DUR] = "interval"},
    .sequence = "bigserial PRIMARY KEY",
    .begin = BEGIN,
    .temp_tail = "",
    .lock_tail = " FOR UPDATE",
    .unique = "UNIQUE NULLS NOT DISTINCT",
    .alone = ALONE,
    .find_before = "SELECT 1 WHERE to_regclass(",
    .find_after = ") IS NOT NULL",
    .has_using = true,
    .open = postgres_open,
    .close = postgres_close,
    .exec = postgres_run,
    .load = postgres_load,
    .rows = postgres_rows,
    .loaded = postgres_loaded};

int
main(int argc, char *argv[])
{
	return dbsink_main(&kind, argc, argv);
}
