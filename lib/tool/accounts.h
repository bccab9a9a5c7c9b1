/* SPDX-License-Identifier: ISC */
/* Where every row went: the laws, and the table that -v prints. */
#ifndef MILLRACE_TOOL_ACCOUNTS_H
#define MILLRACE_TOOL_ACCOUNTS_H

#include <stddef.h>

#include "wire/head.h"
#include "wire/note.h"

/*
 * Check v[0..n), the accounts of the last n of stages[0..n_stages), whose
 * classes tell sources and joins; n_stages <= HEAD_MAX_STAGES.  (Rows that
 * were set aside have no accounts of the stages before.)  Stage law: in = used
 * + filtered + late + invalid.  Hop law: rows and frames out of one are those
 * into the next, out of two those into a join.  Returns NULL, or what does not
 * add up, to be freed.
 */
char *accounts_check(const struct account *v, size_t n,
    const struct head_stage *stages, size_t n_stages);

/* Print them on standard error. */
void accounts_print(const struct account *v, size_t n);

#endif
