/* SPDX-License-Identifier: ISC */
/* Records that are matched by a pattern.  millrace-formats(7), Patterns. */
#ifndef MILLRACE_TEXT_REGEX_H
#define MILLRACE_TEXT_REGEX_H

#include "text/fields.h"
#include "text/walk.h"

struct regex;

/*
 * Compile re into t->state and t->source.  A named group is a field: the one
 * of fields that it is said to be, "GROUPn" being fields->v[n], else a new one
 * of its name.  A field of several groups is the first that took part.
 * *fields is taken over.  option: how the user named re, for *why.
 * 0, or -1 with *why.
 */
#define REGEX_GROUP "mr_"
int regex_compile(struct text *t, char **why, const char *re,
    struct fields *fields, const char *option);

/* As the functions of a format. */
void regex_split(struct text *t, const struct block *b, uint32_t max_rows);
void regex_release(void *state);

#endif
