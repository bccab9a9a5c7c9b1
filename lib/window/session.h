/* SPDX-License-Identifier: ISC */
/*
 * Sessions: rows of one key that are less than a gap apart.  sreduce(1).
 * They are the connected components of the rows, in any order of arrival: a
 * row between two sessions makes them one.
 */
#ifndef MILLRACE_WINDOW_SESSION_H
#define MILLRACE_WINDOW_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "window/pane.h"

struct sessions;

/*
 * gap in microseconds, above 0.  key_cols[0..n_keys): whose sessions, as
 * numbers of key columns of plan, n_keys at least 1.  Both are borrowed.
 */
struct sessions *sessions_new(int64_t gap, const struct pane_plan *plan,
    const size_t *key_cols, size_t n_keys);
void sessions_free(struct sessions *s);

/*
 * Add n rows at times, a plain column without nulls.  0, or -1 with the
 * reason in *why (static), also when a session of theirs has been given.
 */
int sessions_add(struct sessions *s, const char **why,
    const struct pane_rows *in, const struct col *times, uint32_t n,
    struct arena *a);

/* A session that is complete: [first, last + gap).  Until the next call. */
struct session_result {
	int64_t first_us;
	int64_t end_us;
	const struct pane *table;
};

/*
 * The next session in order of end, then of arrival, with end <= watermark
 * (INT64_MAX = all).  1, or 0 when there is none.
 */
int sessions_next(
    struct sessions *s, struct session_result *out, int64_t watermark);

/* How many are open: they hold rows and were not given. */
size_t sessions_n_open(const struct sessions *s);

/*
 * sessions_save: those that are open, for a restart, when none is due.
 * sessions_load: into none; 0, or -1 when it is malformed.
 */
void sessions_save(const struct sessions *s, struct buf *out);
int sessions_load(struct sessions *s, struct cur *in);

#endif
