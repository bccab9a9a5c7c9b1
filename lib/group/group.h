/* SPDX-License-Identifier: ISC */
/* sreduce: rows to one a key of each window or batch.  sreduce(1). */
#ifndef MILLRACE_GROUP_GROUP_H
#define MILLRACE_GROUP_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tool/tool.h"

#define GROUP_MAX_SORTS 64

/* An expression over the output that its rows are sorted by. */
struct group_sort {
	const char *opt; /* "--sort" or "--top" */
	char *text; /* owned */
	bool descending;
};

/* When rows go out; unless said, as the stream and --running suggest. */
enum group_emit {
	GROUP_EMIT_UNSAID,
	GROUP_FINAL,
	GROUP_UPDATE,
	GROUP_COMPLETE
};

/* What the user asked for; borrowed for the run. */
struct group_opts {
	const char *keys; /* "" = none */
	const char *aggs; /* all operands, joined by commas */
	const char *fold; /* states begin so, aggs is their update; or NULL */
	const char *fold_emit; /* what comes out of them, NULL = all */
	const char *having; /* or NULL */
	bool running; /* state across batches */
	enum group_emit emit;
	int64_t ttl_us; /* 0 = for ever */
	int64_t early_us; /* 0 = no intermediate results within a batch */
	bool fill; /* rows for keys that a window lacks */
	const char *roster; /* the file that lists those, NULL = keys seen */
	uint64_t max_state; /* keys held */
	int64_t top; /* rows of each window or batch, 0 = all */
	struct group_sort sorts[GROUP_MAX_SORTS];
	size_t n_sorts;
	uint64_t mem; /* bytes for tables, 0 = no bound */
	bool partial; /* states of each frame, not answers */
	bool merge; /* the input is such states */
	const char *text; /* all of it, for the chain in HEAD */
};

/* Run the stage from stdin to stdout.  Returns the exit status. */
int group_run(struct tool *t, const struct group_opts *o);

#endif
