/* SPDX-License-Identifier: ISC */
/* Text, its characters, and the loop that makes it, for kernels. */
#ifndef MILLRACE_EXPR_KTEXT_H
#define MILLRACE_EXPR_KTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include "expr/eval.h"

struct ktext {
	const char *p;
	size_t len;
};

static inline struct ktext
ktext_at(const struct col *c, uint32_t row)
{
	struct ktext t;

	t.p = col_str(c, row, &t.len);
	return t;
}

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

/* Whether c, one whole character, is among those of set. */
static inline bool
ktext_among(struct ktext set, const char *c, size_t len)
{
	if (len == 1)
		return memchr(set.p, *c, set.len) != NULL;
	return memmem(set.p, set.len, c, len) != NULL;
}

/* Whether row of a result has a value. */
static inline bool
ktext_has(const struct col *out, uint32_t row)
{
	return out->valid == NULL || bit_get(out->valid, row);
}

/*
 * The body of a kernel that makes text: runs the code for each row that has a
 * value, which appends to s; each is the usual length of a result.
 */
#define KTEXT_MAKE(r, n, out, each, ...)                                       \
	do {                                                                   \
		struct strout s;                                               \
                                                                               \
		strout_begin(&s, (r), (n), (out), (size_t)(r)->n *(each));     \
		for (uint32_t row = 0; row < (r)->n; row++) {                  \
			if (ktext_has((out), row)) {                           \
				__VA_ARGS__                                    \
			}                                                      \
			strout_row(&s);                                        \
		}                                                              \
		return strout_done(&s);                                        \
	} while (0)

#endif
