/* SPDX-License-Identifier: ISC */
/* Kernels of time functions.  All civil fields are UTC.  millrace-expr(7). */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "expr/kernels.h"
#include "expr/ktext.h"
#include "expr/kwide.h"

#define FORMAT_MAX 256 /* bytes of one formatted time */

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
	PART_WEEKDAY,
	PART_YEARDAY
};

struct part {
	const char *name;
	enum unit_kind kind;
	int64_t us; /* length, 0 when it varies */
	bool trunc; /* date_trunc knows it */
	bool field; /* date_part knows it */
};

static const struct part parts[] = {
    {"microsecond", PART_MICROSECOND, 1, true, true},
    {"millisecond", PART_MILLISECOND, 1000, true, true},
    {"second", PART_SECOND, TIME_US, true, true},
    {"minute", PART_MINUTE, 60 * TIME_US, true, true},
    {"hour", PART_HOUR, 3600 * TIME_US, true, true},
    {"day", PART_DAY, 86400 * TIME_US, true, true},
    {"week", PART_WEEK, 0, true, false},
    {"month", PART_MONTH, 0, true, true},
    {"quarter", PART_QUARTER, 0, true, true},
    {"year", PART_YEAR, 0, true, true},
    {"weekday", PART_WEEKDAY, 0, false, true},
    {"yearday", PART_YEARDAY, 0, false, true},
};

#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

/* kids[0] names one of parts; it goes into n->aux. */
static int
prepare_part(struct node *n, struct expr_error *err, bool trunc)
{
	const struct node *k = n->kids[0];
	struct buf b;

	if (k->is_null)
		return 0;
	for (size_t i = 0; k->kind == NODE_LIT && i < N_PARTS; i++) {
		if ((trunc ? parts[i].trunc : parts[i].field)
		    && strlen(parts[i].name) == k->lit.off[1]
		    && memcmp(parts[i].name, k->lit.bytes, k->lit.off[1])
			   == 0) {
			n->aux = mem_dup(&parts[i], sizeof(parts[i]));
			n->aux_free = free;
			return 0;
		}
	}
	buf_init(&b, 0);
	for (size_t i = 0; i < N_PARTS; i++) {
		if (trunc ? parts[i].trunc : parts[i].field)
			buf_printf(
			    &b, "%s%s", b.len == 0 ? "" : ", ", parts[i].name);
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
	return prepare_part(n, err, true);
}

int
ktime_part_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	(void)u;
	return prepare_part(n, err, false);
}

/* The begin of the week, month, quarter or year of us. */
static int64_t
trunc_civil(int64_t us, enum unit_kind kind)
{
	const int64_t day = 86400 * TIME_US;
	struct civil c;

	/* Day 0 was a Thursday, three days into its week. */
	if (kind == PART_WEEK)
		return us - num_floor_mod(num_floor_div(us, day) + 3, 7) * day
		       - num_floor_mod(us, day);
	time_to_civil(&c, us);
	if (kind == PART_YEAR)
		c.month = 1;
	else if (kind == PART_QUARTER)
		c.month -= (c.month - 1) % 3;
	return time_days(c.year, c.month, 1) * day;
}

/* The least time that every truncation of reaches int64. */
#define LEAST_TRUNC (INT64_MIN + 367 * 86400 * TIME_US)

int
ktime_trunc(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct part *p = n->aux;
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++) {
		int64_t us = arg[1].i[eval_at(&arg[1], row)];

		o[row] = 0;
		if (us < LEAST_TRUNC) {
			if (eval_bad(r, n, out, row, "time overflow") == -1)
				return -1;
		} else if (p->us != 0) {
			o[row] = us - num_floor_mod(us, p->us);
		} else {
			o[row] = trunc_civil(us, p->kind);
		}
	}
	return 0;
}

static int64_t
civil_field(int64_t us, enum unit_kind kind)
{
	struct civil c;

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
			     ? num_floor_mod(us, mod[kind]) / parts[kind].us
			     : civil_field(us, kind);
	}
	return 0;
}

int
ktime_part(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return field_rows(r, out, &arg[1], ((const struct part *)n->aux)->kind);
}

#define FIELD(NAME, KIND)                                                      \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		(void)n;                                                       \
		return field_rows(r, out, &arg[0], KIND);                      \
	}

FIELD(ktime_year, PART_YEAR)
FIELD(ktime_month, PART_MONTH)
FIELD(ktime_day, PART_DAY)
FIELD(ktime_hour, PART_HOUR)
FIELD(ktime_minute, PART_MINUTE)
FIELD(ktime_second, PART_SECOND)
FIELD(ktime_weekday, PART_WEEKDAY)

int
ktime_now(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	(void)n;
	(void)arg;
	for (size_t row = 0; row < r->n; row++)
		o[row] = r->env->batch_us;
	return 0;
}

/* kids[1] is a constant format, kept with its NUL in n->aux. */
int
ktime_format_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	const struct node *k = n->kids[1];
	char *format, bad;

	(void)u;
	if (k->is_null)
		return 0;
	if (k->kind != NODE_LIT)
		return expr_fail(
		    err, k->at, k->len, "the format must be a constant");
	format = mem_strndup(k->lit.bytes, k->lit.off[1]);
	if (strlen(format) != k->lit.off[1]
	    || time_check_format(format, &bad) == -1) {
		if (strlen(format) != k->lit.off[1])
			bad = '0';
		free(format);
		return expr_fail(err, k->at, k->len,
		    "the format has no conversion %%%c", bad);
	}
	n->aux = format;
	n->aux_free = free;
	return 0;
}

int
ktime_format(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	struct strout s;
	size_t len;
	char *p;

	strout_begin(&s, r, n, out, (size_t)r->n * 20);
	for (uint32_t row = 0; row < r->n; row++) {
		p = strout_room(&s, FORMAT_MAX);
		if (p != NULL && ktext_has(out, row)) {
			len = time_format(p, FORMAT_MAX, arg[0].i[row], n->aux);
			if (len > FORMAT_MAX)
				return eval_fail(
				    r, n, row, "a time of more than 256 bytes");
			s.len += len;
		}
		strout_row(&s);
	}
	return strout_done(&s);
}

int
ktime_parse(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);
	const char *p;
	size_t len;

	for (uint32_t row = 0; row < r->n; row++) {
		p = col_str(&arg[0], row, &len);
		o[row] = 0;
		if (time_parse_format(&o[row], p, len, n->aux) == -1)
			eval_unparsed(r, n, out, row);
	}
	return 0;
}

/* floor(t / by) */
static int
epoch(struct run *r, struct col *out, const struct col *arg, int64_t by)
{
	int64_t *o = eval_ints(r, out);

	for (size_t row = 0; row < r->n; row++)
		o[row] = num_floor_div(arg[0].i[row], by);
	return 0;
}

int
ktime_epoch(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)n;
	return epoch(r, out, arg, TIME_US);
}

int
ktime_epoch_ms(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)n;
	return epoch(r, out, arg, 1000);
}

int
ktime_epoch_us(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)n;
	return epoch(r, out, arg, 1);
}

int
ktime_from_ms(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++) {
		if (!num_mul(&o[row], arg[0].i[row], 1000)
		    && eval_bad(r, n, out, row, "time overflow") == -1)
			return -1;
	}
	return 0;
}

int
ktime_from_us(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	enum type type = out->type;

	(void)r;
	(void)n;
	*out = arg[0];
	out->type = type;
	return 0;
}
