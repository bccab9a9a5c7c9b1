/* SPDX-License-Identifier: ISC */
/* Instants as int64 microseconds since 1970-01-01T00:00:00Z, and clocks. */
#ifndef MILLRACE_BASE_TIME_H
#define MILLRACE_BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_US INT64_C(1000000)
#define TIME_NONE INT64_MIN /* no watermark; never a value of a row */
#define TIME_TEXT_MAX 40 /* longest RFC 3339 text, NUL included */

/* Wall clock and monotonic clock, microseconds. */
int64_t time_now_us(void);
int64_t time_mono_us(void);

/* A civil date and time in the proleptic Gregorian calendar. */
struct civil {
	int64_t year;
	int month; /* 1..12 */
	int day; /* 1..31 */
	int hour, min, sec;
	int us;
	int weekday; /* 0 = Monday; set by civil_from_us only */
	int yearday; /* 1..366; set by civil_from_us only */
};

/*
 * time_from_civil: fields in UTC; sec 60 counts as the next minute's 0.
 * Returns 0, or -1 when a field is out of range or the result leaves int64.
 * time_to_civil is its inverse for every int64.
 * time_days: days since 1970-01-01 of a civil date that is known good.
 */
int time_from_civil(int64_t *us, const struct civil *c);
void time_to_civil(struct civil *c, int64_t us);
int64_t time_days(int64_t year, int month, int day);

/*
 * Parse the whole of s[0..len).  0, or -1 when it is not of that form.
 * time_parse_rfc3339: 2026-11-23T14:05:06[.fraction](Z|+hh:mm|-hhmm|nothing);
 * T may be a blank or t; seconds, or the whole time of day, may be missing;
 * nothing means UTC; digits beyond the microsecond are cut.
 * time_read_rfc3339, time_read_format: *zoned is false where the text names
 * no zone; *us is then as if it were UTC, which zone_local_us takes.
 * time_parse_clf: 17/May/2015:10:05:03 +0000.
 * time_read_format: year is that of texts that name none, 0 = 1970.
 * time_parse_format: by a strptime(3) pattern: %Y %m %d %e %H %M %S %f (also
 * fraction digits) %y %b %B %a %A %j %z %Z(UTC, GMT, Z only) %p %I %s %T %F %D
 * %R %n %t %%, and %L for milliseconds; blanks match any blanks.
 */
int time_parse_rfc3339(int64_t *us, const char *s, size_t len);
int time_read_rfc3339(int64_t *us, bool *zoned, const char *s, size_t len);
int time_read_format(int64_t *us, bool *zoned, const char *s, size_t len,
    const char *format, int year);
int time_parse_clf(int64_t *us, const char *s, size_t len);
int time_parse_format(
    int64_t *us, const char *s, size_t len, const char *format);

/*
 * Whether time_parse_format and time_format know every conversion in it.
 * 0, or -1 with the offending letter in *bad.
 */
int time_check_format(const char *format, char *bad);

/* Whether a text of that pattern names a month or a day, and no year. */
bool time_format_wants_year(const char *format);

/*
 * time_format_rfc3339: into out of TIME_TEXT_MAX bytes, RFC 3339 in UTC with
 * Z, trailing zeros of the fraction cut; no NUL; returns the length.
 * time_format: by a strftime(3) pattern with the conversions above plus %u
 * %V %G; at most cap bytes; returns the length, or cap + 1 when it did not
 * fit.
 * time_format_clock: the same for clocks that are offset_us, less than a day,
 * ahead of UTC in a zone of that abbreviation; us + offset_us is an int64.
 */
size_t time_format_rfc3339(char *out, int64_t us);
size_t time_format(char *out, size_t cap, int64_t us, const char *format);
size_t time_format_clock(char *out, size_t cap, int64_t us, int64_t offset_us,
    const char *abbrev, const char *format);

#endif
