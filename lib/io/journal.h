/* SPDX-License-Identifier: ISC */
/* Where an intake is, for a restart.  sbatch(1), RESUMING. */
#ifndef MILLRACE_IO_JOURNAL_H
#define MILLRACE_IO_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * 3: without what the epoch before needs of the spool.  2: without the arrival
 * of the newest row.
 */
#define JOURNAL_VERSION 5 /* 4: of the file of --bad its length alone */
#define JOURNAL_OLDEST 1 /* without a spool */
#define JOURNAL_MAX_PATH 65536
#define JOURNAL_MAX_HEADER ((size_t)64 << 20)

/* How a source's place begins: not opened, opened, or settled. */
enum { JOURNAL_QUEUED, JOURNAL_OPEN, JOURNAL_SETTLED };

struct intake;
struct lane;

/* A source that was read to its end, or is yet to be taken up. */
struct journal_place {
	char *path; /* owned */
	uint32_t part;
	bool open; /* its part is not at its end */
	struct buf bytes; /* of the lane */
};

/* All zero bytes is an empty list. */
struct journal {
	struct journal_place *v;
	size_t n;
	size_t cap;
	uint32_t version; /* of what was loaded */
	bool bound; /* that tells the columns */
};

void journal_release(struct journal *j);

/*
 * journal_settled: whether no source is between two files, so that one place
 * tells where it is.
 * journal_settle: what is to be read of the sources that were not opened yet
 * is what is there now.
 * journal_leave: lane l is at its end for now; keep its place.
 * journal_save: append where all sources are, the open batch and the counts,
 * once no row is at hand but those that are held.
 * journal_load: before the lanes are opened, take such a state up: if bound,
 * the columns are known then, HEAD is sent; else no byte had told them, and
 * they are found as at a first start.
 * journal_enter: before its source is opened, put a lane where the state says:
 * 1, or 0 when it says nothing of it.
 * journal_drop: forget a place.
 * All: 0, or -1 with in->why.
 */
bool journal_settled(const struct intake *in);
void journal_settle(struct intake *in);
void journal_leave(struct intake *in, struct lane *l);
int journal_save(struct intake *in, struct buf *out);
int journal_load(struct intake *in, struct cur *c);
int journal_enter(struct intake *in, struct lane *l);
void journal_drop(struct journal *j, struct journal_place *p);

#endif
