/* SPDX-License-Identifier: ISC */
/* The text of JSON strings.  RFC 8259, section 7. */
#ifndef MILLRACE_TEXT_JSONSTR_H
#define MILLRACE_TEXT_JSONSTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Half of a pair that stands for a code point above U+FFFF. */
static inline bool
jsonstr_is_surrogate(uint32_t cp)
{
	return (cp & 0xfffff800) == 0xd800;
}

/*
 * The escape at s, a backslash, in s[0..len): its code point into *cp.
 * Returns its bytes: 2, 6, or 12 for a pair of surrogates; a lone surrogate
 * is a code point like any other.  0 when it is no escape.
 */
size_t jsonstr_escape(uint32_t *cp, const char *s, size_t len);

/*
 * Write what s[0..len), the inside of a string, stands for to to, which has
 * room for len bytes.  Returns the bytes written.  A lone surrogate becomes
 * the three bytes of its number; a backslash that begins no escape stays.
 */
size_t jsonstr_plain(char *to, const char *s, size_t len);

/* Write the escape of a byte, to room for 6; returns the bytes written. */
size_t jsonstr_byte(char *to, unsigned char c);

/*
 * Write s[0..len) as a string, quotes included, to to, which has room for
 * JSONSTR_QUOTED(len) bytes.  Returns the bytes written.
 * jsonstr_quote: append the same.
 */
#define JSONSTR_QUOTED(len) ((len)*6 + 2)
size_t jsonstr_write(char *to, const char *s, size_t len);
void jsonstr_quote(struct buf *b, const char *s, size_t len);

#endif
