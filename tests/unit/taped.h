/* SPDX-License-Identifier: ISC */
/* Tapes of a test's own. */
#ifndef MILLRACE_TESTS_TAPED_H
#define MILLRACE_TESTS_TAPED_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "ckpt/tape.h"
#include "scratch.h"

#define TAPED_MAX (UINT64_C(1) << 20) /* bytes of a tape */

/* A directory of its own. */
static inline void
taped_begin(struct checkpoint *c, const char *name)
{
	checkpoint_init(c);
	c->path = scratch_path(name);
	CHECK(mkdir(c->path, 0700) == 0);
	c->fd = open(c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(c->fd != -1);
}

/* A new tape in a directory of its own, with one stream, which is open. */
static inline struct tape_stream *
taped_start(struct tape *t, struct checkpoint *dir, const char *name)
{
	struct tape_stream *s;
	char *why;

	taped_begin(dir, name);
	tape_init(t, TAPED_MAX);
	CHECK(tape_start(t, &why, dir) == 0 && why == NULL);
	s = tape_add(t, "-", "stdin", false);
	CHECK(tape_open(t, &why, s, 7, false) == 0);
	return s;
}

/* A call has failed with that status, and gave this reason. */
static inline void
taped_why(int rc, char *why, int status, const char *part)
{
	CHECK(rc == status && why != NULL && strstr(why, part) != NULL);
	free(why);
}

#endif
