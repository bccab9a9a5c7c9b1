/* SPDX-License-Identifier: ISC */
/* The header of csv and tsv. */
#ifndef MILLRACE_TEXT_DSVHEAD_H
#define MILLRACE_TEXT_DSVHEAD_H

#include <stdbool.h>
#include <stddef.h>

struct text;

/* As text_header. */
int dsvhead_read(
    struct text *t, size_t *used, const char *p, size_t len, bool eof);

#endif
