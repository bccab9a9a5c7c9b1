/* SPDX-License-Identifier: ISC */
/* A directory of a test's own, which goes with all that is in it. */
#ifndef MILLRACE_TESTS_SCRATCH_H
#define MILLRACE_TESTS_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static char scratch_top[] = "/tmp/millrace-test.XXXXXX";

static inline void
scratch_remove(void)
{
	char *cmd;

	if (asprintf(&cmd, "rm -rf '%s'", scratch_top) == -1
	    || system(cmd) != 0)
		fprintf(stderr, "cannot remove %s\n", scratch_top);
	free(cmd);
}

/* Make it; it goes when the program ends. */
static inline void
scratch_make(void)
{
	if (mkdtemp(scratch_top) == NULL || atexit(scratch_remove) != 0)
		abort();
}

/* A path in it, to be freed. */
static inline char *
scratch_path(const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", scratch_top, name) == -1)
		abort();
	return path;
}

#endif
