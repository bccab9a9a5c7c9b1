/* SPDX-License-Identifier: ISC */
/* Rows as text into a command, and its text back as rows.  smap(1), COMMANDS.
 */
#ifndef MILLRACE_STEP_COMMAND_H
#define MILLRACE_STEP_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "step/step.h"

struct command;

/*
 * command_new: for the command and the options of s, given rows of *in.  The
 * texts have a header where names asks for it and the format has one.  NULL
 * after step_fail: no such command, a format that cannot go both ways, ...
 * command_schema: what comes back, without columns of the system.
 */
struct command *command_new(
    struct step *s, const struct schema *in, bool names);
void command_free(struct command *c);
const struct schema *command_schema(const struct command *c);

/*
 * command_start: run it, unless it runs.
 * command_write: give it the rows of b, at once.
 * command_close: it gets no more rows.
 * command_read: wait for output; 1 some came, 0 it has ended, 2 none within
 * timeout_ms (-1 waits).
 * command_wait: it has ended: check its exit status against --ok.
 * Each may be followed by command_rows.  -1 after step_fail.
 */
int command_start(struct command *c);
bool command_runs(const struct command *c);
int command_write(struct command *c, const struct batch *b);
int command_close(struct command *c);
int command_read(struct command *c, int timeout_ms);
int command_wait(struct command *c);

/*
 * Whether on_output is to be called as output comes in, so that it need not
 * be kept; or whole lines are counted and kept.
 */
void command_on_output(struct command *c, int (*on_output)(struct step *s));
uint64_t command_lines(const struct command *c);

/*
 * Parse output: command_rows up to a frame's worth of rows, *b is theirs until
 * the next call; 1, 0 for none.  all: nothing more will come.
 * command_take_lines: exactly the n lines that are there, as n rows.
 * -1 after step_fail.
 */
int command_rows(struct command *c, const struct batch **b, bool all);
int command_take_lines(struct command *c, const struct batch **b, uint32_t n);

#endif
