/* SPDX-License-Identifier: ISC */
/* A command whose destination is a database. */
#ifndef MILLRACE_SQL_DBSINK_H
#define MILLRACE_SQL_DBSINK_H

#include "sql/db.h"

/* What main returns. */
int dbsink_main(const struct db_kind *k, int argc, char *argv[]);

#endif
