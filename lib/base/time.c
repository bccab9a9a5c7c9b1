/* SPDX-License-Identifier: ISC */
/* Clocks, the calendar, and the two fixed text forms of an instant. */
#include "base/time.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/num.h"

#define DAY_US (INT64_C(86400) * TIME_US)

static int64_t
clock_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * TIME_US + ts.tv_nsec / 1000;
}

int64_t
time_now_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t
time_mono_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

/*
 * Days are counted in years that begin with March, so that the leap day is
 * the last of its year, in eras of 400 years of 146,097 days.
 */
int64_t
time_days(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = num_floor_div(y, 400);
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool
is_leap(int64_t y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static int
month_days(int64_t year, int month)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

int
time_from_civil(int64_t *us, const struct civil *c)
{
	int64_t days, sec, v;

	if (c->month < 1 || c->month > 12 || c->day < 1 || c->year < -400000
	    || c->year > 400000 || c->day > month_days(c->year, c->month))
		return -1;
	if (c->hour < 0 || c->hour > 23 || c->min < 0 || c->min > 59
	    || c->sec < 0 || c->sec > 60 || c->us < 0 || c->us >= TIME_US)
		return -1;
	days = time_days(c->year, c->month, c->day);
	sec = days * 86400 + c->hour * 3600 + c->min * 60 + c->sec;
	if (!num_mul(&v, sec, TIME_US) || !num_add(&v, v, c->us))
		return -1;
	*us = v;
	return 0;
}

void
time_to_civil(struct civil *c, int64_t us)
{
	int64_t days = num_floor_div(us, DAY_US);
	int64_t rest = num_floor_mod(us, DAY_US);
	int64_t z = days + 719468;
	int64_t era = num_floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	c->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c->year = yoe + era * 400 + (c->month <= 2);
	c->us = (int)(rest % TIME_US);
	rest /= TIME_US;
	c->hour = (int)(rest / 3600);
	c->min = (int)(rest / 60 % 60);
	c->sec = (int)(rest % 60);
	c->weekday = (int)num_floor_mod(days + 3, 7);
	c->yearday = (int)(days - time_days(c->year, 1, 1)) + 1;
}

/* Exactly n digits at s[*at]; moves *at; false when they are not there. */
static bool
digits(int *v, const char *s, size_t len, size_t *at, size_t n)
{
	int sum = 0;

	if (n > len - *at)
		return false;
	for (size_t i = 0; i < n; i++) {
		int d = s[*at + i] - '0';

		if (d < 0 || d > 9)
			return false;
		sum = sum * 10 + d;
	}
	*at += n;
	*v = sum;
	return true;
}

static bool
take(const char *s, size_t len, size_t *at, char c)
{
	if (*at == len || s[*at] != c)
		return false;
	++*at;
	return true;
}

/* A fraction's digits: to microseconds, the rest cut. */
static bool
fraction(int *us, const char *s, size_t len, size_t *at)
{
	int v = 0, n = 0;

	for (; *at < len && s[*at] >= '0' && s[*at] <= '9'; ++*at, n++)
		if (n < 6)
			v = v * 10 + (s[*at] - '0');
	for (int i = n; i < 6; i++)
		v *= 10;
	*us = v;
	return n > 0;
}

/* Z, +hh:mm, +hhmm, +hh: seconds east of UTC. */
static bool
zone_offset(int *east, const char *s, size_t len, size_t *at)
{
	int h, m = 0;
	bool minus;

	if (take(s, len, at, 'Z') || take(s, len, at, 'z')) {
		*east = 0;
		return true;
	}
	minus = *at < len && s[*at] == '-';
	if (!minus && (*at == len || s[*at] != '+'))
		return false;
	++*at;
	if (!digits(&h, s, len, at, 2))
		return false;
	if (take(s, len, at, ':') || *at < len)
		if (!digits(&m, s, len, at, 2))
			return false;
	if (h > 23 || m > 59)
		return false;
	*east = (h * 3600 + m * 60) * (minus ? -1 : 1);
	return true;
}

/* The time of day and zone, if any, of an RFC 3339 text. */
static bool
parse_clock(struct civil *c, int *east, bool *zoned, const char *s, size_t len,
    size_t *at)
{
	if (!take(s, len, at, 'T') && !take(s, len, at, 't')
	    && !take(s, len, at, ' '))
		return false;
	if (!digits(&c->hour, s, len, at, 2) || !take(s, len, at, ':')
	    || !digits(&c->min, s, len, at, 2))
		return false;
	if (take(s, len, at, ':')) {
		if (!digits(&c->sec, s, len, at, 2))
			return false;
		if ((take(s, len, at, '.') || take(s, len, at, ','))
		    && !fraction(&c->us, s, len, at))
			return false;
	}
	*zoned = *at < len;
	return !*zoned || zone_offset(east, s, len, at);
}

static int
finish(int64_t *us, const struct civil *c, int east)
{
	int64_t v;

	if (time_from_civil(&v, c) == -1
	    || !num_sub(&v, v, (int64_t)east * TIME_US))
		return -1;
	*us = v;
	return 0;
}

int
time_read_rfc3339(int64_t *us, bool *zoned, const char *s, size_t len)
{
	struct civil c = {.year = 0};
	size_t at = 0;
	int year, east = 0;

	if (!digits(&year, s, len, &at, 4) || !take(s, len, &at, '-')
	    || !digits(&c.month, s, len, &at, 2) || !take(s, len, &at, '-')
	    || !digits(&c.day, s, len, &at, 2))
		return -1;
	c.year = year;
	*zoned = false;
	if (at < len
	    && (!parse_clock(&c, &east, zoned, s, len, &at) || at < len))
		return -1;
	return finish(us, &c, east);
}

int
time_parse_rfc3339(int64_t *us, const char *s, size_t len)
{
	bool zoned;

	return time_read_rfc3339(us, &zoned, s, len);
}

int
time_parse_clf(int64_t *us, const char *s, size_t len)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil c = {.year = 0};
	size_t at = 0;
	int year, east;

	if (len != 26 || !digits(&c.day, s, len, &at, 2)
	    || !take(s, len, &at, '/'))
		return -1;
	for (c.month = 1; c.month <= 12; c.month++)
		if (memcmp(months + (c.month - 1) * 3, s + at, 3) == 0)
			break;
	at += 3;
	if (!take(s, len, &at, '/') || !digits(&year, s, len, &at, 4)
	    || !take(s, len, &at, ':') || !digits(&c.hour, s, len, &at, 2)
	    || !take(s, len, &at, ':') || !digits(&c.min, s, len, &at, 2)
	    || !take(s, len, &at, ':') || !digits(&c.sec, s, len, &at, 2)
	    || !take(s, len, &at, ' ') || !zone_offset(&east, s, len, &at)
	    || at < len)
		return -1;
	c.year = year;
	return finish(us, &c, east);
}

static char *
put_digits(char *p, int v, int n)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n;
}

size_t
time_format_rfc3339(char *out, int64_t us)
{
	struct civil c;
	char *p = out;

	time_to_civil(&c, us);
	if (c.year < 0 || c.year > 9999)
		p += num_format_int(p, c.year);
	else
		p = put_digits(p, (int)c.year, 4);
	*p++ = '-';
	p = put_digits(p, c.month, 2);
	*p++ = '-';
	p = put_digits(p, c.day, 2);
	*p++ = 'T';
	p = put_digits(p, c.hour, 2);
	*p++ = ':';
	p = put_digits(p, c.min, 2);
	*p++ = ':';
	p = put_digits(p, c.sec, 2);
	if (c.us > 0) {
		*p++ = '.';
		p = put_digits(p, c.us, 6);
		while (p[-1] == '0')
			p--;
	}
	*p++ = 'Z';
	return (size_t)(p - out);
}
