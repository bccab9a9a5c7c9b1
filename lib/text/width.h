/* SPDX-License-Identifier: ISC */
/* How wide text stands on a terminal, whatever the locale. */
#ifndef MILLRACE_TEXT_WIDTH_H
#define MILLRACE_TEXT_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/* The columns that a printable code point takes: 0, 1 or 2. */
unsigned width_of(uint32_t c);

/*
 * The bytes at the front of s[0..len) that fit into max columns, code points
 * whole; *columns is what they take.  Bytes that are no UTF-8 count as one.
 */
size_t width_cut(size_t *columns, const char *s, size_t len, size_t max);

#endif
