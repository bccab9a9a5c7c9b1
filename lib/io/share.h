/* SPDX-License-Identifier: ISC */
/* Parsing shared out among processes.  sbatch(1), PARALLEL PARSING. */
#ifndef MILLRACE_IO_SHARE_H
#define MILLRACE_IO_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/batch.h"
#include "io/crew.h"
#include "io/lane.h"
#include "io/parcel.h"
#include "io/source.h"

struct intake;

/*
 * The bytes of the lane that has its turn go into parcels, and what comes back
 * goes into the frames in the order of the bytes, with the same bytes as
 * without.  Small inputs, and what parcels cannot tell, are parsed here.
 */
struct share {
	unsigned n; /* workers; set by the owner; below 2 = none */
	/* Private. */
	struct crew *crew; /* once there is a block for it */
	struct parcel_maker maker; /* what the workers began with */
	struct buf place; /* of the source, for them */
	bool on; /* bytes go into parcels */
	bool apart; /* a record must be parsed here first */
	bool never; /* it does not pay */
	bool dry; /* there was nothing to read */
	bool rush; /* what is there must not wait for more */
	int64_t
	    since_us; /* first read of what no parse has seen; 0 = nothing */
	size_t block; /* most bytes of a parcel; from half of it on it goes */
	unsigned n_wrong; /* ends that were guessed wrong, lately */
	/* The oldest answer. */
	struct parcel *answer; /* or NULL */
	struct build rows;
	uint32_t at; /* rows before it were taken */
	struct cur bads;
	struct parcel_bad bad; /* the next one */
	bool has_bad;
	uint64_t line; /* of its first record */
};

void share_init(struct share *s);
void share_release(struct share *s);

/*
 * share_check: whether n workers may have their descriptors.  0, or -1.
 * share_parse: what becomes of the bytes at hand: true with *got when it is a
 * matter of parcels, or of waiting until there are enough for one; false when
 * they are to be parsed here, which share_parsed is told of.
 * share_fill: as feed_fill, but perhaps into a parcel.
 * share_drains: the source has failed: whether what came before must be parsed
 * first; the next read fails again.
 * share_waits: nothing more can be read now: whether there is nothing to do
 * meanwhile either, until share_due_us, monotonic.
 */
int share_check(struct intake *in);
bool share_parse(struct intake *in, struct lane *l, enum lane_got *got);
void share_parsed(struct intake *in, bool took);
enum source_got share_fill(struct intake *in, struct lane *l);
bool share_drains(struct intake *in, struct lane *l);
bool share_waits(struct intake *in, const struct lane *l);
int64_t share_due_us(const struct intake *in);

#endif
