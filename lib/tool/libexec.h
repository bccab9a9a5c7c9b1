/* SPDX-License-Identifier: ISC */
/* Programs that serve SCHEME:// operands, one for each scheme. */
#ifndef MILLRACE_TOOL_LIBEXEC_H
#define MILLRACE_TOOL_LIBEXEC_H

#include <stddef.h>

/*
 * libexec_scheme: the length of the scheme that s begins with, before its
 * "://", or 0: small letters, digits and '-', a letter first.
 * libexec_exec: become PROGRAM-SCHEME with the arguments argv, of which
 * argv[0] is replaced: the one in ../libexec/millrace, seen from this program,
 * else the first in PATH.  Returns only when there is none or it cannot be
 * run, the reason in *why, to be freed.
 */
size_t libexec_scheme(const char *s);
void libexec_exec(
    char **why, const char *program, const char *operand, char *argv[]);

#endif
