/* SPDX-License-Identifier: ISC */
/* Rows in one piece of memory, for a process that has it mapped, too. */
#ifndef MILLRACE_DATA_FLAT_H
#define MILLRACE_DATA_FLAT_H

#include <stddef.h>

#include "data/batch.h"

/*
 * flat_len: bytes that the rows of b take, a multiple of 8.
 * flat_put: copy them to to, which is aligned to 8.
 * flat_view: point the columns of out, which are those of b, at what flat_put
 * wrote to p: the rows are for reading, as long as that stays.
 * flat_forget: point them at nothing, so that out can be released.
 */
size_t flat_len(const struct build *b);
void flat_put(void *to, const struct build *b);
void flat_view(struct build *out, void *p);
void flat_forget(struct build *out);

#endif
