/* SPDX-License-Identifier: ISC */
/*
 * Unit programs: CHECK counts, DONE prints one line a program and ends main.
 * A failed check prints its place and goes on.
 */
#ifndef MILLRACE_TESTS_CHECK_H
#define MILLRACE_TESTS_CHECK_H

#include <stdio.h>

static int check_n_passed, check_n_failed;

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (cond) {                                                    \
			check_n_passed++;                                      \
		} else {                                                       \
			check_n_failed++;                                      \
			fprintf(stderr, "%s:%d: failed: %s\n", __FILE__,       \
			    __LINE__, #cond);                                  \
		}                                                              \
	} while (0)

/* A check that has failed, for what no expression says. */
#define FAIL(text)                                                             \
	do {                                                                   \
		check_n_failed++;                                              \
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, text);      \
	} while (0)

/* "ok NAME (N checks)" or "not ok NAME (F of N failed)"; main's status. */
static inline int
check_done(const char *name)
{
	int n = check_n_passed + check_n_failed;

	if (check_n_failed == 0)
		printf("ok %s (%d checks)\n", name, n);
	else
		printf("not ok %s (%d of %d checks failed)\n", name,
		    check_n_failed, n);
	return check_n_failed != 0;
}

#endif
