/* SPDX-License-Identifier: ISC */
/* Kernels that make times and durations, and move them by the calendar. */
#include <math.h>

#include "base/num.h"
#include "base/time.h"
#include "expr/kernels.h"
#include "expr/kwide.h"

#define DAY (86400 * TIME_US)

int
kcal_now(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	(void)n;
	(void)arg;
	for (size_t row = 0; row < r->n; row++)
		o[row] = r->env->batch_us;
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
kcal_epoch(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)n;
	return epoch(r, out, arg, TIME_US);
}

int
kcal_epoch_ms(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)n;
	return epoch(r, out, arg, 1000);
}

int
kcal_epoch_us(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)n;
	return epoch(r, out, arg, 1);
}

int
kcal_from_ms(
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
kcal_from_us(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	enum type type = out->type;

	(void)r;
	(void)n;
	*out = arg[0];
	out->type = type;
	return 0;
}

/* Where a number of parts is no time: null. */
static void
put_civil(struct run *r, struct col *out, int64_t *o, uint32_t row,
    const int64_t part[5], double seconds)
{
	struct civil c = {.year = part[0]};
	double whole = floor(seconds);
	int64_t us;

	o[row] = 0;
	for (size_t i = 1; i < 5; i++) {
		if (part[i] < 0 || part[i] > 99) {
			eval_null(r, out, row);
			return;
		}
	}
	c.month = (int)part[1];
	c.day = (int)part[2];
	c.hour = (int)part[3];
	c.min = (int)part[4];
	if (!(whole >= 0 && whole < 61) || part[0] < -300000 || part[0] > 300000
	    || kwide_round(&us, (seconds - whole) * 1e6) == -1) {
		eval_null(r, out, row);
		return;
	}
	c.sec = (int)whole;
	if (time_from_civil(&o[row], &c) == -1 || !num_add(&o[row], o[row], us))
		eval_null(r, out, row);
}

/* year, month, day; then perhaps hour, minute, seconds. */
int
kcal_make_time(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++) {
		int64_t part[5] = {0};
		double seconds = 0;

		for (size_t i = 0; i < n->n_kids && i < 5; i++)
			part[i] = arg[i].i[eval_at(&arg[i], row)];
		if (n->n_kids == 6)
			seconds = arg[5].f[eval_at(&arg[5], row)];
		put_civil(r, out, o, row, part, seconds);
	}
	return 0;
}

/* Days, hours, minutes, seconds. */
int
kcal_make_dur(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	static const int64_t units[] = {DAY, 3600 * TIME_US, 60 * TIME_US};
	int64_t *o = eval_ints(r, out), v;

	for (uint32_t row = 0; row < r->n; row++) {
		double seconds = arg[3].f[eval_at(&arg[3], row)];
		bool good = kwide_round(&o[row], seconds * 1e6) == 0;

		for (size_t i = 0; i < 3 && good; i++)
			good = num_mul(&v, arg[i].i[eval_at(&arg[i], row)],
				   units[i])
			       && num_add(&o[row], o[row], v);
		if (good)
			continue;
		o[row] = 0;
		if (eval_bad(r, n, out, row, "time overflow") == -1)
			return -1;
	}
	return 0;
}

static bool
add_days(int64_t *v, int64_t us, int64_t n)
{
	return num_mul(v, n, DAY) && num_add(v, us, *v);
}

static bool
sub_days(int64_t *v, int64_t us, int64_t n)
{
	return num_mul(v, n, DAY) && num_sub(v, us, *v);
}

static int
days_in(int64_t year, int month)
{
	int64_t next = month == 12 ? time_days(year + 1, 1, 1)
				   : time_days(year, month + 1, 1);

	return (int)(next - time_days(year, month, 1));
}

/* A day that the month does not have becomes its last. */
static bool
add_months(int64_t *v, int64_t us, int64_t n)
{
	struct civil c;
	int64_t months;

	*v = 0;
	if (n < -12000000 || n > 12000000)
		return false;
	time_to_civil(&c, us);
	months = c.year * 12 + c.month - 1 + n;
	c.year = num_floor_div(months, 12);
	c.month = (int)num_floor_mod(months, 12) + 1;
	if (c.day > days_in(c.year, c.month))
		c.day = days_in(c.year, c.month);
	return time_from_civil(v, &c) == 0;
}

static bool
last_day(int64_t *v, int64_t us, int64_t n)
{
	struct civil c;
	int64_t day;

	(void)n;
	time_to_civil(&c, us);
	day = time_days(c.year, c.month, days_in(c.year, c.month));
	return num_mul(v, day, DAY);
}

typedef bool (*move_fn)(int64_t *v, int64_t us, int64_t n);

static int
move(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, move_fn f)
{
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++) {
		int64_t by =
		    n->n_kids > 1 ? arg[1].i[eval_at(&arg[1], row)] : 0;

		if (!f(&o[row], arg[0].i[eval_at(&arg[0], row)], by)
		    && eval_bad(r, n, out, row, "time overflow") == -1)
			return -1;
	}
	return 0;
}

#define MOVE(NAME, F)                                                          \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		return move(r, n, out, arg, F);                                \
	}

MOVE(kcal_date_add, add_days)
MOVE(kcal_date_sub, sub_days)
MOVE(kcal_add_months, add_months)
MOVE(kcal_last_day, last_day)

int
kcal_datediff(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	(void)n;
	KWIDE_2(r, int64_t, arg[0].i, arg[1].i,
	    { o[row] = num_floor_div(x, DAY) - num_floor_div(y, DAY); });
	return 0;
}
