/* SPDX-License-Identifier: ISC */
/* The scalar types.  The numbers are those of millrace-frame(5). */
#ifndef MILLRACE_DATA_TYPE_H
#define MILLRACE_DATA_TYPE_H

#include <stdbool.h>
#include <stddef.h>

enum type {
	TYPE_BOOL = 1, /* bitmap, bit i of byte i/8, low bit first */
	TYPE_INT, /* int64_t */
	TYPE_FLOAT, /* double */
	TYPE_STR, /* bytes, UTF-8 unless the source was told otherwise */
	TYPE_TIME, /* int64_t, microseconds since 1970 UTC */
	TYPE_DUR, /* int64_t, microseconds */
	TYPE_BIN /* bytes, a sketch or other partial state */
};

/* "bool", "int", "float", "str", "time", "dur", "bin". */
const char *type_name(enum type t);

/*
 * The type named s[0..len): the names above, and double, string, integer,
 * timestamp, interval, boolean.  0, or -1.
 */
int type_parse(enum type *t, const char *s, size_t len);

/* int, float, time, dur: 8 bytes a value. */
static inline bool
type_is_wide(enum type t)
{
	return t == TYPE_INT || t == TYPE_FLOAT || t == TYPE_TIME
	       || t == TYPE_DUR;
}

/* str, bin: offsets and a heap of bytes. */
static inline bool
type_is_bytes(enum type t)
{
	return t == TYPE_STR || t == TYPE_BIN;
}

#endif
