/* SPDX-License-Identifier: ISC */
/* The rule at the end of a TZif file, a POSIX TZ string.  RFC 9636, 3.3. */
#ifndef MILLRACE_BASE_ZONERULE_H
#define MILLRACE_BASE_ZONERULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZONE_ABBREV_MAX 16 /* bytes, NUL included */

/* What the clocks show in a part of the year. */
struct zone_half {
	int64_t offset; /* seconds east of UTC */
	char abbrev[ZONE_ABBREV_MAX];
};

/* A day of every year and a time on it. */
struct zone_change {
	char kind; /* 'M' month, week, day; 'J' 1..365; 'N' 0..365 */
	int month; /* 1..12 */
	int week; /* 1..5, 5 = the last */
	int day; /* of the week, 0 = Sunday; or of the year */
	int64_t time; /* seconds, -167 h .. 167 h */
};

struct zone_rule {
	struct zone_half std;
	struct zone_half dst; /* when has_dst */
	bool has_dst;
	struct zone_change start; /* of dst, by std's clocks */
	struct zone_change end; /* by dst's clocks */
};

/* 0, or -1 when s[0..len) is no such rule. */
int zone_rule_parse(struct zone_rule *r, const char *s, size_t len);

/* A stretch of seconds since 1970 without a change: from <= sec < to. */
struct zone_rule_span {
	int64_t from; /* INT64_MIN = since ever */
	int64_t to; /* INT64_MAX = for ever */
	const struct zone_half *half; /* of the rule */
};

void zone_rule_find(
    struct zone_rule_span *span, const struct zone_rule *r, int64_t sec);

#endif
