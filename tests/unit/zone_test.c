/* SPDX-License-Identifier: ISC */
/* Time zones: against the C library, which reads the same files itself. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/zone.h"
#include "base/zonerule.h"
#include "check.h"

static const char *const names[] = {"Europe/Paris", "America/New_York",
    "Europe/Dublin", "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Tehran",
    "Africa/Casablanca", "America/Nuuk", "Pacific/Apia", "Asia/Gaza",
    "America/St_Johns", "Antarctica/Troll", "UTC"};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

static uint64_t state = 1;

static uint64_t
rnd(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return state ^ state >> 29;
}

static int64_t
rnd_between(int64_t from, int64_t to)
{
	return from + (int64_t)(rnd() % (uint64_t)(to - from));
}

static struct zone *
must_open(const char *name)
{
	char *why = NULL;
	struct zone *z = zone_open(name, &why);

	CHECK(z != NULL);
	if (z == NULL)
		exit(check_done("zone"));
	setenv("TZ", name, 1);
	tzset();
	return z;
}

/* Local time minus UTC at a second, as the C library has it. */
static int64_t
libc_offset(int64_t sec)
{
	time_t t = (time_t)sec;
	struct tm tm;

	localtime_r(&t, &tm);
	return tm.tm_gmtoff;
}

/* 1850 to 2500, so that the rules behind the files' end count, too. */
static void
test_offsets(const struct zone *z)
{
	int n_wrong = 0;

	for (int i = 0; i < 20000; i++) {
		int64_t sec = rnd_between(-3786825600, 16725225600);
		struct zone_span s;
		time_t t = (time_t)sec;
		struct tm tm;

		zone_find(&s, z, sec * TIME_US);
		localtime_r(&t, &tm);
		if (s.offset_us != tm.tm_gmtoff * TIME_US
		    || strcmp(s.abbrev, tm.tm_zone) != 0
		    || s.from_us > sec * TIME_US || s.to_us <= sec * TIME_US)
			n_wrong++;
	}
	CHECK(n_wrong == 0);
}

/* Walk from change to change: each span is right up to both of its ends. */
static void
test_spans(const struct zone *z)
{
	int64_t us = -INT64_C(2208988800) * TIME_US;
	int n_wrong = 0, n = 0;
	struct zone_span s;

	for (; us < INT64_C(6000000000) * TIME_US && n < 2000; us = s.to_us) {
		zone_find(&s, z, us);
		n++;
		if (s.to_us <= us)
			n_wrong++;
		if (s.from_us != INT64_MIN
		    && libc_offset(s.from_us / TIME_US) * TIME_US
			   != s.offset_us)
			n_wrong++;
		if (s.to_us == INT64_MAX)
			break;
		if (libc_offset(s.to_us / TIME_US - 1) * TIME_US != s.offset_us)
			n_wrong++;
	}
	CHECK(n_wrong == 0 && n > 0 && n < 2000);
}

/* The first instant at which the clocks show that time, by trying them. */
static int64_t
slow_to_utc(int64_t local)
{
	int64_t before, best = INT64_MAX;

	for (int64_t east = 30 * 3600; east >= -30 * 3600; east -= 900) {
		int64_t off = libc_offset(local - east);

		if (local - off < best && libc_offset(local - off) == off)
			best = local - off;
	}
	if (best != INT64_MAX)
		return best;
	/* Skipped.  Before the gap the clocks showed less. */
	before = libc_offset(local - libc_offset(local - 86400) - 7200);
	return local - before;
}

static void
test_local(const struct zone *z)
{
	int n_wrong = 0;
	struct zone_span s;

	for (int i = 0; i < 3000; i++) {
		int64_t sec = rnd_between(0, 4102444800), us, local;

		/* Half of them beside a change of the clocks. */
		zone_find(&s, z, sec * TIME_US);
		if (i % 2 == 0 && s.to_us != INT64_MAX)
			sec = s.to_us / TIME_US + rnd_between(-7200, 7200);
		local = sec + libc_offset(sec) + rnd_between(-3600, 3600);
		if (zone_local_us(&us, z, local * TIME_US) == -1
		    || us != slow_to_utc(local) * TIME_US)
			n_wrong++;
	}
	CHECK(n_wrong == 0);
}

static int64_t
civil_us(const struct zone *z, int day, int hour, int min, int month)
{
	struct civil c = {
	    .year = 2026, .month = month, .day = day, .hour = hour, .min = min};
	int64_t us = -1;

	CHECK(zone_to_utc(&us, z, &c) == 0);
	return us;
}

/* The rule as it is written down. */
static void
test_rule(void)
{
	struct zone *z = must_open("Europe/Paris");
	const int64_t h = 3600 * TIME_US;
	int64_t midnight = civil_us(z, 29, 0, 0, 3);
	int64_t autumn = civil_us(z, 25, 0, 0, 10);
	struct civil c;

	/* 02:00 to 03:00 is skipped. */
	CHECK(civil_us(z, 29, 1, 59, 3) == midnight + 2 * h - 60 * TIME_US);
	CHECK(civil_us(z, 29, 2, 30, 3) == midnight + 2 * h + h / 2);
	CHECK(civil_us(z, 29, 3, 30, 3) == midnight + 2 * h + h / 2);
	zone_to_civil(&c, z, civil_us(z, 29, 2, 30, 3));
	CHECK(c.hour == 3 && c.min == 30 && c.day == 29);
	/* 02:00 to 03:00 comes twice. */
	CHECK(civil_us(z, 25, 2, 30, 10) == autumn + 2 * h + h / 2);
	CHECK(civil_us(z, 25, 3, 0, 10) == autumn + 4 * h);
	zone_close(z);
}

static void
test_ends(void)
{
	struct zone *z = must_open("America/New_York");
	struct zone_span s;
	struct civil c;
	int64_t us;

	zone_find(&s, z, INT64_MIN);
	CHECK(s.from_us == INT64_MIN && strcmp(s.abbrev, "LMT") == 0);
	zone_find(&s, z, INT64_MAX);
	CHECK(s.from_us < INT64_MAX && s.offset_us == -5 * 3600 * TIME_US);
	zone_to_civil(&c, z, INT64_MIN);
	zone_to_civil(&c, z, INT64_MAX);
	CHECK(c.year == 294247);
	CHECK(zone_local_us(&us, z, INT64_MAX) == -1);
	CHECK(zone_local_us(&us, z, INT64_MIN) == 0 && us > INT64_MIN);
	c.month = 13;
	CHECK(zone_to_utc(&us, z, &c) == -1);
	zone_close(z);
	zone_find(&s, NULL, 0);
	CHECK(s.offset_us == 0 && strcmp(s.abbrev, "UTC") == 0);
	CHECK(strcmp(zone_name(NULL), "UTC") == 0);
}

static void
test_names(void)
{
	static const struct {
		const char *name;
		int east;
	} fixed[] = {{"+05:30", 19800}, {"-0330", -12600}, {"+02", 7200},
	    {"UTC", 0}, {"Z", 0}};
	static const char *const wrong[] = {"", "Nowhere", "../zoneinfo/UTC",
	    "/usr/share/zoneinfo/UTC", "+2", "+24", "+05:60", "+05:3", "Europe",
	    "tzdata.zi", "+1:300", "++530"};
	char *why = NULL;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		struct zone *z = zone_open(fixed[i].name, &why);

		CHECK(z != NULL
		      && zone_offset_at(z, 0) == fixed[i].east * TIME_US);
		CHECK(strcmp(zone_name(z), fixed[i].name) == 0);
		zone_close(z);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CHECK(zone_open(wrong[i], &why) == NULL && why != NULL);
		free(why);
		why = NULL;
	}
}

/* RFC 9636's way to say so; the C library errs in the year's first hours. */
static void
test_all_year_dst(void)
{
	static const char text[] = "EST5EDT,0/0,J365/25";
	struct zone_rule_span s;
	struct zone_rule r;
	int n_wrong = 0;

	CHECK(zone_rule_parse(&r, text, strlen(text)) == 0);
	for (int64_t sec = 0; sec < 400000000; sec += 3601) {
		zone_rule_find(&s, &r, sec);
		if (s.half->offset != -4 * 3600)
			n_wrong++;
	}
	CHECK(n_wrong == 0);
}

static void
test_odd_rules(void)
{
	static const char *const good[] = {"IST-1GMT0,M10.5.0,M3.5.0/1",
	    "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
	    "XXX3EDT4,M3.2.0/-167:59:59,M11.1.0/167", "AAA-4BBB,J60,J300",
	    "AAA-4BBB,59/3,299/0"};
	static const char *const bad[] = {"", "EST", "5", "EST5EDT", "EST5EDT,",
	    "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M1.1.0", "EST5EDT,M3.6.0,M1.1.0",
	    "EST5EDT,M3.2.7,M1.1.0", "EST5EDT,J0,J1", "EST5EDT,366,1",
	    "EST168EDT,0,1", "EST5EDT,0,1x", "<EST5EDT,0,1",
	    "ABCDEFGHIJKLMNOPQ5"};
	struct zone_rule r;
	struct zone_rule_span s;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int n_wrong = 0;

		CHECK(zone_rule_parse(&r, good[i], strlen(good[i])) == 0);
		setenv("TZ", good[i], 1);
		tzset();
		/* glibc applies such strings from 1970 on. */
		for (int k = 0; k < 5000; k++) {
			int64_t sec = rnd_between(86400 * 366, 16725225600);

			zone_rule_find(&s, &r, sec);
			if (s.half->offset != libc_offset(sec) || s.from > sec
			    || s.to <= sec)
				n_wrong++;
		}
		CHECK(n_wrong == 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(zone_rule_parse(&r, bad[i], strlen(bad[i])) == -1);
}

int
main(void)
{
	for (size_t i = 0; i < N_NAMES; i++) {
		struct zone *z = must_open(names[i]);

		test_offsets(z);
		test_spans(z);
		test_local(z);
		zone_close(z);
	}
	test_rule();
	test_ends();
	test_names();
	test_all_year_dst();
	test_odd_rules();
	return check_done("zone");
}
