/* SPDX-License-Identifier: ISC */
/* A JSON text in a cell: checked whole, with the value at one path. */
#ifndef MILLRACE_TEXT_JSONCELL_H
#define MILLRACE_TEXT_JSONCELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "text/jsonwalk.h"

enum jsoncell_kind {
	JSONCELL_NONE, /* null, or nothing at the path */
	JSONCELL_OBJECT,
	JSONCELL_ARRAY,
	JSONCELL_STRING,
	JSONCELL_NUMBER,
	JSONCELL_BOOL
};

struct jsoncell {
	struct jsonwalk walk;
	struct buf text; /* the last one, as walk wants it */
	enum jsoncell_kind kind; /* of the value found */
	const char *value; /* as it is written, without blanks around */
	size_t len;
};

/*
 * jsoncell_init: to look for what stands at a path.
 * jsoncell_read: look into s[0..len).  Returns 0 with kind, value and len set,
 * valid until the next call, or -1: it is no JSON text, of at most 64 levels.
 */
void jsoncell_init(struct jsoncell *c, const struct jsonpath *path);
void jsoncell_release(struct jsoncell *c);
int jsoncell_read(struct jsoncell *c, const char *s, size_t len);

/* A walk over the elements of an array, or the members of an object. */
struct jsoncell_iter {
	const char *at;
	bool object;
	const char *key; /* as it is written, with its quotes; of a member */
	size_t key_len;
	const char *value; /* as it is written */
	size_t len;
};

/*
 * jsoncell_begin: value is an object or array in a text that was read.
 * jsoncell_next: the next element or member; false: there is no more.
 */
void jsoncell_begin(struct jsoncell_iter *i, const char *value);
bool jsoncell_next(struct jsoncell_iter *i);

#endif
