/* SPDX-License-Identifier: ISC */
/* What the files of sessions share. */
#ifndef MILLRACE_WINDOW_SESSION_INT_H
#define MILLRACE_WINDOW_SESSION_INT_H

#include <stdbool.h>
#include <sys/queue.h>

#include "window/session.h"
#include "window/slots.h"
#include "window/stretch.h"

/* Invariant: end_us = at.last_us + gap. */
struct session {
	SLIST_ENTRY(session) next; /* of its key, in no order */
	struct stretch at;
	int64_t end_us;
	uint32_t slot; /* of the one group, where sessions have one */
	uint32_t key; /* once it is due */
	struct pane *table; /* else of all of them; or NULL */
};

/* Such a head may be moved, as its array grows. */
SLIST_HEAD(session_list, session);

/*
 * Invariants: lists has one list for each key, and n_open is the number of
 * sessions in them; each ends at least_end or later; what is in
 * due[due_at..n_due) is in no list any more.
 */
struct sessions {
	const struct pane_plan *plan;
	const size_t *key_cols;
	size_t n_keys;
	int64_t gap;
	enum type *types;
	struct keys keys;
	struct session_list *lists;
	size_t cap_lists;
	size_t n_lists;
	size_t n_open;
	int64_t least_end;
	int64_t given_us; /* watermark up to which sessions were given */
	struct session **due;
	size_t n_due, due_at, cap_due;
	bool single; /* all keys are the session's: it has one group */
	struct slots slots; /* and those are here */
	struct pane *given; /* such a session as a table */
};

/* A list for each key. */
void sessions_grow_lists(struct sessions *s);

#endif
