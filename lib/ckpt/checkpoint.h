/* SPDX-License-Identifier: ISC */
/*
 * The directory of a pipeline that resumes: who it belongs to, which start of
 * it this is, and how far it has come.  millrace-checkpoint(5).
 */
#ifndef MILLRACE_CKPT_CHECKPOINT_H
#define MILLRACE_CKPT_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/head.h"

#define CHECKPOINT_SOURCE "source" /* the name of the lock of 00-sbatch */
#define CHECKPOINT_SINK_LOCK "sink.lock" /* its stage has its own, too */

/* The last epoch that was decided; epoch 0: none was. */
struct commit {
	uint64_t epoch;
	uint64_t generation; /* the start that made it */
	bool finished; /* the data had ended */
	bool published; /* all of its output is in place */
	uint64_t before; /* the start that made epoch - 1; 0: not known */
	uint64_t series; /* of epoch numbers: the start of the reset since which
			    they come again; 0: they never did */
};

/*
 * The directory, held open.  Invariants: path is absolute and has no links;
 * generation is ours; last is what had been decided when it was opened, or by
 * us since.
 */
struct checkpoint {
	int fd;
	int lock_fd; /* ours for life: the source's or the stage's; or -1 */
	int sink_fd; /* ours for life: the right to decide; or -1 */
	char *path; /* owned */
	char *stage; /* owned: file name of the stage, such as 02-sreduce */
	uint8_t identity[16];
	uint64_t generation;
	bool decided; /* an epoch was, as is said beside the generation */
	struct commit last;
};

/*
 * All that fail give the exit status, with the reason in *why, to be freed;
 * 0 when done.
 * checkpoint_start (sbatch): make the directory where need be, take its lock,
 * wait a little for stages of an earlier start (75 when one works on), count
 * this start, read what is committed.  Not with a directory that is a
 * link, not ours, open to others, or on a network unless any_fs.  *why may
 * hold a warning though 0 was returned.
 * checkpoint_join (the others): the directory that HEAD names, if it is safe
 * to believe: ours, mode 0700, no link on the way, of that identity, its
 * generation that of HEAD, its source running or ended in order.  Takes the
 * lock of the stage, which is number n of the chain.
 * checkpoint_decides: after checkpoint_join: this stage is the one sink.  75
 * when another one is.
 * checkpoint_look: for a reader that takes no part; generation is the newest.
 * checkpoint_end (sbatch): the source has ended in order.
 */
void checkpoint_init(struct checkpoint *c);
void checkpoint_release(struct checkpoint *c);
int checkpoint_start(
    struct checkpoint *c, char **why, const char *dir, bool any_fs);
int checkpoint_join(struct checkpoint *c, char **why, const struct head *h,
    const char *name, size_t n);
int checkpoint_decides(struct checkpoint *c, char **why);
int checkpoint_look(struct checkpoint *c, char **why, const char *dir);
int checkpoint_end(struct checkpoint *c, char **why);

/* Stage number n of the chain in names of files, to be freed: 02-sreduce. */
char *checkpoint_stage(const char *name, size_t n);

/*
 * The status for a failed use of a file in the directory, from errno, with the
 * reason in *why: EBADMSG means that it is damaged.
 */
int checkpoint_failed(const struct checkpoint *c, char **why, const char *name);

#endif
