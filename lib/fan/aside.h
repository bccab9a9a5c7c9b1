/* SPDX-License-Identifier: ISC */
/* Frames that no worker can answer: sfan --quarantine. */
#ifndef MILLRACE_FAN_ASIDE_H
#define MILLRACE_FAN_ASIDE_H

#include "fan/job.h"
#include "tool/sidestream.h"

struct aside {
	struct sidestream to;
	uint64_t n_frames, n_rows; /* of all starts */
};

/*
 * aside_take: j has no rows any more, but counts them as invalid.
 * aside_write: they are saved, where j had any: its answer goes out.
 * aside_end: end the file and publish it; where nothing is in it, what is there
 * stays as it is.
 * aside_save, aside_load: what is kept over restarts; no bytes at all where
 * there is nothing to keep.
 * All int 0, or -1 after stage_fail, aside_load when malformed.
 */
void aside_init(struct aside *a, const char *path);
void aside_release(struct aside *a);
void aside_take(struct job *j);
int aside_write(struct aside *a, struct stage *st, const struct job *j);
int aside_end(struct aside *a, struct stage *st, enum end_reason reason);
void aside_save(struct aside *a, struct stage *st, struct buf *out);
int aside_load(struct aside *a, struct cur *in);

#endif
