/* SPDX-License-Identifier: ISC */
/* Frames that no worker can answer: sfan --quarantine. */
#ifndef MILLRACE_FAN_ASIDE_H
#define MILLRACE_FAN_ASIDE_H

#include "fan/job.h"
#include "io/sink.h"
#include "tool/stage.h"

/* All zero bytes is one that has begun nothing. */
struct aside {
	struct sink *sink;
	struct stream_writer *writer;
	uint64_t n_frames, n_rows;
};

/*
 * aside_open: begin the saved stream at path, of the frames that st reads.
 * aside_job: save the rows of j, which has none then, but counts them as
 * invalid.
 * aside_end: end it and publish it; where nothing is in it, path stays as it
 * is.
 * All 0, or -1 after stage_fail.
 */
int aside_open(struct aside *a, struct stage *st, const char *path);
int aside_job(struct aside *a, struct stage *st, struct job *j);
int aside_end(struct aside *a, struct stage *st, enum end_reason reason);
void aside_release(struct aside *a);

#endif
