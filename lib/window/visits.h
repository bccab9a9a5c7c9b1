/* SPDX-License-Identifier: ISC */
/* Sessions whose rows are held. */
#ifndef MILLRACE_WINDOW_VISITS_H
#define MILLRACE_WINDOW_VISITS_H

#include "window/store.h"
#include "window/stretch.h"

/* Rows of one key, each less than the gap from the next. */
struct visit {
	struct stretch at;
	struct bag rows;
};

/* The owner of stretches that are visits; of no arg. */
extern const struct stretch_owner visits_owner;

/* Add a row at t to the visits of a key; order grows from row to row. */
void visits_add(struct stretches *v, uint32_t key, int64_t t, int64_t part,
    uint64_t at, uint64_t order);

/* The bags of all, in the order of stretches_all; *n of them, to be freed. */
struct bag **visits_bags(const struct stretches *v, size_t *n);

#endif
