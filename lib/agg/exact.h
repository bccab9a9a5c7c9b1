/* SPDX-License-Identifier: ISC */
/* The exact sum of finite doubles, as a fixed-point number wide enough. */
#ifndef MILLRACE_AGG_EXACT_H
#define MILLRACE_AGG_EXACT_H

#include <stdint.h>

#include "base/buf.h"

/*
 * Limb i counts 2^(32 i - 1074).  The largest double ends at bit 2098; 68
 * limbs leave 2^77 for as many of them.
 */
#define EXACT_LIMBS 68

/*
 * All zero bytes is 0.  Limbs may hold carries: |limb| <= n_adds * 2^32 +
 * 2^32, and exact_normalise is due before n_adds reaches 2^30.
 */
struct exact {
	int64_t limbs[EXACT_LIMBS];
	uint32_t n_adds;
};

/* Add a finite double; add another sum. */
void exact_add(struct exact *e, double x);
void exact_merge(struct exact *e, const struct exact *from);

/*
 * Limb i of a sum as a double, exactly; infinite where it is too large, which
 * it is not below EXACT_FINITE.
 */
#define EXACT_FINITE 65
double exact_limb(const struct exact *e, unsigned i);

/* The sum rounded once, half to even; infinite when it is too large. */
double exact_round(const struct exact *e);

/*
 * The bytes of the value: a sign (0, 1 = +, 2 = -), and unless it is 0 the
 * first limb's number, how many follow, and those as u32, the first and the
 * last not 0.  exact_load adds the value; -1 when malformed.
 */
void exact_save(struct buf *out, const struct exact *e);
int exact_load(struct exact *e, struct cur *in);

#endif
