/* SPDX-License-Identifier: ISC */
/* Where batches end: by time, rows, bytes, or never.  sbatch(1), BATCHES. */
#ifndef MILLRACE_IO_CUT_H
#define MILLRACE_IO_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds of a batch; 0 = none.  Whichever is reached first closes it. */
struct cut_opts {
	int64_t every_us;
	uint64_t rows;
	uint64_t bytes; /* of input, unpacked */
};

/*
 * The open batch.  Intervals are counted on the monotonic clock from
 * cut_init; those that pass while nothing can be sent are closed as one.
 */
struct cut {
	struct cut_opts max;
	uint64_t batch; /* its number, from 0 */
	uint64_t rows; /* in it */
	uint64_t bytes;
	bool shut; /* the next record does not fit */
	int64_t batch_us; /* its nominal time, wall clock */
	int64_t next_us; /* when the interval ends, monotonic */
};

void cut_init(
    struct cut *c, const struct cut_opts *o, int64_t mono_us, int64_t now_us);

/*
 * cut_rows: how many more rows the batch takes, at most max.
 * cut_bytes: how many of the len bytes at hand it takes.
 * cut_add: so many rows and bytes went into it.
 * cut_shut: the record that comes next does not fit into it any more.
 */
uint32_t cut_rows(const struct cut *c, uint32_t max);
size_t cut_bytes(const struct cut *c, size_t len);
void cut_add(struct cut *c, uint64_t rows, uint64_t bytes);
void cut_shut(struct cut *c);

/* Whether there is any bound. */
bool cut_is_set(const struct cut *c);

/* The open batch is one that an earlier start had begun. */
void cut_resume(struct cut *c, const struct cut *was);

/* Whether the open batch ends now; mono_us is the monotonic clock. */
bool cut_is_due(const struct cut *c, int64_t mono_us);

/* The batch was closed: the next one opens.  now_us: the wall clock. */
void cut_next(struct cut *c, int64_t mono_us, int64_t now_us);

#endif
