/* SPDX-License-Identifier: ISC */
/* Data inside of messages, made safe for a terminal. */
#ifndef MILLRACE_BASE_QUOTE_H
#define MILLRACE_BASE_QUOTE_H

#include <stddef.h>

struct buf;

/*
 * Append s[0..len): bytes that are no UTF-8, and characters that
 * utf8_is_hostile, become \xNN, byte by byte.
 * quote_lines: a text of lines; newline and tab stay.
 * quote_cut: at most max bytes of s (and what ends the character that is
 * begun), then "..." if there is more.
 */
void quote_put(struct buf *b, const char *s, size_t len);
void quote_lines(struct buf *b, const char *s, size_t len);
void quote_cut(struct buf *b, const char *s, size_t len, size_t max);

#endif
