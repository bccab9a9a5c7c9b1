/* SPDX-License-Identifier: ISC */
/*
 * Cells -> values: the fast functions and cell_convert against the C library
 * and lib/base on random text.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "base/zone.h"
#include "check.h"
#include "rnd.h"
#include "text/celltime.h"

#define N_NUMBERS 1000000
#define N_TIMES 300000

static uint64_t
below(uint64_t n)
{
	return (rnd() >> 11) % n;
}

/* A cell with other bytes around it, as in a block. */
struct cell_text {
	char bytes[256];
	uint32_t len;
};

static char *
begin(struct cell_text *c)
{
	for (size_t i = 0; i < sizeof(c->bytes); i += 8)
		memcpy(c->bytes + i, "1.,:5-2Z", 8);
	return c->bytes + 8;
}

/* Take the len bytes that were written at begin. */
static const char *
end(struct cell_text *c, int len)
{
	c->len = (uint32_t)len;
	c->bytes[8 + len] = ",.15"[below(4)];
	return c->bytes + 8;
}

/* Change a byte now and then, so that most kinds of nonsense come up. */
static void
spoil(char *s, int len)
{
	static const char junk[] = ".-+e 0:;/9*,\xff";

	if (len > 0 && below(8) == 0)
		s[below((uint64_t)len)] = junk[below(sizeof(junk) - 1)];
}

static int
get(int64_t *v, enum cell_kind kind, const char *s, uint32_t len)
{
	const struct cell_form f = {.kind = kind};

	if (kind == CELL_INT && cell_int_fast(v, s, len))
		return 1;
	if (kind == CELL_FLOAT && cell_float_fast(v, s, len))
		return 1;
	return cell_convert(v, &f, s, len);
}

static bool
good_int(const char *s, uint32_t len)
{
	char copy[256], *stop;
	int64_t v = 0, want;
	int got = get(&v, CELL_INT, s, len);

	while (len > 0 && *s == ' ')
		s++, len--;
	while (len > 0 && s[len - 1] == ' ')
		len--;
	memcpy(copy, s, len);
	copy[len] = '\0';
	errno = 0;
	want = strtoll(copy, &stop, 10);
	if (len == 0)
		return got == 0;
	if (stop != copy + len || errno != 0)
		return got == -1;
	return got == 1 && v == want;
}

static bool
good_float(const char *s, uint32_t len)
{
	char copy[256], *stop;
	double want, have;
	int64_t v = 0;
	int got = get(&v, CELL_FLOAT, s, len);

	while (len > 0 && *s == ' ')
		s++, len--;
	while (len > 0 && s[len - 1] == ' ')
		len--;
	memcpy(copy, s, len);
	copy[len] = '\0';
	want = strtod(copy, &stop);
	if (len == 0)
		return got == 0;
	if (stop != copy + len)
		return got == -1;
	memcpy(&have, &v, sizeof(have));
	return got == 1 && memcmp(&want, &have, sizeof(want)) == 0;
}

static void
test_numbers(void)
{
	struct cell_text c;
	bool ints = true, floats = true;

	for (int i = 0; i < N_NUMBERS; i++) {
		char *s = begin(&c);
		int len = sprintf(s, "%s%lld", below(9) == 0 ? "+" : "",
		    (long long)(rnd() >> below(64)) * (below(2) == 0 ? 1 : -1));

		spoil(s, len);
		ints &= good_int(end(&c, len), c.len);
		s = begin(&c);
		if (below(4) == 0)
			len = sprintf(s, "%.*g", (int)below(20),
			    ldexp((double)rnd(), (int)below(200) - 160));
		else
			len = sprintf(s, "%s%llu.%0*llu",
			    below(2) == 0 ? "-" : "",
			    (unsigned long long)(rnd() >> (20 + below(44))),
			    (int)below(9),
			    (unsigned long long)below(100000000));
		spoil(s, len);
		floats &= good_float(end(&c, len), c.len);
	}
	CHECK(ints);
	CHECK(floats);
}

static void
test_edges(void)
{
	static const char *const ints[] = {"9223372036854775807",
	    "-9223372036854775808", "9223372036854775808", "00000000000000001",
	    "0000000000000000000000001", "-", "+", "-0", "", " ", " 12 ", "1 2",
	    "+-1", "99999999999999999999"};
	static const char *const floats[] = {"0", "-0", "-0.0", ".5", "5.", ".",
	    "-.", "1.2.3", "9007199254740993", "900719925474099.3", "1e5",
	    "1e-5", "1e400", "-1e-400", "nan", "-inf", "Infinity",
	    "0.000000000000001", "123456789012345.", "12345678.", "1234567.",
	    "12345678.9", ".12345678", "0x1p3", "1e", "4.9e-324"};
	struct cell_text c;
	char *s;

	for (size_t i = 0; i < sizeof(ints) / sizeof(*ints); i++) {
		s = begin(&c);
		end(&c, (int)strlen(strcpy(s, ints[i])));
		CHECK(good_int(s, c.len));
	}
	for (size_t i = 0; i < sizeof(floats) / sizeof(*floats); i++) {
		s = begin(&c);
		end(&c, (int)strlen(strcpy(s, floats[i])));
		CHECK(strchr(floats[i], 'x') != NULL || good_float(s, c.len));
	}
}

/* As the kernels do: the cache first, then the slow way and learn. */
static int
cached(int64_t *v, struct cell_cache *k, const struct cell_form *form,
    uint32_t date, const char *s, uint32_t len)
{
	const struct cell_form f = *form;
	int got;

	if (cell_time_fast(v, k, date, s, len))
		return 1;
	got = cell_convert(v, &f, s, len);
	if (got == 1)
		cell_time_learn(k, f.zone, date, *v, s, len);
	return got;
}

static int
random_rfc3339(char *s)
{
	static const char *const zones[] = {"", "Z", "+02:00", "-0530", "z"};
	int n = sprintf(s, "2026-%02d-%02d%c%02d:%02d:%02d", (int)below(3) + 1,
	    (int)below(3) + 1, "T t"[below(3)], (int)below(25), (int)below(61),
	    (int)below(62));

	if (below(3) == 0)
		n += sprintf(
		    s + n, ".%0*d", (int)below(9) + 1, (int)below(1000000000));
	return n + sprintf(s + n, "%s", zones[below(5)]);
}

static void
test_times(void)
{
	const struct cell_form rfc_form = {.kind = CELL_TIME_RFC3339};
	const struct cell_form clf_form = {.kind = CELL_TIME_CLF};
	struct cell_cache rfc = {.used = false}, clf = {.used = false};
	bool good_rfc = true, good_clf = true;
	struct cell_text c;

	for (int i = 0; i < N_TIMES; i++) {
		char *s = begin(&c);
		int64_t v = 0, want = 0;
		int len = random_rfc3339(s);

		spoil(s, below(8) == 0 ? len : 0);
		end(&c, len);
		if (s[0] != ' ' && s[len - 1] != ' ')
			good_rfc &=
			    cached(&v, &rfc, &rfc_form, CELL_DATE_RFC3339, s,
				c.len)
				== (time_parse_rfc3339(&want, s, c.len) == 0
					? 1
					: -1)
			    && v == want;
		s = begin(&c);
		len = sprintf(s, "%02d/Oct/2025:%02d:%02d:%02d +0%d00",
		    (int)below(3) + 1, (int)below(25), (int)below(61),
		    (int)below(61), (int)below(3));
		spoil(s, below(8) == 0 ? len : 0);
		end(&c, len);
		v = want = 0;
		if (s[0] != ' ' && s[len - 1] != ' ')
			good_clf &=
			    cached(&v, &clf, &clf_form, CELL_DATE_CLF, s, c.len)
				== (time_parse_clf(&want, s, c.len) == 0 ? 1
									 : -1)
			    && v == want;
	}
	CHECK(good_rfc);
	CHECK(good_clf);
}

/* Texts without a zone, on days of which some have 23 or 25 hours. */
static void
test_zone(const char *name)
{
	char *why = NULL;
	struct zone *z = zone_open(name, &why);
	const struct cell_form form = {.kind = CELL_TIME_RFC3339, .zone = z};
	struct cell_cache cache = {.used = false};
	int n_wrong = 0;

	CHECK(z != NULL);
	for (int i = 0; i < 3000 && z != NULL; i++) {
		struct civil c = {.year = 2026,
		    .month = (int)below(12) + 1,
		    .day = (int)below(28) + 1};
		int64_t v = 0, want;
		char s[80] = "";

		/* Some rows on each day. */
		for (int k = 0; k < 20; k++) {
			c.hour = (int)below(24);
			c.min = (int)below(60);
			c.sec = (int)below(61);
			sprintf(s, "2026-%02d-%02d %02d:%02d:%02d", c.month,
			    c.day, c.hour, c.min, c.sec);
			if (cached(&v, &cache, &form, CELL_DATE_RFC3339, s, 19)
				!= 1
			    || zone_to_utc(&want, z, &c) == -1 || v != want)
				n_wrong++;
		}
	}
	CHECK(n_wrong == 0);
	zone_close(z);
}

static void
check_value(enum cell_kind kind, const char *s, int want, int64_t value)
{
	int64_t v = 0;
	int got = get(&v, kind, s, (uint32_t)strlen(s));

	CHECK(got == want);
	CHECK(got != 1 || v == value);
	if (got != want || (got == 1 && v != value))
		fprintf(stderr, "%s: %d, %lld\n", s, got, (long long)v);
}

static void
test_epochs(void)
{
	check_value(CELL_TIME_S, "1.5", 1, 1500000);
	check_value(CELL_TIME_S, "-1.0000001", 1, -1000001);
	check_value(CELL_TIME_MS, "1760000400000", 1, 1760000400000000);
	check_value(CELL_TIME_MS, "1.0009", 1, 1000);
	check_value(CELL_TIME_US, "-7.1", 1, -8);
	check_value(CELL_TIME_NS, "1760000400000000999", 1, 1760000400000000);
	check_value(CELL_TIME_NS, "-1", 1, -1);
	check_value(CELL_TIME_NS, "-1000", 1, -1);
	check_value(CELL_TIME_S, "9223372036855", -1, 0);
	check_value(CELL_TIME, "1431857103", 1, 1431857103000000);
	check_value(CELL_TIME, "1431857103.25", 1, 1431857103250000);
	check_value(CELL_TIME, "99999999999", 1, 99999999999000000);
	check_value(CELL_TIME, "100000000000", 1, 100000000000000);
	check_value(CELL_TIME, "1431857103250", 1, 1431857103250000);
	check_value(CELL_TIME, "1431857103250123", 1, 1431857103250123);
	check_value(CELL_TIME, "1431857103250123999", 1, 1431857103250123);
	check_value(CELL_TIME, "2015-05-17 10:05:03", 1, 1431857103000000);
	check_value(CELL_TIME, "2015-05-17", 1, 1431820800000000);
	check_value(CELL_TIME, "yesterday", -1, 0);
	check_value(CELL_TIME, "", 0, 0);
	check_value(CELL_TIME_MS, "1e3", -1, 0);
	check_value(CELL_TIME_US, "-9223372036854775808", -1, 0);
	check_value(CELL_DUR, "1h30m", 1, 5400000000);
	check_value(CELL_DUR, "-1.5", 1, -1500000);
	check_value(CELL_DUR, "5 parsecs", -1, 0);
	check_value(CELL_BOOL, "True", 1, 1);
	check_value(CELL_BOOL, " no ", 1, 0);
	check_value(CELL_BOOL, "2", -1, 0);
}

static void
check_form(const char *type, const char *arg, int kind, const char *why)
{
	struct cell_form f = {.kind = CELL_STR};
	char *got = NULL;
	int r = cell_form_parse(
	    &f, &got, type, strlen(type), arg, arg == NULL ? 0 : strlen(arg));

	CHECK(r == (why == NULL ? 0 : -1));
	CHECK(why != NULL || (int)f.kind == kind);
	CHECK(why == NULL || (got != NULL && strcmp(got, why) == 0));
	if (why != NULL && got != NULL && strcmp(got, why) != 0)
		fprintf(stderr, "%s\n", got);
	free(got);
	free(f.format);
}

static void
test_forms(void)
{
	check_form("int", NULL, CELL_INT, NULL);
	check_form("double", NULL, CELL_FLOAT, NULL);
	check_form("time", NULL, CELL_TIME, NULL);
	check_form("time", "ms", CELL_TIME_MS, NULL);
	check_form("time", "clf", CELL_TIME_CLF, NULL);
	check_form("time", "%d/%b/%Y", CELL_TIME_FORMAT, NULL);
	check_form(
	    "flot", NULL, 0, "flot is no type (bool int float str time dur)");
	check_form(
	    "bin", NULL, 0, "bin is no type (bool int float str time dur)");
	check_form("int", "ms", 0, "int takes no format");
	check_form("time", "hours", 0,
	    "hours is no time format (s ms us ns clf rfc3339 or a pattern "
	    "like %Y-%m-%d)");
	check_form("time", "%Q", 0, "%Q: unknown conversion %Q");
}

int
main(void)
{
	test_numbers();
	test_edges();
	test_times();
	test_zone("Europe/Paris");
	test_zone("Asia/Gaza");
	test_zone("America/Havana");
	test_epochs();
	test_forms();
	return check_done("cell_test");
}
