/* SPDX-License-Identifier: ISC */
/* The options of a stage, for people. */
#ifndef MILLRACE_BASE_OPTTEXT_H
#define MILLRACE_BASE_OPTTEXT_H

#include <stddef.h>

struct buf;

/*
 * The options of a stage are kept and compared with durations and times in
 * microseconds.
 * opttext_put: append s[0..len), which has no NUL, as somebody would write it:
 * 60000000us becomes 1m, a time that is an option's becomes RFC 3339, and what
 * says that an option was not given is left out.
 * opttext_show: the same of a string; to be freed.
 */
void opttext_put(struct buf *b, const char *s, size_t len);
char *opttext_show(const char *s);

#endif
