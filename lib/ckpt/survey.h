/* SPDX-License-Identifier: ISC */
/* What is in the directory of a pipeline that resumes, for people. */
#ifndef MILLRACE_CKPT_SURVEY_H
#define MILLRACE_CKPT_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ckpt/checkpoint.h"

/*
 * A snapshot, or with epoch 0 the lock of a stage: its generation is that of
 * the start that took it last.  (0.0.00-sbatch is of generation 0.)
 */
struct survey_file {
	uint64_t epoch;
	uint64_t generation;
	char *stage; /* owned; "source" is the lock of 00-sbatch */
	uint64_t size; /* bytes of the file */
	bool held; /* a lock that somebody holds */
	pid_t holder; /* who holds it */
};

/* Sorted by epoch, generation, stage.  All zero bytes is an empty one. */
struct survey {
	struct survey_file *v;
	size_t n;
	size_t cap;
};

/*
 * survey_read: look at the directory, which others may be changing.  0, or the
 * exit status with the reason in *why, to be freed.
 * survey_find: the snapshot of a stage, by its whole name (02-sreduce), its
 * number or its name alone if no other has it; NULL with *why when there is
 * none, or more than one.
 * survey_holder: a lock that is held, or NULL; of one stage unless NULL.
 */
int survey_read(struct survey *s, char **why, const struct checkpoint *c);
void survey_release(struct survey *s);
const struct survey_file *survey_find(const struct survey *s, char **why,
    uint64_t epoch, uint64_t generation, const char *stage);
const struct survey_file *survey_holder(
    const struct survey *s, const char *stage);

#endif
