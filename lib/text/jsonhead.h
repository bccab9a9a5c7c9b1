/* SPDX-License-Identifier: ISC */
/* The columns of json and journald. */
#ifndef MILLRACE_TEXT_JSONHEAD_H
#define MILLRACE_TEXT_JSONHEAD_H

#include <stdbool.h>
#include <stddef.h>

struct text;

/*
 * As text_header; no bytes are taken.
 * jsonhead_read: what -c gives no type has that of the first record, and
 * without -c its keys are the columns; with -c auto it is the first 1,000.
 * jsonhead_journald: nothing is open; a field is str unless -c says more.
 * jsonhead_field: the journal's field behind a column's name, or the name.
 */
int jsonhead_read(
    struct text *t, size_t *used, const char *p, size_t len, bool eof);
int jsonhead_journald(
    struct text *t, size_t *used, const char *p, size_t len, bool eof);
const char *jsonhead_field(const char *name);

#endif
