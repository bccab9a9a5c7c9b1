/* SPDX-License-Identifier: ISC */
/* A table that takes the rows of a stream, in transactions. */
#ifndef MILLRACE_SQL_DBTABLE_H
#define MILLRACE_SQL_DBTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/changelog.h"
#include "sql/db.h"
#include "wire/mode.h"

struct dbtable {
	struct db db;
	char *name; /* owned, in quotes */
	const struct head *head; /* borrowed */
	struct changelog changes; /* of an upsert stream */
	struct mode_batches batches; /* of a complete one */
	bool fresh; /* its batch at hand has cleared the table */
	bool open; /* in a transaction */
	bool loading;
};

/* What the frames of a pipeline that resumes are known by. */
struct dbtable_epoch {
	char identity[33]; /* text; not the secret one itself */
	uint64_t epoch;
};

/*
 * dbtable_open: connect; url has table=NAME in it.  dbtable_close in any case.
 * dbtable_head: make the table where there is none, check it otherwise; h is
 * borrowed until dbtable_close.
 * dbtable_frame: begin a transaction where there is none, and put the rows, if
 * any, in; b is NULL for frames of other kinds, which count for batches.
 * dbtable_commit: all of it shows, or nothing.
 * dbtable_lock: begin a transaction for an epoch.  1, 0 when that epoch, or a
 * later one, is in the table already, and no transaction has begun, or -1.
 * dbtable_done: note the epoch in the transaction; then dbtable_commit.
 * All: 0, or -1 with db.why and db.status.
 */
int dbtable_open(struct dbtable *t, const struct db_kind *k, const char *url);
void dbtable_close(struct dbtable *t);
int dbtable_head(struct dbtable *t, const struct head *h);
int dbtable_frame(
    struct dbtable *t, const struct frame *f, const struct batch *b);
int dbtable_commit(struct dbtable *t);
int dbtable_lock(struct dbtable *t, const struct dbtable_epoch *e);
int dbtable_done(struct dbtable *t, const struct dbtable_epoch *e);

#endif
