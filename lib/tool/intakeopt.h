/* SPDX-License-Identifier: ISC */
/* The options of sbatch(1) that say what is read and how. */
#ifndef MILLRACE_TOOL_INTAKEOPT_H
#define MILLRACE_TOOL_INTAKEOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tool/stateopt.h"

struct intake;
struct tool;
struct tool_opt;
struct zone;

/* All zero bytes but for in is: none was given. */
struct intakeopt {
	struct intake *in; /* which they change; borrowed */
	struct zone *zone; /* of --tz, owned, or NULL */
	bool bad_given;
	bool max_bad_given;
	struct stateopt state;
	unsigned stream; /* enum stream_option */
	uint64_t pipe_size; /* 0 = the default */
};

/*
 * intakeopt_table: all of them, *n.
 * intakeopt_take: one of the table.
 * intakeopt_settle: after all of them: what they leave open, but for what
 * depends on the sources, which is the matter of intakeopt_settle_sources,
 * behind intake_find.  The intake has its writer then, on standard output.
 * A wrong one ends the process with 64 and a message, and so do two that do
 * not go together.
 */
const struct tool_opt *intakeopt_table(size_t *n);
void intakeopt_take(struct intakeopt *g, int ch, const char *arg);
void intakeopt_settle(struct intakeopt *g, struct tool *t);
void intakeopt_settle_sources(struct intakeopt *g);
void intakeopt_release(struct intakeopt *g);

#endif
