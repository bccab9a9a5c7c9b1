/* SPDX-License-Identifier: ISC */
/* The columns of a format whose argument says them, while it is compiled. */
#ifndef MILLRACE_TEXT_FIELDS_H
#define MILLRACE_TEXT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/cols.h"

/* All zero bytes is a valid empty list. */
struct fields {
	struct cols_field *v;
	struct cols_origin *origins;
	char **names; /* owned, each; those of v */
	size_t n;
	size_t cap, cap_origins, cap_names;
};

void fields_release(struct fields *f);

/*
 * Add a field; name is copied.  untyped: nothing gave it its kind.  A name
 * that is taken gets a number behind it: status_2.  Returns its number.
 */
size_t fields_add(struct fields *f, const char *name, size_t len,
    enum cell_kind kind, bool untyped);

/* The field of that name, or f->n. */
size_t fields_find(const struct fields *f, const char *name, size_t len);

/*
 * Make a name that expressions take: letters in lower case, digits, and one
 * '_' for each run of other bytes, none at the ends: cs(User-Agent) is
 * cs_user_agent.  Returns its length; out has room for len bytes.
 */
size_t fields_tidy(char *out, const char *name, size_t len);

/* What the columns are bound to, as long as f does not change. */
struct cols_source fields_source(const struct fields *f);

#endif
