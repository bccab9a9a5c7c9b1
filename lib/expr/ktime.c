/* SPDX-License-Identifier: ISC */
/* Kernels of date_trunc, date_part and the fields of a time, in UTC. */
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "expr/kernels.h"
#include "expr/ktext.h"
#include "expr/ktime.h"

enum unit_kind {
	PART_MICROSECOND,
	PART_MILLISECOND,
	PART_SECOND,
	PART_MINUTE,
	PART_HOUR,
	PART_DAY,
	PART_WEEK,
	PART_MONTH,
	PART_QUARTER,
	PART_YEAR,
	PART_ISOYEAR,
	PART_WEEKDAY,
	PART_DAYOFWEEK,
	PART_YEARDAY
};

#define DAY (86400 * TIME_US)

/* Who knows a unit. */
enum use { TRUNC = 1, FIELD = 2, BOTH = 3 };

struct ktime_unit {
	const char *name;
	enum unit_kind kind;
	int64_t us; /* length, 0 when it varies */
	unsigned uses;
};

static const struct ktime_unit units[] = {
    {"microsecond", PART_MICROSECOND, 1, BOTH},
    {"millisecond", PART_MILLISECOND, 1000, BOTH},
    {"second", PART_SECOND, TIME_US, BOTH},
    {"minute", PART_MINUTE, 60 * TIME_US, BOTH},
    {"hour", PART_HOUR, 3600 * TIME_US, BOTH},
    {"day", PART_DAY, DAY, BOTH},
    {"week", PART_WEEK, 0, BOTH},
    {"month", PART_MONTH, 0, BOTH},
    {"quarter", PART_QUARTER, 0, BOTH},
    {"year", PART_YEAR, 0, BOTH},
    {"isoyear", PART_ISOYEAR, 0, FIELD},
    {"weekday", PART_WEEKDAY, 0, FIELD},
    {"yearday", PART_YEARDAY, 0, FIELD},
};

#define N_UNITS (sizeof(units) / sizeof(units[0]))

/* kids[0] names one of units; it goes into n->aux. */
static int
prepare_unit(struct node *n, struct expr_error *err, enum use use)
{
	const struct node *k = n->kids[0];
	struct ktime *aux = ktime_new(n);
	struct buf b;

	if (k->is_null)
		return 0;
	for (size_t i = 0; k->kind == NODE_LIT && i < N_UNITS; i++) {
		if (units[i].uses & use
		    && strlen(units[i].name) == k->lit.off[1]
		    && strncasecmp(units[i].name, k->lit.bytes, k->lit.off[1])
			   == 0) {
			aux->unit = &units[i];
			return 0;
		}
	}
	buf_init(&b, 0);
	for (size_t i = 0; i < N_UNITS; i++) {
		if (units[i].uses & use)
			buf_printf(
			    &b, "%s%s", b.len == 0 ? "" : ", ", units[i].name);
	}
	expr_fail(err, k->at, k->len, "the unit must be one of %.*s",
	    (int)b.len, (const char *)b.data);
	buf_release(&b);
	return -1;
}

int
ktime_trunc_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	(void)u;
	if (prepare_unit(n, err, TRUNC) == -1)
		return -1;
	if (n->n_kids < 3)
		return 0;
	return ktime_read_zone(
	    &((struct ktime *)n->aux)->zone, n->kids[2], err);
}

int
ktime_part_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	(void)u;
	return prepare_unit(n, err, FIELD);
}

/* The days since 1970 of the Monday of a day's week: day 0 was a Thursday. */
static int64_t
monday(int64_t day)
{
	return day - num_floor_mod(day + 3, 7);
}

/* The begin of the unit, no less than 367 days from the least time. */
static int64_t
trunc_unit(int64_t us, const struct ktime_unit *unit)
{
	struct civil c;

	if (unit->us != 0)
		return us - num_floor_mod(us, unit->us);
	if (unit->kind == PART_WEEK)
		return monday(num_floor_div(us, DAY)) * DAY;
	time_to_civil(&c, us);
	if (unit->kind == PART_YEAR)
		c.month = 1;
	else if (unit->kind == PART_QUARTER)
		c.month -= (c.month - 1) % 3;
	return time_days(c.year, c.month, 1) * DAY;
}

/* The least time that every truncation of, in any zone, reaches int64. */
#define LEAST_TRUNC (INT64_MIN + 370 * DAY)

/* By the clocks of a zone; units below a day keep their offset. */
static bool
trunc_zone(
    int64_t *v, struct zone_span *span, const struct ktime *aux, int64_t us)
{
	int64_t shown;

	if (!ktime_shown(&shown, span, aux->zone, us))
		return false;
	shown = trunc_unit(shown, aux->unit);
	if (aux->unit->us == 0 || aux->unit->kind == PART_DAY)
		return zone_local_us(v, aux->zone, shown) == 0;
	*v = shown - span->offset_us;
	return true;
}

int
ktime_trunc(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct ktime *aux = n->aux;
	int64_t *o = eval_ints(r, out);
	struct zone_span span = {0};

	for (uint32_t row = 0; row < r->n; row++) {
		int64_t us = arg[1].i[eval_at(&arg[1], row)];
		bool good = us >= LEAST_TRUNC;

		o[row] = 0;
		if (good && aux->zone != NULL)
			good = trunc_zone(&o[row], &span, aux, us);
		else if (good)
			o[row] = trunc_unit(us, aux->unit);
		if (!good && eval_bad(r, n, out, row, "time overflow") == -1)
			return -1;
	}
	return 0;
}

/* The week of a day, and its year, are those of its Thursday. */
static int64_t
iso_field(int64_t us, enum unit_kind kind)
{
	struct civil c;

	/* Clear of the ends of int64, without changing what is in between. */
	if (us < INT64_MIN + 8 * DAY)
		us += 7 * DAY;
	else if (us > INT64_MAX - 8 * DAY)
		us -= 7 * DAY;
	time_to_civil(&c, (monday(num_floor_div(us, DAY)) + 3) * DAY);
	return kind == PART_WEEK ? (c.yearday - 1) / 7 + 1 : c.year;
}

static int64_t
civil_field(int64_t us, enum unit_kind kind)
{
	struct civil c;

	if (kind == PART_WEEK || kind == PART_ISOYEAR)
		return iso_field(us, kind);
	time_to_civil(&c, us);
	switch (kind) {
	case PART_DAY:
		return c.day;
	case PART_MONTH:
		return c.month;
	case PART_QUARTER:
		return (c.month + 2) / 3;
	case PART_YEAR:
		return c.year;
	case PART_WEEKDAY:
		return c.weekday;
	case PART_DAYOFWEEK:
		return (c.weekday + 1) % 7 + 1;
	default:
		return c.yearday;
	}
}

/* A field of each time; hours and below need no calendar. */
static int
field_rows(
    struct run *r, struct col *out, const struct col *time, enum unit_kind kind)
{
	static const int64_t mod[] = {[PART_MICROSECOND] = TIME_US,
	    [PART_MILLISECOND] = TIME_US,
	    [PART_SECOND] = 60 * TIME_US,
	    [PART_MINUTE] = 3600 * TIME_US,
	    [PART_HOUR] = 86400 * TIME_US};
	int64_t *o = eval_ints(r, out);

	for (size_t row = 0; row < r->n; row++) {
		int64_t us = time->i[eval_at(time, row)];

		o[row] = kind <= PART_HOUR
			     ? num_floor_mod(us, mod[kind]) / units[kind].us
			     : civil_field(us, kind);
	}
	return 0;
}

int
ktime_part(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return field_rows(
	    r, out, &arg[1], ((const struct ktime *)n->aux)->unit->kind);
}

#define FIELD_OF(NAME, KIND)                                                   \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		(void)n;                                                       \
		return field_rows(r, out, &arg[0], KIND);                      \
	}

FIELD_OF(ktime_year, PART_YEAR)
FIELD_OF(ktime_month, PART_MONTH)
FIELD_OF(ktime_day, PART_DAY)
FIELD_OF(ktime_hour, PART_HOUR)
FIELD_OF(ktime_minute, PART_MINUTE)
FIELD_OF(ktime_second, PART_SECOND)
FIELD_OF(ktime_weekday, PART_WEEKDAY)
FIELD_OF(ktime_quarter, PART_QUARTER)
FIELD_OF(ktime_week, PART_WEEK)
FIELD_OF(ktime_dayofweek, PART_DAYOFWEEK)
FIELD_OF(ktime_yearday, PART_YEARDAY)
