/* SPDX-License-Identifier: ISC */
/* Keyed hashing for hash tables.  Never visible in output. */
#ifndef MILLRACE_BASE_HASH_H
#define MILLRACE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

__extension__ typedef unsigned __int128 hash_u128;

/* A seed from the kernel, the same for the life of the process, not 0. */
uint64_t hash_seed(void);

/* The two halves of a 64 x 64 bit product, folded. */
static inline uint64_t
hash_mix(uint64_t a, uint64_t b)
{
	hash_u128 p = (hash_u128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* Hash of one 8-byte value; also combines: hash_u64(v, previous hash). */
static inline uint64_t
hash_u64(uint64_t v, uint64_t seed)
{
	return hash_mix(
	    v ^ seed ^ 0x9e3779b97f4a7c15u, seed + 0xd6e8feb86659fd93u);
}

/*
 * Hash of len bytes.  Strings of up to 16 bytes cost two multiplications;
 * longer ones one more for each 16 bytes.  Both factors of each depend on the
 * seed: with a known one, bytes could be chosen to make it 0, and with it all
 * hashes equal.
 */
static inline uint64_t
hash_bytes(const void *data, size_t len, uint64_t seed)
{
	const unsigned char *p = data;
	uint64_t a = 0, b = 0, h = seed ^ 0xa0761d6478bd642fu;
	const uint64_t key = hash_u64(0xe7037ed1a0b428dbu, seed);
	uint32_t lo, hi;
	size_t left = len;

	for (; left > 16; left -= 16, p += 16) {
		memcpy(&a, p, 8);
		memcpy(&b, p + 8, 8);
		h = hash_mix(a ^ h, b ^ key);
	}
	if (left >= 8) {
		memcpy(&a, p, 8);
		memcpy(&b, p + left - 8, 8);
	} else if (left >= 4) {
		memcpy(&lo, p, 4);
		memcpy(&hi, p + left - 4, 4);
		a = lo;
		b = hi;
	} else if (left > 0) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[left >> 1] << 8
		    | p[left - 1];
		b = 0;
	}
	h = hash_mix(a ^ h, b ^ key);
	return hash_mix(h ^ len, h ^ 0x8ebc6af09c88c6e3u);
}

#endif
