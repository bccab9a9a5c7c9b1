/* SPDX-License-Identifier: ISC */
/* Times by strptime(3) and strftime(3) patterns, without locale or TZ. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/time.h"

static const char *const months[] = {"January", "February", "March", "April",
    "May", "June", "July", "August", "September", "October", "November",
    "December"};
static const char *const weekdays[] = {"Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday", "Sunday"};

/* Conversions that stand for a pattern of others. */
static const char *
composed(char conv)
{
	switch (conv) {
	case 'T':
		return "%H:%M:%S";
	case 'R':
		return "%H:%M";
	case 'F':
		return "%Y-%m-%d";
	case 'D':
		return "%m/%d/%y";
	default:
		return NULL;
	}
}

int
time_check_format(const char *format, char *bad)
{
	for (const char *f = format; *f != '\0'; f++) {
		if (*f != '%')
			continue;
		f++;
		if (*f == '\0'
		    || strchr("YmdeHMSfLybBhaAjzZpIsTFDRnt%uVG", *f) == NULL) {
			*bad = *f == '\0' ? '%' : *f;
			return -1;
		}
	}
	return 0;
}

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
		ok = scan_name(x, &v, months, 12);
		x->c.month = v + 1;
		return ok;
	case 'a':
	case 'A':
		return scan_name(x, &v, weekdays, 7);
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
			else if (composed(*f) != NULL)
				ok = scan_format(x, composed(*f));
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
time_read_format(
    int64_t *us, bool *zoned, const char *s, size_t len, const char *format)
{
	struct scan x = {
	    .s = s, .len = len, .c = {.year = 1970, .month = 1, .day = 1}};
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

	return time_read_format(us, &zoned, s, len, format);
}

/* Text being printed; len counts what would be there. */
struct print {
	char *out;
	size_t cap;
	size_t len;
	int64_t us;
	int64_t offset_us;
	const char *abbrev;
	struct civil c; /* by the clocks */
};

static void
print_bytes(struct print *p, const char *s, size_t n)
{
	if (n <= p->cap && p->len <= p->cap - n)
		memcpy(p->out + p->len, s, n);
	p->len += n;
}

static void
print_int(struct print *p, int64_t v, size_t width, char fill)
{
	char text[NUM_TEXT_MAX];
	size_t n = num_format_int(text, v);

	for (size_t i = n; i < width; i++)
		print_bytes(p, &fill, 1);
	print_bytes(p, text, n);
}

/* ISO 8601 week and its year. */
static int
iso_week(const struct civil *c, int64_t *year)
{
	int week = (c->yearday - c->weekday + 9) / 7;
	int64_t jan1;
	int last, days;

	*year = c->year;
	if (week == 0) {
		--*year;
		days = (int)(time_days(c->year, 1, 1)
			     - time_days(c->year - 1, 1, 1));
		return (c->yearday + days - c->weekday + 9) / 7;
	}
	jan1 = num_floor_mod(time_days(c->year + 1, 1, 1) + 3, 7);
	last = (int)(time_days(c->year + 1, 1, 1) - time_days(c->year, 1, 1))
	       - c->yearday;
	if (jan1 <= 3 && last < jan1) {
		++*year;
		return 1;
	}
	return week;
}

/* The conversions that are numbers.  false: it is none of them. */
static bool
print_number(struct print *p, char conv)
{
	const struct civil *c = &p->c;

	switch (conv) {
	case 'Y':
		print_int(p, c->year, 4, '0');
		return true;
	case 'y':
		print_int(p, num_floor_mod(c->year, 100), 2, '0');
		return true;
	case 'm':
		print_int(p, c->month, 2, '0');
		return true;
	case 'd':
		print_int(p, c->day, 2, '0');
		return true;
	case 'e':
		print_int(p, c->day, 2, ' ');
		return true;
	case 'H':
		print_int(p, c->hour, 2, '0');
		return true;
	case 'I':
		print_int(p, (c->hour + 11) % 12 + 1, 2, '0');
		return true;
	case 'M':
		print_int(p, c->min, 2, '0');
		return true;
	case 'S':
		print_int(p, c->sec, 2, '0');
		return true;
	case 'f':
		print_int(p, c->us, 6, '0');
		return true;
	case 'L':
		print_int(p, c->us / 1000, 3, '0');
		return true;
	case 'j':
		print_int(p, c->yearday, 3, '0');
		return true;
	case 's':
		print_int(p, num_floor_div(p->us, TIME_US), 0, '0');
		return true;
	case 'u':
		print_int(p, c->weekday + 1, 0, '0');
		return true;
	default:
		return false;
	}
}

static void
print_text(struct print *p, const char *s)
{
	print_bytes(p, s, strlen(s));
}

/* +hhmm */
static void
print_offset(struct print *p)
{
	int64_t minutes = p->offset_us / (60 * TIME_US);

	print_text(p, minutes < 0 ? "-" : "+");
	minutes = minutes < 0 ? -minutes : minutes;
	print_int(p, minutes / 60, 2, '0');
	print_int(p, minutes % 60, 2, '0');
}

static void
print_conv(struct print *p, char conv)
{
	const struct civil *c = &p->c;
	int64_t year;
	int week;

	if (print_number(p, conv))
		return;
	switch (conv) {
	case 'b':
	case 'h':
		print_bytes(p, months[c->month - 1], 3);
		break;
	case 'B':
		print_text(p, months[c->month - 1]);
		break;
	case 'a':
		print_bytes(p, weekdays[c->weekday], 3);
		break;
	case 'A':
		print_text(p, weekdays[c->weekday]);
		break;
	case 'z':
		print_offset(p);
		break;
	case 'Z':
		print_text(p, p->abbrev);
		break;
	case 'p':
		print_text(p, c->hour < 12 ? "AM" : "PM");
		break;
	case 'V':
	case 'G':
		week = iso_week(c, &year);
		print_int(p, conv == 'V' ? week : year, 2, '0');
		break;
	case 'n':
		print_text(p, "\n");
		break;
	case 't':
		print_text(p, "\t");
		break;
	default:
		print_bytes(p, &conv, 1);
	}
}

static void
print_format(struct print *p, const char *f)
{
	for (; *f != '\0'; f++) {
		if (*f != '%' || f[1] == '\0') {
			print_bytes(p, f, 1);
			continue;
		}
		f++;
		if (composed(*f) != NULL)
			print_format(p, composed(*f));
		else
			print_conv(p, *f);
	}
}

size_t
time_format_clock(char *out, size_t cap, int64_t us, int64_t offset_us,
    const char *abbrev, const char *format)
{
	struct print p = {.out = out,
	    .cap = cap,
	    .us = us,
	    .offset_us = offset_us,
	    .abbrev = abbrev};

	time_to_civil(&p.c, us + offset_us);
	print_format(&p, format);
	return p.len <= cap ? p.len : cap + 1;
}

size_t
time_format(char *out, size_t cap, int64_t us, const char *format)
{
	return time_format_clock(out, cap, us, 0, "UTC", format);
}
