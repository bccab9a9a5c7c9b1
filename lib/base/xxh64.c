/* SPDX-License-Identifier: ISC */
/* XXH64, by the names of its specification. */
#include "base/xxh64.h"

#include "base/buf.h"

#define PRIME_1 UINT64_C(0x9e3779b185ebca87)
#define PRIME_2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define PRIME_3 UINT64_C(0x165667b19e3779f9)
#define PRIME_4 UINT64_C(0x85ebca77c2b2ae63)
#define PRIME_5 UINT64_C(0x27d4eb2f165667c5)

#define STRIPE 32

static uint64_t
rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static uint64_t
lane(uint64_t acc, uint64_t v)
{
	return rotate(acc + v * PRIME_2, 31) * PRIME_1;
}

static uint64_t
add_stripes(const uint8_t *p, size_t n, uint64_t seed)
{
	uint64_t acc[4] = {
	    seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1};
	uint64_t h;

	for (; n > 0; n--, p += STRIPE) {
		for (size_t i = 0; i < 4; i++)
			acc[i] = lane(acc[i], le_get(p + 8 * i, 8));
	}
	h = rotate(acc[0], 1) + rotate(acc[1], 7) + rotate(acc[2], 12)
	    + rotate(acc[3], 18);
	for (size_t i = 0; i < 4; i++)
		h = (h ^ lane(0, acc[i])) * PRIME_1 + PRIME_4;
	return h;
}

uint64_t
xxh64(const void *data, size_t len, uint64_t seed)
{
	const uint8_t *p = data;
	size_t n = len / STRIPE, left = len % STRIPE;
	uint64_t h = n > 0 ? add_stripes(p, n, seed) : seed + PRIME_5;

	h += len;
	p += n * STRIPE;
	for (; left >= 8; left -= 8, p += 8)
		h = rotate(h ^ lane(0, le_get(p, 8)), 27) * PRIME_1 + PRIME_4;
	if (left >= 4) {
		h = rotate(h ^ (le_get(p, 4) * PRIME_1), 23) * PRIME_2
		    + PRIME_3;
		left -= 4;
		p += 4;
	}
	for (; left > 0; left--, p++)
		h = rotate(h ^ (*p * PRIME_5), 11) * PRIME_1;
	h = (h ^ h >> 33) * PRIME_2;
	h = (h ^ h >> 29) * PRIME_3;
	return h ^ h >> 32;
}
