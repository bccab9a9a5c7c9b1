/* SPDX-License-Identifier: ISC */
/* Steps of 1, 2 and 5 times a power of ten; steps that clocks have. */
#include "text/axis.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "base/zone.h"

#define SECOND TIME_US
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define LEAST 1e-300 /* a step; powers of ten below are inexact */
#define NEAR_ZERO 0.5 /* of hi: above it an axis need not begin at 0 */

/* What is beyond the doubles is the greatest of them. */
static double
within(double v)
{
	return v > DBL_MAX ? DBL_MAX : v < -DBL_MAX ? -DBL_MAX : v;
}

double
axis_value(const struct axis *a, int64_t k)
{
	double n = (double)k * a->mul;

	/* One division rounds once: 3 / 10 is 0.3, 3 * 0.1 is not. */
	return within(a->exp < 0 ? n / pow(10, -a->exp) : n * pow(10, a->exp));
}

static int64_t
index_of(const struct axis *a, double v, bool up)
{
	double k = v / axis_value(a, 1);

	return (int64_t)(up ? ceil(k - 1e-9) : floor(k + 1e-9));
}

void
axis_fit(struct axis *a, double lo, double hi, size_t n)
{
	static const int muls[] = {1, 2, 5};
	double step;

	if (lo >= 0 && lo <= NEAR_ZERO * hi)
		lo = 0;
	if (hi <= 0 && hi >= NEAR_ZERO * lo)
		hi = 0;
	/* Halves, since the difference of two finite values may not be. */
	step = 2 * ((hi / 2 - lo / 2) / (double)n);
	if (!(step > fabs(hi) * 1e-12 && isfinite(step) && step > LEAST)) {
		double around = fabs(hi) * 0.1;

		around = around > LEAST ? around : 1;
		lo = within(lo - around);
		hi = within(hi + around);
		step = (hi / 2 - lo / 2) / (double)n * 2;
	}
	a->exp = (int)floor(log10(step));
	a->mul = 1;
	for (size_t i = 0; i < 3 && axis_value(a, 1) < step; i++)
		a->mul = muls[i];
	if (axis_value(a, 1) < step) {
		a->mul = 1;
		a->exp++;
	}
	a->first = index_of(a, lo, false);
	a->last = index_of(a, hi, true);
	if (a->last == a->first)
		a->last++;
}

void
axis_label(char out[AXIS_TEXT], const struct axis *a, int64_t k)
{
	size_t len = num_format_float(out, axis_value(a, k));

	out[len] = '\0';
}

int64_t
axis_time_step(int64_t span, size_t n)
{
	static const int64_t steps[] = {1, 10, 100, 1000, 10000, 100000, SECOND,
	    2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND,
	    MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE,
	    30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY,
	    2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 60 * DAY, 180 * DAY,
	    365 * DAY, 3650 * DAY};
	size_t i = 0;
	int64_t step;

	while (i + 1 < sizeof(steps) / sizeof(steps[0])
	       && span / steps[i] > (int64_t)n)
		i++;
	for (step = steps[i]; span / step > (int64_t)n; step *= 2)
		;
	return step;
}

void
axis_time_label(
    char out[AXIS_TEXT], int64_t us, int64_t step, const struct zone *zone)
{
	struct zone_span span = {0};
	char text[TIME_TEXT_MAX + 1], *at, *clock;
	size_t len;

	if (zone == NULL)
		len = time_format_rfc3339(text, us);
	else
		len = zone_format(text, &span, zone, us);
	text[len] = '\0';
	/* 2025-10-09T09:00:00.5Z: year, day and clock by their marks. */
	clock = strchr(text, 'T');
	if (clock == NULL) {
		snprintf(out, AXIS_TEXT, "%s", text);
		return;
	}
	*clock++ = '\0';
	at = clock + strspn(clock, "0123456789:.");
	*at = '\0';
	if (step % MINUTE == 0 && strlen(clock) > 5)
		clock[5] = '\0';
	if (step >= DAY)
		snprintf(out, AXIS_TEXT, "%s", text);
	else
		snprintf(out, AXIS_TEXT, "%s", clock);
}
