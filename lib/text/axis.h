/* SPDX-License-Identifier: ISC */
/* Round numbers and times along the edge of a picture. */
#ifndef MILLRACE_TEXT_AXIS_H
#define MILLRACE_TEXT_AXIS_H

#include <stddef.h>
#include <stdint.h>

#define AXIS_TEXT 64 /* bytes of a label, its NUL included */

struct zone;

/* Values k * step for k = first .. last; step is mul * 10^exp. */
struct axis {
	int64_t first, last;
	int mul; /* 1, 2, 5 */
	int exp;
};

/*
 * axis_fit: an axis around [lo, hi], finite, of about n >= 1 steps; a range
 * without extent gets some, and one that begins near 0 begins there.
 * axis_value: the value of k, the double nearest to it.
 * axis_label: its shortest text.
 */
void axis_fit(struct axis *a, double lo, double hi, size_t n);
double axis_value(const struct axis *a, int64_t k);
void axis_label(char out[AXIS_TEXT], const struct axis *a, int64_t k);

/*
 * axis_time_step: a round number of microseconds so that at most n of them
 * make up span > 0.
 * axis_time_label: an instant, as precise as step needs, with the day where
 * steps are as long as that; zone NULL = UTC.
 */
int64_t axis_time_step(int64_t span, size_t n);
void axis_time_label(
    char out[AXIS_TEXT], int64_t us, int64_t step, const struct zone *zone);

#endif
