/* SPDX-License-Identifier: ISC */
/* What the files of sessions share. */
#ifndef MILLRACE_WINDOW_SESSION_INT_H
#define MILLRACE_WINDOW_SESSION_INT_H

#include <stdbool.h>

#include "window/session.h"
#include "window/slots.h"
#include "window/stretch.h"

struct session {
	struct stretch at;
	uint32_t slot; /* of the one group, where sessions have one */
	struct pane *table; /* else of all of them; or NULL */
};

struct sessions {
	const struct pane_plan *plan;
	const size_t *key_cols;
	size_t n_keys;
	struct stretches all;
	bool single; /* all keys are the session's: it has one group */
	struct slots slots; /* and those are here */
	struct pane *given; /* such a session as a table */
};

#endif
