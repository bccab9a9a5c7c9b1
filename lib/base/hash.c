/* SPDX-License-Identifier: ISC */
/* The process's hash seed. */
#include "base/hash.h"

#include <stdlib.h>

uint64_t
hash_seed(void)
{
	static uint64_t seed;

	while (seed == 0)
		arc4random_buf(&seed, sizeof(seed));
	return seed;
}
