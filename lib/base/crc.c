/* SPDX-License-Identifier: ISC */
/* CRC-32C by the SSE 4.2 instruction or by eight tables. */
#include "base/crc.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif
#include <string.h>

#include "base/buf.h"

#define POLY 0x82f63b78u /* reflected */

static uint32_t tables[8][256];

__attribute__((constructor)) static void
tables_fill(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = (c >> 1) ^ ((c & 1) != 0 ? POLY : 0);
		tables[0][i] = c;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int t = 1; t < 8; t++)
			tables[t][i] = (tables[t - 1][i] >> 8)
				       ^ tables[0][tables[t - 1][i] & 255];
}

uint32_t
crc32c_portable(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t v;

	crc = ~crc;
	for (; len >= 8; len -= 8, p += 8) {
		v = le_get(p, 8) ^ crc;
		crc = 0;
		for (unsigned t = 0; t < 8; t++)
			crc ^= tables[7 - t][v >> (8 * t) & 255];
	}
	for (; len > 0; len--, p++)
		crc = (crc >> 8) ^ tables[0][(crc ^ *p) & 255];
	return ~crc;
}

#if defined(__x86_64__)
/*
 * The instruction takes three cycles but can begin each cycle: three lanes of
 * so many bytes run side by side (17 GB/s in place of 7), and their sums are
 * made one by carry-less products.  Source: V. Gopal et al., Fast CRC
 * Computation for iSCSI Polynomial Using CRC32 Instruction, Intel 2011.
 */
#define LANE 1024
/* x^(8 n - 33) modulo the polynomial, reflected, for n of one lane and two. */
#define OVER_LANE 0x170076fa
#define OVER_LANES 0xa51b6135

__attribute__((target("sse4.2"))) static uint32_t
crc32c_sse42(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t c = ~crc, v;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&v, p, 8);
		c = __builtin_ia32_crc32di(c, v);
	}
	crc = (uint32_t)c;
	for (; len > 0; len--, p++)
		crc = __builtin_ia32_crc32qi(crc, *p);
	return ~crc;
}

/* The sum c once as many zeros have come behind it as k is for. */
__attribute__((target("sse4.2,pclmul"))) static uint64_t
over(uint64_t c, int64_t k)
{
	__m128i product = _mm_clmulepi64_si128(
	    _mm_set_epi64x(0, (int64_t)c), _mm_set_epi64x(0, k), 0);

	return __builtin_ia32_crc32di(0, (uint64_t)_mm_cvtsi128_si64(product));
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t
crc32c_lanes(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t c[3] = {~crc}, v[3];

	for (; len >= 3 * LANE; len -= 3 * LANE, p += 3 * LANE) {
		c[1] = c[2] = 0;
		for (size_t i = 0; i < LANE; i += 8) {
			memcpy(&v[0], p + i, 8);
			memcpy(&v[1], p + LANE + i, 8);
			memcpy(&v[2], p + 2 * LANE + i, 8);
			c[0] = __builtin_ia32_crc32di(c[0], v[0]);
			c[1] = __builtin_ia32_crc32di(c[1], v[1]);
			c[2] = __builtin_ia32_crc32di(c[2], v[2]);
		}
		c[0] = over(c[0], OVER_LANES) ^ over(c[1], OVER_LANE) ^ c[2];
	}
	return crc32c_sse42(~(uint32_t)c[0], p, len);
}
#endif

uint32_t
crc32c(uint32_t crc, const void *data, size_t len)
{
#if defined(__x86_64__)
	if (len >= 3 * LANE && __builtin_cpu_supports("sse4.2")
	    && __builtin_cpu_supports("pclmul"))
		return crc32c_lanes(crc, data, len);
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42(crc, data, len);
#endif
	return crc32c_portable(crc, data, len);
}
