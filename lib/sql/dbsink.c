/* SPDX-License-Identifier: ISC */
/* A command whose destination is a database. */
#include "sql/dbsink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "sql/dbspool.h"
#include "sql/dbtable.h"
#include "tool/stage.h"
#include "tool/tool.h"

struct dbsink {
	const struct db_kind *kind;
	const char *url;
	char *text; /* owned; what of it may be shown */
	struct dbtable table;
	struct head plain; /* HEAD without the checkpoint */
	struct dbspool spool; /* where the pipeline resumes */
	bool has; /* the epoch saved or loaded has rows */
};

static int
checked(struct stage *st, const struct dbsink *s, int rc)
{
	if (rc != -1)
		return rc;
	return stage_fail(st, s->table.db.status, "%s", s->table.db.why);
}

/*
 * The same for a reason that is freed.  The call that gives both may stand
 * among the arguments, in whatever order they are made.
 */
static int
spooled(struct stage *st, int rc, char **why)
{
	if (rc == -1 && *why != NULL)
		stage_fail(st, TOOL_IO, "%s", *why);
	free(*why);
	return rc;
}

/* Append SCHEME://USER:PASSWORD@HOST/... without the password. */
static void
put_place(struct buf *b, const char *url, size_t len)
{
	const char *from = memmem(url, len, "://", 3), *at, *colon;
	size_t host_len;

	from = from == NULL ? url : from + 3;
	host_len = strcspn(from, "/?");
	at = memrchr(from, '@', host_len);
	colon = at == NULL ? NULL : memchr(from, ':', (size_t)(at - from));
	if (colon == NULL) {
		buf_put(b, url, len);
		return;
	}
	buf_put(b, url, (size_t)(colon - url));
	buf_put(b, at, len - (size_t)(at - url));
}

/* Of the words behind ? only those that are no password. */
static void
put_query(struct buf *b, const char *query)
{
	char sep = '?';

	while (*query != '\0') {
		size_t len = strcspn(++query, "&");
		const char *name = memchr(query, '=', len);

		name = name == NULL ? query : name;
		if (memmem(query, (size_t)(name - query), "password", 8)
		    == NULL) {
			buf_putc(b, sep);
			buf_put(b, query, len);
			sep = '&';
		}
		query += len;
	}
}

/* A destination as it may be shown, to be freed. */
static char *
without_password(const char *url)
{
	size_t len = strcspn(url, "?");
	struct buf b;
	char *text;

	buf_init(&b, 0);
	put_place(&b, url, len);
	put_query(&b, url + len);
	text = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return text;
}

static int
on_head(struct stage *st, void *arg)
{
	struct dbsink *s = arg;

	st->options = s->text = without_password(s->url);
	if (st->tool->schema_only)
		return 0;
	head_release(&s->plain);
	head_copy(&s->plain, &st->in);
	s->plain.path[0] = '\0';
	if (checked(st, s, dbtable_open(&s->table, s->kind, s->url)) == -1)
		return -1;
	return checked(st, s, dbtable_head(&s->table, &s->plain));
}

static int
on_begin(struct stage *st, void *arg)
{
	struct dbsink *s = arg;
	char *why = NULL;

	if (!st->resume.active)
		return 0;
	return spooled(st,
	    dbspool_begin(&s->spool, &why, &st->resume.dir, &s->plain), &why);
}

static int
take(struct stage *st, struct dbsink *s, const struct frame *f,
    const struct batch *b)
{
	char *why = NULL;

	if (st->resume.active)
		return spooled(st, dbspool_frame(&s->spool, &why, f, b), &why);
	if (checked(st, s, dbtable_frame(&s->table, f, b)) == -1)
		return -1;
	/* What has no end is shown batch by batch. */
	if (!st->in.endless || (f->h.flags & FRAME_LAST) == 0)
		return 0;
	return checked(st, s, dbtable_commit(&s->table));
}

static int
on_rows(struct stage *st, void *arg, const struct frame *f, struct batch *b)
{
	st->acct.used += b->n_rows;
	return take(st, arg, f, b);
}

static int
on_frame(struct stage *st, void *arg, const struct frame *f)
{
	return f->h.kind == FRAME_ROWS ? 0 : take(st, arg, f, NULL);
}

static int
on_commit(struct stage *st, void *arg)
{
	struct dbsink *s = arg;

	return checked(st, s, dbtable_commit(&s->table));
}

static void
on_save(struct stage *st, void *arg, struct buf *out)
{
	struct dbsink *s = arg;
	char *why = NULL;

	spooled(st, dbspool_end(&s->spool, &why, &s->has), &why);
	buf_put_int(out, s->has, 1);
}

static int
on_load(struct stage *st, void *arg, struct cur *in)
{
	struct dbsink *s = arg;

	(void)st;
	s->has = cur_get_int(in, 1) != 0;
	return in->failed ? -1 : 0;
}

/* A name for the pipeline: who reads it cannot join the directory by it. */
static void
name_epoch(struct dbtable_epoch *e, const struct checkpoint *c)
{
	uint8_t sum[SHA256_LEN], id[sizeof(c->identity) + 8];
	bool first = c->last.series == 0;

	memcpy(id, c->identity, sizeof(c->identity));
	le_put(id + sizeof(c->identity), c->last.series, 8);
	sha256(sum, id, first ? sizeof(c->identity) : sizeof(id));
	for (size_t i = 0; i < sizeof(e->identity) / 2; i++)
		snprintf(e->identity + 2 * i, 3, "%02x", sum[i]);
	e->epoch = c->last.epoch;
}

static int
put_back(void *arg, const struct frame *f, const struct batch *b)
{
	return dbtable_frame(arg, f, b);
}

/* The rows of the epoch, from the directory into the table. */
static int
put_all(struct stage *st, struct dbsink *s)
{
	char *why = NULL;
	int rc = dbspool_read(&st->resume.dir, &why, put_back, &s->table);

	if (rc == 0)
		return 0;
	if (why == NULL)
		return checked(st, s, -1);
	stage_fail(st, rc, "%s", why);
	free(why);
	return -1;
}

/* One transaction, which does nothing if it was done before. */
static int
on_publish(struct stage *st, void *arg)
{
	struct dbsink *s = arg;
	const struct checkpoint *c = &st->resume.dir;
	struct dbtable_epoch e;
	int rc;

	if (!s->has)
		return 0;
	name_epoch(&e, c);
	rc = dbtable_lock(&s->table, &e);
	if (rc == 1) {
		if (put_all(st, s) == -1)
			return -1;
		rc = dbtable_done(&s->table, &e);
		if (rc == 0)
			rc = dbtable_commit(&s->table);
	}
	if (checked(st, s, rc) == -1)
		return -1;
	dbspool_remove(c);
	return 0;
}

static const struct stage_ops ops = {.cls = CLASS_FRAME,
    .head = on_head,
    .begin = on_begin,
    .rows = on_rows,
    .frame = on_frame,
    .commit = on_commit,
    .save = on_save,
    .load = on_load,
    .publish = on_publish,
    .version = 1};

int
dbsink_main(const struct db_kind *k, int argc, char *argv[])
{
	struct dbsink s = {
	    .kind = k, .table = {.db = {.kind = k}}, .spool = {.fd = -1}};
	struct stage st = {.sink = true, .elsewhere = true};
	struct tool t;
	const char *arg;
	int status;

	tool_init(&t, k->program, k->synopsis,
	    "Put the rows of a stream into a table.", NULL, 0);
	tool_stdout(false);
	while (tool_next(&t, argc, argv, &arg) != -1)
		continue;
	if (argc - optind != 1)
		tool_die(
		    TOOL_USAGE, "there is one destination: %s", k->synopsis);
	s.url = argv[optind];
	head_init(&s.plain);
	status = stage_run(&st, &t, &ops, &s);
	dbspool_release(&s.spool);
	dbtable_close(&s.table);
	head_release(&s.plain);
	free(s.text);
	return status;
}
