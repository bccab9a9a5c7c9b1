/* SPDX-License-Identifier: ISC */
/* When --early wants intermediate results: by the event times of the rows. */
#ifndef MILLRACE_GROUP_EARLY_H
#define MILLRACE_GROUP_EARLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/batch.h"

/*
 * The greatest event time so far lies in a period of every_us.  Each time that
 * a row takes it into a later one, what came before that row is answered:
 * frames have no part in it.
 */
struct early {
	int64_t every_us; /* 0 = never */
	int64_t until_us; /* end of the period */
	bool begun;
	struct batch part; /* rows of a frame between two answers */
};

/*
 * How many of the rows times[from..n) come before the next answer: n - from
 * when it is not among them.  INT64_MIN is no time.
 */
uint32_t early_run(
    struct early *e, const int64_t *times, uint32_t from, uint32_t n);

#endif
