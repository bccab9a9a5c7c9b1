/* SPDX-License-Identifier: ISC */
/* Sessions whose rows are held: connected components by key. */
#ifndef MILLRACE_WINDOW_VISITS_H
#define MILLRACE_WINDOW_VISITS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "window/keys.h"
#include "window/store.h"
#include "window/stretch.h"

/* Rows of one key, each less than the gap from the next. */
struct visit {
	SLIST_ENTRY(visit) next; /* of its key, in no order */
	struct stretch at;
	struct bag rows;
};

SLIST_HEAD(visit_list, visit);

/*
 * Invariants: lists has one list for each key; n_open is how many visits are
 * in them, each of which ends at least_end or later.
 */
struct visits {
	int64_t gap;
	struct keys keys;
	struct visit_list *lists;
	size_t cap_lists;
	size_t n_lists;
	size_t n_open;
	int64_t least_end;
	struct visit **due; /* in none of the lists any more */
	size_t n_due, due_at, cap_due;
};

void visits_init(
    struct visits *v, int64_t gap, const enum type *key_types, size_t n_keys);
void visits_release(struct visits *v);

/* Where n rows with those keys belong: groups, from a. */
const uint32_t *visits_keys(
    struct visits *v, const struct col *keys, uint32_t n, struct arena *a);

/* Add a row at t; order grows from row to row. */
void visits_add(struct visits *v, uint32_t group, int64_t t, int64_t part,
    uint64_t at, uint64_t order);

/*
 * The next visit in order of end, then of arrival, that ends at or before
 * until (INT64_MAX = all); NULL when there is none.  The caller has dropped
 * its rows by the next call, which frees it.
 */
struct visit *visits_next(struct visits *v, int64_t until);

/* The bags of all, from a; *n of them. */
struct bag **visits_bags(struct visits *v, size_t *n, struct arena *a);

/*
 * For a restart, when none is due: all but the rows, whose bags visits_bags
 * gives in the same order before and after.  Load into what is empty: 0, or -1
 * when it is malformed.
 */
void visits_save(const struct visits *v, struct buf *out);
int visits_load(struct visits *v, struct cur *in);

#endif
