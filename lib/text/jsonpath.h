/* SPDX-License-Identifier: ISC */
/* Where a value stands in a JSON text.  millrace-formats(7), PATHS. */
#ifndef MILLRACE_TEXT_JSONPATH_H
#define MILLRACE_TEXT_JSONPATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define JSONPATH_MAX 64 /* steps: the levels that a value may have */

/* Into an object by key, or into an array by number. */
struct jsonpath_step {
	bool is_index;
	size_t index; /* from 0 */
	char *key; /* owned, len bytes, perhaps with NULs */
	size_t len;
};

/* No steps: the whole record. */
struct jsonpath {
	struct jsonpath_step steps[JSONPATH_MAX];
	size_t n;
};

/*
 * jsonpath_len: how many bytes of s[0..len) belong to a path that one of the
 * stops ends; those in quotes and brackets are not seen.
 * jsonpath_parse: 0, or -1 with *why to be freed.
 * jsonpath_key: the path of one key.
 * jsonpath_text: append the path as it is written, always in the same way.
 * jsonpath_name: the name of its column, its last key, to be freed; where
 * that can be no name, c and the number; without a key c and that of its
 * element, from 1.
 */
size_t jsonpath_len(const char *s, size_t len, const char *stops);
int jsonpath_parse(struct jsonpath *p, char **why, const char *s, size_t len);
void jsonpath_release(struct jsonpath *p);
void jsonpath_key(struct jsonpath *p, const char *key, size_t len);
void jsonpath_text(struct buf *b, const struct jsonpath *p);
char *jsonpath_name(const struct jsonpath *p, size_t number);

#endif
