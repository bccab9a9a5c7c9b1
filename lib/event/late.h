/* SPDX-License-Identifier: ISC */
/* What becomes of late rows: a limit, a stream of their own, a message. */
#ifndef MILLRACE_EVENT_LATE_H
#define MILLRACE_EVENT_LATE_H

#include <stdbool.h>
#include <stdint.h>

#include "data/batch.h"
#include "io/side.h"
#include "io/sink.h"
#include "tool/stage.h"
#include "window/stamp.h"
#include "wire/writer.h"

/* Late rows are counted in st->acct by the caller. */
struct late {
	const char *to; /* where they are saved, or NULL; borrowed */
	int64_t max; /* rows, -1 = any */
	double max_share; /* of the rows read, above 1 = any */
	/* Private. */
	struct sink *sink;
	int fd; /* the file itself, behind sbatch -S; or -1 */
	struct stream_writer *writer;
	struct batch rows;
	bool resumes; /* len and place are of the last start */
	struct side_end end; /* of the file */
	struct stream_place place;
};

void late_init(struct late *l);
void late_release(struct late *l);

/*
 * late_open: HEAD is known; begin the stream of late rows.
 * late_rows: save the late ones of b, and fail when there are too many; last:
 * b closes its batch, so that their share is looked at.
 * late_end: the same at the end, and publish what was saved.
 * Each 0, or -1 after stage_fail.
 *
 * Behind sbatch -S the file is written in place and grows from start to start:
 * late_save makes durable what is there, ends the stream when the data have
 * ended, and says where it goes on; late_load, with what it said, cuts off what
 * came behind that before anything is written.  0, or -1 when malformed.
 */
int late_open(struct late *l, struct stage *st);
int late_rows(struct late *l, struct stage *st, const struct batch *b,
    const struct stamped *s, bool last);
int late_end(struct late *l, struct stage *st, enum end_reason reason);
void late_save(struct late *l, struct stage *st, struct buf *out);
int late_load(struct late *l, struct cur *in);

#endif
