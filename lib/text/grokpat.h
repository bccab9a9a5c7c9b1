/* SPDX-License-Identifier: ISC */
/* The patterns that grok knows by name.  millrace-formats(7), Patterns. */
#ifndef MILLRACE_TEXT_GROKPAT_H
#define MILLRACE_TEXT_GROKPAT_H

#include <stddef.h>

struct grokpat {
	const char *name;
	const char *re; /* may refer to others by %{NAME} or %{NAME:field} */
};

/* The pattern of that name, or NULL.  grokpat_at: the i-th, or NULL. */
const struct grokpat *grokpat_find(const char *name, size_t len);
const struct grokpat *grokpat_at(size_t i);

#endif
