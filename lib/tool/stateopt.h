/* SPDX-License-Identifier: ISC */
/* The options of sbatch(1) that go with -S. */
#ifndef MILLRACE_TOOL_STATEOPT_H
#define MILLRACE_TOOL_STATEOPT_H

#include <stdbool.h>

struct intake;

enum {
	STATEOPT_EPOCH = 1100,
	STATEOPT_ONCE,
	STATEOPT_SPOOL,
	STATEOPT_SPOOL_MAX,
	STATEOPT_TRUNCATE,
	STATEOPT_MISSING,
	STATEOPT_FORCE_FS,
	STATEOPT_ACCEPT
};

/* All zero bytes is: none was given. */
struct stateopt {
	const char *given; /* one of them, or NULL */
	bool relative; /* a time that counts from now was given */
};

/*
 * stateopt_take: take one of them into in; false when ch is another option.
 * stateopt_settle: after all options: what they leave open.  With -S SIGPIPE is
 * ignored from then on, unless schema_only: then nothing is to be kept.
 */
bool stateopt_take(
    struct stateopt *s, struct intake *in, int ch, const char *arg);
void stateopt_settle(
    const struct stateopt *s, struct intake *in, bool schema_only);

#endif
