/* SPDX-License-Identifier: ISC */
/* The join of a stream with a table as a stage.  sjoin(1), TABLES. */
#ifndef MILLRACE_JOIN_TABLES_H
#define MILLRACE_JOIN_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "join/plan.h"
#include "text/text.h"

struct tool;

/* All texts are borrowed. */
struct tables_opts {
	struct plan_opts plan;
	const char *kind; /* the option that made plan.kind; NULL for inner */
	const char *right; /* the table */
	struct text_opts text; /* how it is read */
	bool asof;
	int64_t within_us; /* as-of: how old the match may be; INT64_MAX */
	bool reload; /* read it again when it changes */
	const char *words; /* for the chain in HEAD */
};

/* Run the stage; the exit status, the message having been printed. */
int tables_run(struct tool *t, const struct tables_opts *o);

#endif
