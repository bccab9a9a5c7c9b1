/* SPDX-License-Identifier: ISC */
/* From when until when: --from and --until.  sbatch(1), RANGES. */
#ifndef MILLRACE_IO_RANGE_H
#define MILLRACE_IO_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "data/batch.h"
#include "io/source.h"
#include "text/text.h"

/*
 * How far from their order rows may be: no row comes later than this much of
 * event time behind a younger one.  Only bytes beyond that are passed over
 * unread.
 */
#define RANGE_SLACK_US (INT64_C(3600) * 1000000)

/* Event times from <= t < until. */
struct range {
	int64_t from; /* INT64_MIN = any */
	int64_t until; /* INT64_MAX = any */
	bool end; /* followed files: what comes after the start */
};

/*
 * range_init: everything.
 * range_parse: "start", "end", an RFC 3339 time, or a duration before now_us
 * (-15m) into a bound, from or until.  end is set by "end" alone.
 * 0, or -1.
 */
void range_init(struct range *r);
int range_parse(int64_t *bound, bool *end, const char *arg, int64_t now_us);

/* Whether event times matter. */
static inline bool
range_is_set(const struct range *r)
{
	return r->from != INT64_MIN || r->until != INT64_MAX;
}

/*
 * Of the rows of b from before on, the numbers of those inside, by the TIME
 * column time_col, to be freed, and how many they are; those without a time
 * are outside.  NULL: all are inside.
 */
uint32_t *range_pick(const struct range *r, uint32_t *n, const struct build *b,
    int time_col, uint32_t before);

/*
 * The same for the *n rows of b from before on: whether the first is inside;
 * *n becomes how many follow of which the same is true, itself included.
 */
bool range_run(const struct range *r, uint32_t *n, const struct build *b,
    int time_col, uint32_t before);

/*
 * Pass over the beginning and the end of a plain file, whose rows are about in
 * order, where they are outside: s has just been read up to byte at, and t has
 * read its header.  Returns where to go on, at if nothing can be passed over;
 * s reads on from there.
 */
uint64_t range_seek(
    const struct range *r, struct source *s, struct text *t, uint64_t at);

#endif
