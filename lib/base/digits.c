/* SPDX-License-Identifier: ISC */
/* The shortest digits of a double, by exact integers. */
#include "base/digits.h"

#include <stdbool.h>
#include <string.h>

__extension__ typedef unsigned __int128 digits_u128;

/*
 * v = m x 2^-s with 2^52 <= m < 2^53 and, as v is within the limits,
 * 3 <= s <= 59.  All scales are at most 19, so m x 10^scale has 117 bits.
 */
struct binary {
	uint64_t m;
	unsigned s;
};

static const uint64_t pow10[] = {1, 10, 100, 1000, 10000, 100000, 1000000,
    10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
    10000000000000, 100000000000000, 1000000000000000, 10000000000000000,
    100000000000000000, 1000000000000000000, 10000000000000000000u};

/*
 * The integer nearest to v x 10^scale, the even one of two; whether it reads
 * back as v: whether it is within half the distance of the doubles at v.
 */
static bool
nearest(uint64_t *d, const struct binary *v, unsigned scale)
{
	digits_u128 exact = (digits_u128)v->m * pow10[scale];
	digits_u128 rest = exact & (((digits_u128)1 << v->s) - 1);
	digits_u128 half = (digits_u128)1 << (v->s - 1);
	bool up;

	*d = (uint64_t)(exact >> v->s);
	up = rest > half || (rest == half && *d & 1);
	*d += up;
	/* Below a power of two the doubles are twice as near. */
	if (up)
		rest = ((digits_u128)1 << v->s) - rest;
	else if (v->m == UINT64_C(1) << 52)
		rest *= 2;
	return rest * 2 < pow10[scale]
	       || (rest * 2 == pow10[scale] && (v->m & 1) == 0);
}

/* The greatest e with 10^e <= v. */
static int
decade(const struct binary *v)
{
	int e2 = 52 - (int)v->s;
	int e = (e2 * 1233) >> 12; /* log10(2), below by 1 at most */
	digits_u128 exact = (digits_u128)v->m * pow10[16 - e];

	return e + ((uint64_t)(exact >> v->s) >= pow10[17]);
}

void
digits_find(uint64_t *d, unsigned *scale, double v)
{
	struct binary b;
	uint64_t bits;
	int e;

	memcpy(&bits, &v, sizeof(bits));
	b.m = (bits & (UINT64_MAX >> 12)) | UINT64_C(1) << 52;
	b.s = (unsigned)(52 + 1023 - (int)(bits >> 52));
	e = decade(&b);
	for (unsigned n = 15; n <= 17; n++) {
		*scale = (unsigned)((int)n - 1 - e);
		if (nearest(d, &b, *scale))
			break;
	}
	while (*scale > 0 && *d % 10 == 0) {
		*d /= 10;
		--*scale;
	}
}
