/* SPDX-License-Identifier: ISC */
/* The join of two streams as a stage.  sjoin(1), STREAMS. */
#ifndef MILLRACE_JOIN_STREAMS_H
#define MILLRACE_JOIN_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "join/plan.h"
#include "tool/pair.h"

struct tool;

#define STREAMS_SPOOL (64u << 20) /* bytes read ahead unless told otherwise */
#define STREAMS_STALL_US INT64_C(60000000)

/* All texts are borrowed. */
struct streams_opts {
	struct plan_opts plan;
	const char *kind; /* the option that made plan.kind; NULL for inner */
	bool within; /* and then lo and hi, in microseconds */
	int64_t lo;
	int64_t hi;
	bool asof; /* with within, lo says how old the match may be */
	bool unbounded;
	const char *sources; /* "[COL=]A,B": both sides are on stdin; or NULL */
	struct pair_opts pair; /* without sources */
	const char *words; /* for the chain in HEAD */
};

/* The argument of --within.  0, or -1 when it is none. */
int streams_within(struct streams_opts *o, const char *arg);

/* Run the stage; the exit status, the message having been printed. */
int streams_run(struct tool *t, const struct streams_opts *o);

#endif
