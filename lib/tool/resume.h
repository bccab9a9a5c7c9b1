/* SPDX-License-Identifier: ISC */
/*
 * A stage of a pipeline that resumes: it joins the directory that HEAD names,
 * makes its state durable at each barrier, and takes it up after a restart.
 * millrace-checkpoint(5).
 */
#ifndef MILLRACE_TOOL_RESUME_H
#define MILLRACE_TOOL_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "ckpt/checkpoint.h"
#include "wire/note.h"

struct stage;
struct stage_ops;

/* Invariant: dir is open exactly when active. */
struct resume {
	struct checkpoint dir;
	bool active;
	bool finished; /* MARK eof has come */
	uint64_t epoch; /* of the barrier before */
	uint64_t out, out_frames; /* rows and frames of earlier starts */
};

/*
 * resume_begin: HEAD is known and st->out complete.  Without a checkpoint in
 * HEAD, or where it is not to be believed from (standard input is no pipe or
 * socket), nothing is resumed and st->out names none.
 * resume_barrier: no row of the epoch is to come.  State is durable, and for a
 * sink the epoch decided and published, on return.
 * Both: 0, or -1 after stage_fail.
 * resume_release: whether begun or not.
 */
int resume_begin(struct stage *st, const struct stage_ops *ops, void *arg);
int resume_barrier(struct stage *st, const struct stage_ops *ops, void *arg,
    const struct barrier *m);
void resume_release(struct stage *st);

/*
 * What a pipeline of HEADs h is, and what its stage n has to take up: the
 * difference as text, to be freed, or NULL when there is none.
 */
char *resume_difference(const struct head *was, const struct head *is);

#endif
