/* SPDX-License-Identifier: ISC */
/* What the files of commands share. */
#ifndef MILLRACE_STEP_COMMAND_INT_H
#define MILLRACE_STEP_COMMAND_INT_H

#include "io/pump.h"
#include "step/command.h"
#include "text/render.h"
#include "text/text.h"

#define COMMAND_MAX_OK 256 /* exit statuses */

struct command {
	struct step *step;
	const char *format; /* borrowed */
	bool no_header; /* csv or tsv whose texts begin with no line of names */
	char *columns; /* owned; -c for what comes back */
	struct schema schema; /* what comes back */
	struct head head; /* of what goes in, for render */
	bool ok[COMMAND_MAX_OK]; /* by exit status */
	struct pump pump;
	struct render *render; /* while it runs */
	struct text *text; /* while it runs */
	bool headed; /* text knows its columns */
	struct buf out; /* its output that has not been parsed */
	size_t at; /* of it, parsed */
	uint64_t n_lines; /* line ends in out, from at on */
	int (*on_output)(struct step *s);
	struct build rows;
	struct batch view;
	char *bad; /* owned: why a line is no row */
};

/* Its name in messages. */
const char *command_name(const struct command *c);

/* Its output begins, of which nothing is known.  0, or -1 after step_fail. */
int command_begin(struct command *c);

#endif
