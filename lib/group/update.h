/* SPDX-License-Identifier: ISC */
/* Results that replace earlier ones: --emit update.  millrace-frame(5). */
#ifndef MILLRACE_GROUP_UPDATE_H
#define MILLRACE_GROUP_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/batch.h"
#include "window/keys.h"
#include "wire/mode.h"

struct group;
struct stage;

/*
 * op has a put or a delete for each result that waits.  With --having, keys
 * are those of results that were sent or might have been, and is[slot] tells
 * whether the last one sent was a put: only then a delete is due.
 */
struct update {
	bool on;
	struct colbuf op;
	size_t n_front; /* columns up to the keys' end: they name the row */
	bool choosy; /* there is a --having */
	struct keys keys;
	uint8_t *is;
	size_t cap_is;
	uint32_t purge_at;
};

/*
 * update_plan: the schema of the results is st->out's, its first n_front
 * columns being the keys; adds op and says so in HEAD.
 * update_rows: which rows of b, the results that wait with op as their last
 * column, go out, ascending, into sel, which has room for all, and *n.
 * update_forget: windows that end at or before until have been sent for the
 * last time; ends are in column end_col of the keys, or -1.
 * 0, or -1 after stage_fail.
 */
int update_plan(struct stage *st, struct group *g, size_t n_front);
void update_release(struct update *u);
int update_rows(struct stage *st, struct group *g, struct batch *b,
    uint32_t *sel, uint32_t *n);
void update_forget(struct update *u, int end_col, int64_t until);

/* What was sent, for a restart; load: 0, or -1 when it is malformed. */
void update_save(const struct update *u, struct buf *out);
int update_load(struct update *u, struct cur *in);

#endif
