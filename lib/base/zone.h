/* SPDX-License-Identifier: ISC */
/* Time zones by name, read from TZif files (RFC 9636).  No global state. */
#ifndef MILLRACE_BASE_ZONE_H
#define MILLRACE_BASE_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

#define ZONE_DIR "/usr/share/zoneinfo"
#define ZONE_NAME_MAX 64 /* bytes of a name */

/* A zone; constant once it is open.  NULL stands for UTC in every call. */
struct zone;

/*
 * zone_open: the zone of a name such as Europe/Paris, UTC, or a fixed offset
 * such as +05:30; or NULL with the reason in *why, to be freed.
 * zone_name: as given to zone_open; "UTC" for NULL.
 */
struct zone *zone_open(const char *name, char **why);
void zone_close(struct zone *z);
const char *zone_name(const struct zone *z);

/* A stretch of time in which the clocks of a zone are not changed. */
struct zone_span {
	int64_t from_us; /* UTC, INT64_MIN = since ever */
	int64_t to_us; /* not in it; INT64_MAX = for ever */
	int64_t offset_us; /* local time minus UTC, in it */
	const char *abbrev; /* such as CEST; as long as the zone is open */
};

/*
 * zone_find: the span that us lies in, for loops to keep.
 * zone_offset_at: local time minus UTC at us, in microseconds.
 * zone_to_civil: what the clocks of the zone show at us.
 */
void zone_find(struct zone_span *span, const struct zone *z, int64_t us);
int64_t zone_offset_at(const struct zone *z, int64_t us);
void zone_to_civil(struct civil *c, const struct zone *z, int64_t us);

/*
 * zone_format: us as RFC 3339 with the zone's offset, like
 * time_format_rfc3339, which it is where local time leaves int64.  *span is
 * kept between calls; all zero bytes in the beginning.
 */
size_t zone_format(
    char *out, struct zone_span *span, const struct zone *z, int64_t us);

/*
 * The instant at which the clocks show a local time.  What they show twice
 * is the first of both instants (daylight saving time, as a rule); what they
 * skip is moved forward by as much as they are (02:30 is 03:30).
 * zone_to_utc: 0, or -1 as time_from_civil.
 * zone_local_us: the same for microseconds since 1970-01-01T00:00:00 local
 * time; 0, or -1 when the instant leaves int64.
 */
int zone_to_utc(int64_t *us, const struct zone *z, const struct civil *c);
int zone_local_us(int64_t *us, const struct zone *z, int64_t local_us);

#endif
