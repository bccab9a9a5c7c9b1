/* SPDX-License-Identifier: ISC */
/* The shortest digits of a double, by exact integers. */
#ifndef MILLRACE_BASE_DIGITS_H
#define MILLRACE_BASE_DIGITS_H

#include <stdint.h>

/* digits_find takes DIGITS_MIN <= v < DIGITS_END. */
#define DIGITS_MIN 0.01
#define DIGITS_END 1e15

/*
 * Find *d and *scale with d x 10^-scale the decimal nearest to v among those
 * of n digits, n being the least of 15, 16 and 17 whose decimal reads back as
 * v; trailing zeros are then cut while scale > 0.  That is what printf's %.*e
 * and strtod find, without a call.
 */
void digits_find(uint64_t *d, unsigned *scale, double v);

#endif
