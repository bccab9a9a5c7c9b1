/* SPDX-License-Identifier: ISC */
/* A checkpoint as text.  millrace(1). */
#ifndef MILLRACE_TOOL_INSPECT_H
#define MILLRACE_TOOL_INSPECT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ckpt/survey.h"

/*
 * How to show what the stages of one program keep.  show: append lines to out,
 * and leave c behind what was read; version is that of the bytes.  0, or -1
 * with the reason in *why, to be freed.
 */
struct inspect_kind {
	const char *program;
	int (*show)(
	    struct buf *out, char **why, struct cur *c, uint32_t version);
};

/*
 * All append to out, and give 0 or the exit status with the reason in *why, to
 * be freed.  c was looked at or started, s read.
 * inspect_status: what is committed, what runs, and how far the sources are
 * behind, one fact a line.
 * inspect_dump: the snapshot f.  Of stages that no kind of kinds[0..n) shows:
 * how many bytes there are.
 * inspect_places: a show, of sbatch.
 * inspect_back: what begins again when the last epoch is not the last one any
 * more.
 */
int inspect_status(struct buf *out, char **why, const struct checkpoint *c,
    const struct survey *s);
int inspect_dump(struct buf *out, char **why, const struct checkpoint *c,
    const struct survey_file *f, const struct inspect_kind *kinds, size_t n);
int inspect_places(
    struct buf *out, char **why, struct cur *c, uint32_t version);
int inspect_back(struct buf *out, char **why, const struct checkpoint *c,
    const struct survey *s);

#endif
