/* SPDX-License-Identifier: ISC */
/* Loops over numbers, times and durations, for kernels. */
#ifndef MILLRACE_EXPR_KWIDE_H
#define MILLRACE_EXPR_KWIDE_H

#include <math.h>

#include "expr/eval.h"

/*
 * Run the body for all rows with x and y the values of arg[0] and arg[1];
 * at most one of them is constant, which then stays in a register.
 */
#define KWIDE_2(r, T, A, B, ...)                                               \
	do {                                                                   \
		const T *ka = (A), *kb = (B);                                  \
		const size_t kn = (r)->n;                                      \
		if (arg[1].enc == COL_CONST) {                                 \
			const T y = kb[0];                                     \
			for (size_t row = 0; row < kn; row++) {                \
				const T x = ka[row];                           \
				__VA_ARGS__                                    \
			}                                                      \
		} else if (arg[0].enc == COL_CONST) {                          \
			const T x = ka[0];                                     \
			for (size_t row = 0; row < kn; row++) {                \
				const T y = kb[row];                           \
				__VA_ARGS__                                    \
			}                                                      \
		} else {                                                       \
			for (size_t row = 0; row < kn; row++) {                \
				const T x = ka[row], y = kb[row];              \
				__VA_ARGS__                                    \
			}                                                      \
		}                                                              \
	} while (0)

/* Whether a whole number is an int64; NaN is none.  2^63 is exact. */
static inline bool
kwide_fits(double d)
{
	return d >= -9223372036854775808.0 && d < 9223372036854775808.0;
}

/* The nearest int64, halves away from zero; -1 when there is none. */
static inline int
kwide_round(int64_t *v, double d)
{
	d = round(d);
	if (!kwide_fits(d))
		return -1;
	*v = (int64_t)d;
	return 0;
}

#endif
