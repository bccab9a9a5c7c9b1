/* SPDX-License-Identifier: ISC */
/* Where every row went: the laws, and the table that -v prints. */
#ifndef MILLRACE_TOOL_ACCOUNTS_H
#define MILLRACE_TOOL_ACCOUNTS_H

#include <stddef.h>

#include "wire/note.h"

/*
 * Check v[0..n), the stages of a pipeline in their order.  Stage law: in =
 * used + filtered + late + invalid.  Hop law: rows and frames out of one are
 * those into the next.  Returns NULL, or what does not add up, to be freed.
 */
char *accounts_check(const struct account *v, size_t n);

/* Print them on standard error. */
void accounts_print(const struct account *v, size_t n);

#endif
