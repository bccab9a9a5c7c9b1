/* SPDX-License-Identifier: ISC */
/* Numbers that look random, the same in every run. */
#ifndef MILLRACE_TESTS_RND_H
#define MILLRACE_TESTS_RND_H

#include <stdint.h>

static uint64_t rnd_state = 88172645463325252u;

/* Marsaglia, Xorshift RNGs (2003): any 64 bits but 0. */
static inline uint64_t
rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state;
}

#endif
