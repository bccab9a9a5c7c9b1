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

#include "ckpt/accepted.h"
#include "ckpt/checkpoint.h"
#include "wire/note.h"

#define RESUME_LARGE ((size_t)256 << 20) /* bytes of a state to warn of */

struct stage;
struct stage_ops;

/* Invariant: dir is open exactly when active. */
struct resume {
	struct checkpoint dir;
	bool active;
	bool finished; /* MARK eof has come */
	uint64_t epoch; /* of the barrier before */
	uint64_t out, out_frames; /* rows and frames of earlier starts */
	uint64_t in_frames; /* of those, too */
	uint64_t late, invalid; /* rows of those, of which they have told */
	uint64_t n_unparsed; /* cells, likewise */
	struct accepted accepted;
	bool changed; /* from what the state is of, as was accepted */
	char *renamed; /* owned: how the names of columns differ, or NULL */
	bool told; /* the stage itself something else than it was */
	bool warned; /* that the state is large */
};

/*
 * resume_applies: whether resume_begin will join a directory, once HEAD is
 * known: not without a checkpoint in it, nor where it is not to be believed
 * from (standard input is no pipe or socket).
 * resume_begin: HEAD is known and st->out complete.  Where nothing is resumed,
 * and behind a sink that passes the stream on, st->out names no checkpoint.
 * resume_accepts: whether this start accepts that the stage, which has begun,
 * is another than it was.
 * resume_barrier: no row of the epoch is to come.  State is durable, and for a
 * sink the epoch decided and published, on return.
 * Both int: 0, or -1 after stage_fail.
 * resume_count_out: st->acct has the rows and frames out, of this start and
 * those before.
 * resume_release: whether begun or not.
 */
bool resume_applies(const struct stage *st);
int resume_begin(struct stage *st, const struct stage_ops *ops, void *arg);
bool resume_accepts(const struct stage *st);
int resume_barrier(struct stage *st, const struct stage_ops *ops, void *arg,
    const struct barrier *m);
void resume_count_out(struct stage *st);
void resume_release(struct stage *st);

#endif
