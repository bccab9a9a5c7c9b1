/* SPDX-License-Identifier: ISC */
/*
 * Sessions by key, as far as time goes: the connected components of rows that
 * are less than a gap apart, in any order of arrival.  What a session holds is
 * its owner's.
 */
#ifndef MILLRACE_WINDOW_STRETCH_H
#define MILLRACE_WINDOW_STRETCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "window/keys.h"

/* The time that one session covers.  Invariant: first_us <= last_us. */
struct stretch {
	SLIST_ENTRY(stretch) next; /* of its key, the latest first */
	int64_t first_us;
	int64_t last_us;
	uint64_t order; /* of its first row to come */
	uint32_t key; /* once it is due or listed */
};

/* Such a head may be moved, as its array grows. */
SLIST_HEAD(stretch_list, stretch);

/*
 * Of those who keep more with each, in a struct that begins with it.  open: a
 * new one, which holds nothing.  join: what from holds goes to to; 0, or -1
 * with *why (static).  drop: free it; NULL is nothing.
 */
struct stretch_owner {
	struct stretch *(*open)(void *arg);
	int (*join)(void *arg, const char **why, struct stretch *to,
	    struct stretch *from);
	void (*drop)(struct stretch *x);
};

/*
 * Invariants: lists has one list for each key, in which two neighbours are gap
 * or more apart; n_open is how many are in lists, each of which ends (gap
 * behind its last row) at least_end or later.
 */
struct stretches {
	const struct stretch_owner *owner; /* borrowed */
	void *arg;
	int64_t gap;
	struct keys keys;
	struct stretch_list *lists;
	size_t cap_lists;
	size_t n_lists;
	size_t n_open;
	int64_t least_end;
	int64_t given_us; /* up to which they were given, or TIME_NONE */
	struct stretch **due; /* in none of the lists any more */
	size_t n_due, due_at, cap_due;
};

/* gap in microseconds, above 0; n_keys at least 1. */
void stretches_init(struct stretches *s, int64_t gap,
    const enum type *key_types, size_t n_keys,
    const struct stretch_owner *owner, void *arg);
void stretches_release(struct stretches *s);

/*
 * stretches_keys: the numbers of the keys of n rows, from a; order is that of
 * the first row.
 * stretches_add: the session of rows of one key that cover *rows: all that they
 * touch, made one, or a new one.  NULL with *why (static).
 */
const uint32_t *stretches_keys(struct stretches *s, const struct col *cols,
    uint32_t n, uint64_t order, struct arena *a);
struct stretch *stretches_add(struct stretches *s, const char **why,
    uint32_t key, const struct stretch *rows);

/*
 * The next one in order of end, then of arrival, that ends at or before until
 * (INT64_MAX = all), NULL when there is none.  The next call drops it.
 */
struct stretch *stretches_next(struct stretches *s, int64_t until);

/*
 * Those that were not given.  stretches_n: how many; stretches_all: an array of
 * them to be freed, by key, then as in the lists, and those that are due last.
 */
size_t stretches_n(const struct stretches *s);
struct stretch **stretches_all(const struct stretches *s);

/*
 * For a restart, when none is due: stretches_save and stretches_save_lists
 * append, in two pieces; a failure is out's.  They are loaded into what is
 * empty, in the order in which they were saved, by which the owner loads what
 * they hold; then stretches_sort.  0, or -1 when they are malformed.
 */
void stretches_save(const struct stretches *s, struct buf *out);
void stretches_save_lists(const struct stretches *s, struct buf *out);
int stretches_load(struct stretches *s, struct cur *in);
int stretches_load_lists(struct stretches *s, struct cur *in);
int stretches_sort(struct stretches *s);

#endif
