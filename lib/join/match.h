/* SPDX-License-Identifier: ISC */
/*
 * The matching of two streams: rows of both sides in, pairs of row numbers
 * out, as soon as no row to come can change them.  sjoin(1), STREAMS.
 */
#ifndef MILLRACE_JOIN_MATCH_H
#define MILLRACE_JOIN_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/batch.h"
#include "join/pairs.h"
#include "join/plan.h"
#include "join/side.h"
#include "wire/head.h"

enum match_way {
	MATCH_TIME, /* right time in [left time + lo, left time + hi] */
	MATCH_ASOF, /* the latest at most at the left time, none before lo */
	MATCH_WINDOW, /* of the same window */
	MATCH_BATCH, /* of the same batch */
	MATCH_ARRIVAL /* of all that has come so far; inner only */
};

/* Times in microseconds. */
struct match_opts {
	enum match_way way;
	enum plan_kind kind;
	int64_t lo;
	int64_t hi;
	const struct window_spec *window; /* of MATCH_WINDOW; or of a union */
	/* Of PLAN_COGROUP: match_open has the rows of a window or batch. */
	int (*scope)(void *arg);
};

struct match;

/*
 * match_new: sides are the schemas of the left and the right rows; pairs go
 * to full(arg), which scope gets, too.  NULL with *why, to be freed.
 */
struct match *match_new(const struct match_opts *o,
    const struct schema *const sides[2], const enum type *key_types,
    size_t n_keys, int (*full)(void *arg), void *arg, char **why);
void match_free(struct match *m);

/*
 * Rows of a side, all n of b.
 * keys: their keys, of the types given, memory from a; a null makes a row
 * that nothing matches.  at: event times, or panes; NULL for batches and
 * arrival.
 * Rows that can neither match nor come out alone are not kept: *n_used gets
 * the number of the others.  0, or -1 with *why (static), also when the pairs
 * could not be given (*why is then NULL) and when a row lies behind the
 * watermark of its side.
 */
struct match_rows {
	enum plan_side side;
	const struct batch *b;
	const struct col *keys;
	const int64_t *at;
};
int match_add(struct match *m, uint32_t *n_used, const char **why,
    const struct match_rows *in, struct arena *a);

/*
 * match_mark: no row of that side before us (a watermark; INT64_MAX at the
 * end) comes any more.
 * match_advance: give the pairs that this settles.  Then *us is the event time
 * before which none comes out any more: TIME_NONE for none, INT64_MAX at the
 * end.  0, or -1 when they could not be given.
 * match_lag: how far a side is; the pairs wait for the one that is less far.
 * match_batch: the rows so far are one batch of both sides: give its pairs.
 * match_tidy: all pairs were given; let go of rows that nothing needs.
 * match_last: the greatest event time of a pair so far, or TIME_NONE.
 */
void match_mark(struct match *m, enum plan_side side, int64_t us);
int match_advance(struct match *m, int64_t *us);
int64_t match_lag(const struct match *m, enum plan_side side);
int match_batch(struct match *m);
void match_tidy(struct match *m);
int64_t match_last(const struct match *m);

/*
 * The pairs at hand, and the rows that their numbers are of.
 * match_open: the numbers of the rows of a side in the window, or batch, at
 * hand, *n of them in the order in which they came; the pairs have its bounds.
 */
struct pairs *match_pairs(struct match *m);
const struct build *match_side(const struct match *m, enum plan_side side);
const uint32_t *match_open(
    uint32_t *n, const struct match *m, enum plan_side side);

/*
 * match_save: the rows kept, when no pair waits.  match_load: into an empty
 * match with the same options; 0, or -1 when it is malformed.
 * match_resume_at: an empty one goes on behind that time.
 */
void match_save(const struct match *m, struct buf *out);
int match_load(struct match *m, struct cur *in);
void match_resume_at(struct match *m, int64_t us);

#endif
