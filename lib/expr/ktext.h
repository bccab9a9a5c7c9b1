/* SPDX-License-Identifier: ISC */
/* Characters of UTF-8 text, for kernels. */
#ifndef MILLRACE_EXPR_KTEXT_H
#define MILLRACE_EXPR_KTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/col.h"

/*
 * A character is a byte that continues none, with those that continue it.
 * ktext_count: how many p[0..len) holds.
 * ktext_skip: the bytes of the first n, or len when there are fewer.
 */
static inline bool
ktext_begins(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static inline size_t
ktext_count(const char *p, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ktext_begins(p[i]);
	return n;
}

static inline size_t
ktext_skip(const char *p, size_t len, uint64_t n)
{
	size_t i = 0;

	for (; n > 0 && i < len; n--) {
		i++;
		while (i < len && !ktext_begins(p[i]))
			i++;
	}
	return i;
}

/* Whether row of a result has a value. */
static inline bool
ktext_has(const struct col *out, uint32_t row)
{
	return out->valid == NULL || bit_get(out->valid, row);
}

#endif
