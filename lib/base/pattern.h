/* SPDX-License-Identifier: ISC */
/* Patterns: regular expressions of PCRE2, and those of like. */
#ifndef MILLRACE_BASE_PATTERN_H
#define MILLRACE_BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The steps after which a match gives up: a pattern that backtracks without
 * end fails within about a second, an honest one stays far below.
 */
#define PATTERN_MATCH_LIMIT 10000000u
#define PATTERN_DEPTH_LIMIT 100000u /* where there is no JIT */
#define PATTERN_MAX_GROUPS 100

/* Bytes of a subject, from..to. */
struct pattern_span {
	size_t from;
	size_t to;
};

struct pattern;

/*
 * pattern_new: compile, or NULL with the reason in why[0..cap) and the byte of
 * the pattern in *at.
 * pattern_group_name: of group 1..pattern_groups, or NULL; as long as p is.
 * pattern_match: look in s[0..len) from byte from on; fills in spans[0..n) for
 * the whole match and its groups (a group that took no part has from > to).
 * Returns 1, 0 for no match, -1 when it gave up.
 */
struct pattern *pattern_new(
    const char *re, size_t len, char *why, size_t cap, size_t *at);
void pattern_free(struct pattern *p);
unsigned pattern_groups(const struct pattern *p);
const char *pattern_group_name(const struct pattern *p, unsigned group);
int pattern_match(struct pattern *p, struct pattern_span *spans, size_t n,
    const char *s, size_t len, size_t from);

/*
 * like: % any bytes, _ one character, escape takes the next byte as it is.
 * pattern_like: whether the whole of s matches.
 */
bool pattern_like(
    const char *like, size_t like_len, char escape, const char *s, size_t len);

#endif
