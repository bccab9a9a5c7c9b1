/* SPDX-License-Identifier: ISC */
/* What becomes of late rows: a limit, a stream of their own, a message. */
#ifndef MILLRACE_EVENT_LATE_H
#define MILLRACE_EVENT_LATE_H

#include <stdbool.h>
#include <stdint.h>

#include "data/batch.h"
#include "tool/sidestream.h"
#include "window/stamp.h"

/* Late rows are counted in st->acct by the caller. */
struct late {
	struct sidestream to; /* where they are saved */
	int64_t max; /* rows, -1 = any */
	double max_share; /* of the rows read, above 1 = any */
	/* Private. */
	struct batch rows;
};

void late_init(struct late *l);
void late_release(struct late *l);

/*
 * late_rows: save the late ones of b, and fail when there are too many; last:
 * b closes its batch, so that their share is looked at.
 * late_end: the same at the end, and publish what was saved.
 * Each 0, or -1 after stage_fail.
 */
int late_rows(struct late *l, struct stage *st, const struct batch *b,
    const struct stamped *s, bool last);
int late_end(struct late *l, struct stage *st, enum end_reason reason);

#endif
