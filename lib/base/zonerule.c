/* SPDX-License-Identifier: ISC */
/* POSIX TZ strings as RFC 9636 extends them. */
#include "base/zonerule.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"

#define YEAR_SEC 31556952 /* mean year of the Gregorian calendar */
#define HOURS_MAX 167
#define N_YEARS 5 /* around the one that is estimated */

struct text {
	const char *p;
	const char *end;
};

static bool
take(struct text *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

static bool
is_digit(const struct text *t)
{
	return t->p < t->end && *t->p >= '0' && *t->p <= '9';
}

static bool
take_int(struct text *t, int *v, int min, int max)
{
	if (!is_digit(t))
		return false;
	for (*v = 0; is_digit(t) && *v <= max; t->p++)
		*v = *v * 10 + (*t->p - '0');
	return *v >= min && *v <= max;
}

/* [+-]hh[:mm[:ss]] */
static bool
take_clock(struct text *t, int64_t *sec)
{
	bool minus = take(t, '-');
	int h, m = 0, s = 0;

	if (!minus)
		take(t, '+');
	if (!take_int(t, &h, 0, HOURS_MAX)
	    || (take(t, ':') && !take_int(t, &m, 0, 59))
	    || (take(t, ':') && !take_int(t, &s, 0, 59)))
		return false;
	*sec = h * 3600 + m * 60 + s;
	if (minus)
		*sec = -*sec;
	return true;
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Letters, or anything between angle brackets. */
static bool
take_abbrev(struct text *t, char out[ZONE_ABBREV_MAX])
{
	bool bracket = take(t, '<');
	const char *from = t->p;
	size_t len;

	while (t->p < t->end && (bracket ? *t->p != '>' : is_letter(*t->p)))
		t->p++;
	len = (size_t)(t->p - from);
	if (len < 1 || len >= ZONE_ABBREV_MAX || (bracket && !take(t, '>')))
		return false;
	memcpy(out, from, len);
	out[len] = '\0';
	return true;
}

/* POSIX counts offsets to the west. */
static bool
take_offset(struct text *t, int64_t *east)
{
	if (!take_clock(t, east))
		return false;
	*east = -*east;
	return true;
}

static bool
take_change(struct text *t, struct zone_change *c)
{
	*c = (struct zone_change){.kind = 'N', .time = 7200};
	if (!take(t, ','))
		return false;
	if (take(t, 'M')) {
		c->kind = 'M';
		if (!take_int(t, &c->month, 1, 12) || !take(t, '.')
		    || !take_int(t, &c->week, 1, 5) || !take(t, '.')
		    || !take_int(t, &c->day, 0, 6))
			return false;
	} else if (take(t, 'J')) {
		c->kind = 'J';
		if (!take_int(t, &c->day, 1, 365))
			return false;
	} else if (!take_int(t, &c->day, 0, 365)) {
		return false;
	}
	return !take(t, '/') || take_clock(t, &c->time);
}

int
zone_rule_parse(struct zone_rule *r, const char *s, size_t len)
{
	struct text t = {s, s + len};

	*r = (struct zone_rule){.has_dst = false};
	if (!take_abbrev(&t, r->std.abbrev) || !take_offset(&t, &r->std.offset))
		return -1;
	if (t.p == t.end)
		return 0;
	r->has_dst = true;
	r->dst.offset = r->std.offset + 3600;
	if (!take_abbrev(&t, r->dst.abbrev))
		return -1;
	if (t.p < t.end && *t.p != ',' && !take_offset(&t, &r->dst.offset))
		return -1;
	if (!take_change(&t, &r->start) || !take_change(&t, &r->end))
		return -1;
	return t.p == t.end ? 0 : -1;
}

/* Days since 1970 of the change in that year. */
static int64_t
change_day(const struct zone_change *c, int64_t year)
{
	int64_t first, next, day;
	bool leap;

	if (c->kind == 'N')
		return time_days(year, 1, 1) + c->day;
	if (c->kind == 'J') {
		leap = time_days(year, 3, 1) - time_days(year, 2, 28) == 2;
		return time_days(year, 1, 1) + c->day - 1
		       + (leap && c->day > 59);
	}
	first = time_days(year, c->month, 1);
	next = c->month < 12 ? time_days(year, c->month + 1, 1)
			     : time_days(year + 1, 1, 1);
	/* 1970-01-01 was a Thursday. */
	day =
	    first + num_floor_mod(c->day - (first + 4), 7) + 7 * (c->week - 1);
	return day < next ? day : day - 7;
}

struct turn {
	int64_t sec;
	const struct zone_half *half; /* from there on */
};

/* Insert behind all that are not later. */
static void
insert(struct turn *turns, size_t n, const struct turn *t)
{
	while (n > 0 && turns[n - 1].sec > t->sec) {
		turns[n] = turns[n - 1];
		n--;
	}
	turns[n] = *t;
}

void
zone_rule_find(
    struct zone_rule_span *span, const struct zone_rule *r, int64_t sec)
{
	int64_t year = 1970 + num_floor_div(sec, YEAR_SEC) - N_YEARS / 2;
	struct turn turns[2 * N_YEARS], t;
	size_t n = 0;

	*span = (struct zone_rule_span){INT64_MIN, INT64_MAX, &r->std};
	if (!r->has_dst)
		return;
	for (int i = 0; i < N_YEARS; i++, year++) {
		t.sec = change_day(&r->start, year) * 86400 + r->start.time
			- r->std.offset;
		t.half = &r->dst;
		insert(turns, n++, &t);
		t.sec = change_day(&r->end, year) * 86400 + r->end.time
			- r->dst.offset;
		t.half = &r->std;
		insert(turns, n++, &t);
	}
	while (n > 0 && turns[n - 1].sec > sec)
		span->to = turns[--n].sec;
	assert(n > 0);
	span->from = turns[n - 1].sec;
	span->half = turns[n - 1].half;
}
