/* SPDX-License-Identifier: ISC */
/* Where the rows went inside of the workers. */
#ifndef MILLRACE_FAN_LEDGER_H
#define MILLRACE_FAN_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "fan/job.h"
#include "wire/note.h"

/* Of the frames whose answers counted, as their headers say. */
struct ledger {
	uint64_t in, in_frames, out, out_frames;
	uint64_t filtered, invalid;
	uint64_t set_aside; /* rows among in and invalid that no worker had */
};

void ledger_add(struct ledger *l, const struct ledger *other);

/* Add a job that is done. */
void ledger_answer(struct ledger *l, const struct job *j);

/*
 * Whether v[0..n), the accounts of one worker, are of these frames and no
 * others.  They are not where it has run a frame whose answer did not count.
 */
bool ledger_fits(const struct ledger *l, const struct account *v, size_t n);

/*
 * Add to sums[0..n), one for each stage inside: a worker's own accounts v, or,
 * where that is NULL, what the ledger says: the first stage has dropped what
 * was dropped.
 */
void ledger_sum(struct account *sums, size_t n, const struct ledger *l,
    const struct account *v);

void ledger_save(const struct ledger *l, struct buf *out);
void ledger_load(struct ledger *l, struct cur *in);

#endif
