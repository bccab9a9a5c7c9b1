/* SPDX-License-Identifier: ISC */
/* Programs that serve SCHEME:// operands, one for each scheme. */
#ifndef MILLRACE_IO_LIBEXEC_H
#define MILLRACE_IO_LIBEXEC_H

#include <stddef.h>

/*
 * libexec_scheme: the length of the scheme that s begins with, before its
 * "://", or 0: small letters, digits and '-', a letter first.
 * libexec_find: where PROGRAM-SCHEME is: in ../libexec/millrace, seen from this
 * program, else in PATH; to be freed.  Or NULL with the reason in *why, to be
 * freed, without the operand.
 * libexec_exec: become it, with the arguments argv, of which argv[0] is
 * replaced.  Returns only when there is none or it cannot be run, the reason
 * in *why, to be freed, with the operand.
 */
size_t libexec_scheme(const char *s);
char *libexec_find(char **why, const char *program, const char *operand);
void libexec_exec(
    char **why, const char *program, const char *operand, char *argv[]);

#endif
