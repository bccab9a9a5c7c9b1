/* SPDX-License-Identifier: ISC */
/* Times read by strptime(3) patterns, without locale or TZ. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/time.h"
#include "base/timefmt_int.h"

/* A text being parsed and what was found in it. */
struct scan {
	const char *s;
	size_t len;
	size_t at;
	struct civil c;
	int east; /* seconds */
	int yearday; /* 0 = not given */
	bool pm, has_pm, has_epoch, has_zone;
	bool minus; /* the epoch's sign, which holds for a fraction, too */
	int64_t epoch; /* microseconds */
};

/* One to max digits, at least min of them. */
static bool
scan_int(struct scan *x, int *v, size_t min, size_t max)
{
	size_t n = 0;

	*v = 0;
	for (; n < max && x->at < x->len; n++, x->at++) {
		int d = x->s[x->at] - '0';

		if (d < 0 || d > 9)
			break;
		*v = *v * 10 + d;
	}
	return n >= min;
}

/* A name in full or its first three letters, in any case; *v its number. */
static bool
scan_name(struct scan *x, int *v, const char *const *names, int n_names)
{
	for (int i = 0; i < n_names; i++) {
		size_t full = strlen(names[i]), left = x->len - x->at;
		size_t n = 0;

		if (left >= full
		    && strncasecmp(x->s + x->at, names[i], full) == 0)
			n = full;
		else if (left >= 3
			 && strncasecmp(x->s + x->at, names[i], 3) == 0)
			n = 3;
		if (n > 0) {
			x->at += n;
			*v = i;
			return true;
		}
	}
	return false;
}

static bool
scan_zone(struct scan *x)
{
	int v, h, m = 0;
	bool minus;

	if (x->at == x->len)
		return false;
	if (x->s[x->at] == 'Z' || x->s[x->at] == 'z') {
		x->at++;
		return true;
	}
	minus = x->s[x->at] == '-';
	if (!minus && x->s[x->at] != '+')
		return false;
	x->at++;
	if (!scan_int(x, &h, 2, 2))
		return false;
	if (x->at < x->len && x->s[x->at] == ':')
		x->at++;
	if (x->at < x->len && isdigit((unsigned char)x->s[x->at])) {
		if (!scan_int(x, &m, 2, 2))
			return false;
	}
	v = h * 3600 + m * 60;
	x->east = minus ? -v : v;
	return h <= 23 && m <= 59;
}

static bool
scan_word(struct scan *x, const char *word)
{
	size_t n = strlen(word);

	if (x->len - x->at < n || strncasecmp(x->s + x->at, word, n) != 0)
		return false;
	x->at += n;
	return true;
}

static bool
scan_fraction(struct scan *x)
{
	int n = 0;

	x->c.us = 0;
	for (; x->at < x->len && isdigit((unsigned char)x->s[x->at]);
	     x->at++, n++)
		if (n < 6)
			x->c.us = x->c.us * 10 + (x->s[x->at] - '0');
	for (int i = n; i < 6; i++)
		x->c.us *= 10;
	return n > 0;
}

static bool
scan_epoch(struct scan *x)
{
	size_t start = x->at;

	x->minus = x->at < x->len && x->s[x->at] == '-';
	x->at += x->minus;
	while (x->at < x->len && isdigit((unsigned char)x->s[x->at]))
		x->at++;
	x->has_epoch = true;
	return num_parse_int(&x->epoch, x->s + start, x->at - start) == 0
	       && num_mul(&x->epoch, x->epoch, TIME_US);
}

static bool
scan_year2(struct scan *x)
{
	int v;

	if (!scan_int(x, &v, 2, 2))
		return false;
	x->c.year = v < 69 ? 2000 + v : 1900 + v;
	return true;
}

static bool
scan_conv(struct scan *x, char conv)
{
	int v = 0;
	bool ok;

	switch (conv) {
	case 'Y':
		ok = scan_int(x, &v, 4, 4);
		x->c.year = v;
		return ok;
	case 'y':
		return scan_year2(x);
	case 'm':
		return scan_int(x, &x->c.month, 1, 2);
	case 'd':
		return scan_int(x, &x->c.day, 1, 2);
	case 'e':
		while (x->at < x->len && x->s[x->at] == ' ')
			x->at++;
		return scan_int(x, &x->c.day, 1, 2);
	case 'H':
	case 'I':
		return scan_int(x, &x->c.hour, 1, 2);
	case 'M':
		return scan_int(x, &x->c.min, 1, 2);
	case 'S':
		return scan_int(x, &x->c.sec, 1, 2);
	case 'f':
	case 'L':
		return scan_fraction(x);
	case 'j':
		return scan_int(x, &x->yearday, 1, 3) && x->yearday > 0;
	case 'b':
	case 'B':
	case 'h':
		ok = scan_name(x, &v, timefmt_months, 12);
		x->c.month = v + 1;
		return ok;
	case 'a':
	case 'A':
		return scan_name(x, &v, timefmt_weekdays, 7);
	case 'z':
		x->has_zone = true;
		return scan_zone(x);
	case 'Z':
		x->has_zone = true;
		return scan_word(x, "UTC") || scan_word(x, "GMT")
		       || scan_word(x, "Z");
	case 'p':
		x->has_pm = true;
		x->pm = scan_word(x, "PM");
		return x->pm || scan_word(x, "AM");
	case 's':
		return scan_epoch(x);
	case '%':
		return scan_word(x, "%");
	default:
		return false; /* %u %V %G are for printing */
	}
}

static bool
scan_blanks(struct scan *x)
{
	while (x->at < x->len && isspace((unsigned char)x->s[x->at]))
		x->at++;
	return true;
}

static bool
scan_format(struct scan *x, const char *f)
{
	for (; *f != '\0'; f++) {
		bool ok;

		if (isspace((unsigned char)*f)) {
			ok = scan_blanks(x);
		} else if (*f != '%') {
			ok = x->at < x->len && x->s[x->at] == *f;
			x->at++;
		} else {
			f++;
			if (*f == 'n' || *f == 't')
				ok = scan_blanks(x);
			else if (timefmt_composed(*f) != NULL)
				ok = scan_format(x, timefmt_composed(*f));
			else
				ok = scan_conv(x, *f);
		}
		if (!ok)
			return false;
	}
	return true;
}

/* The instant that the fields say, the zone left aside. */
static bool
scanned(int64_t *us, struct scan *x)
{
	int days;

	if (x->has_epoch)
		return x->minus ? num_sub(us, x->epoch, x->c.us)
				: num_add(us, x->epoch, x->c.us);
	if (x->yearday == 0)
		return time_from_civil(us, &x->c) == 0;
	days =
	    (int)(time_days(x->c.year + 1, 1, 1) - time_days(x->c.year, 1, 1));
	x->c.month = x->c.day = 1;
	if (x->yearday > days || time_from_civil(us, &x->c) == -1)
		return false;
	*us += (x->yearday - 1) * 86400 * TIME_US;
	return true;
}

int
time_read_format(int64_t *us, bool *zoned, const char *s, size_t len,
    const char *format, int year)
{
	struct scan x = {.s = s,
	    .len = len,
	    .c = {.year = year == 0 ? 1970 : year, .month = 1, .day = 1}};
	int64_t v;

	if (!scan_format(&x, format) || x.at != len)
		return -1;
	if (x.has_pm) {
		if (x.c.hour < 1 || x.c.hour > 12)
			return -1;
		x.c.hour = x.c.hour % 12 + (x.pm ? 12 : 0);
	}
	if (!scanned(&v, &x) || !num_sub(&v, v, (int64_t)x.east * TIME_US))
		return -1;
	*us = v;
	*zoned = x.has_zone || x.has_epoch;
	return 0;
}

int
time_parse_format(int64_t *us, const char *s, size_t len, const char *format)
{
	bool zoned;

	return time_read_format(us, &zoned, s, len, format, 0);
}
