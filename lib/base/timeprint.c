/* SPDX-License-Identifier: ISC */
/* Times written by strftime(3) patterns, without locale or TZ. */
#include <stdbool.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "base/timefmt_int.h"

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
		print_bytes(p, timefmt_months[c->month - 1], 3);
		break;
	case 'B':
		print_text(p, timefmt_months[c->month - 1]);
		break;
	case 'a':
		print_bytes(p, timefmt_weekdays[c->weekday], 3);
		break;
	case 'A':
		print_text(p, timefmt_weekdays[c->weekday]);
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
		if (timefmt_composed(*f) != NULL)
			print_format(p, timefmt_composed(*f));
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
