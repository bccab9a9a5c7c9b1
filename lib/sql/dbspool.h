/* SPDX-License-Identifier: ISC */
/*
 * The rows of an epoch as a stream in the checkpoint directory, until the
 * database has them.  millrace-checkpoint(5), SINKS.
 */
#ifndef MILLRACE_SQL_DBSPOOL_H
#define MILLRACE_SQL_DBSPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "ckpt/checkpoint.h"
#include "wire/mode.h"
#include "wire/stream.h"

struct dbspool {
	const struct checkpoint *c; /* borrowed */
	const struct head *head; /* borrowed; without the checkpoint */
	uint64_t epoch; /* at hand */
	int fd; /* -1 = no row came in it */
	struct stream_writer *writer;
	uint64_t first_batch;
	struct mode_batches batches; /* of a complete stream */
};

/* Takes the frames back, ROWS with their rows; 0, or -1, which ends it. */
typedef int (*dbspool_fn)(
    void *arg, const struct frame *f, const struct batch *b);

/*
 * dbspool_begin: the epoch after the committed one; what other epochs have left
 * is removed.  c and h stay valid.
 * dbspool_frame: a frame of the epoch; b holds the rows of a ROWS frame, else
 * NULL.
 * dbspool_end: the epoch is complete and its file durable once the directory
 * is; *has says whether there is one.
 * These: 0, or -1 with the reason in *why, to be freed.
 * dbspool_read: give fn what was written in the last committed epoch.  0, or
 * the exit status with the reason in *why, to be freed, NULL when fn had it: 65
 * where the file is damaged or gone.
 * dbspool_remove: that is no longer needed.
 */
int dbspool_begin(struct dbspool *s, char **why, const struct checkpoint *c,
    const struct head *h);
int dbspool_frame(struct dbspool *s, char **why, const struct frame *f,
    const struct batch *b);
int dbspool_end(struct dbspool *s, char **why, bool *has);
int dbspool_read(
    const struct checkpoint *c, char **why, dbspool_fn fn, void *arg);
void dbspool_remove(const struct checkpoint *c);
void dbspool_release(struct dbspool *s);

#endif
