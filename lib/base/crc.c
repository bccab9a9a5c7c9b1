/* SPDX-License-Identifier: ISC */
/* CRC-32C by the SSE 4.2 instruction or by eight tables. */
#include "base/crc.h"

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
#endif

uint32_t
crc32c(uint32_t crc, const void *data, size_t len)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42(crc, data, len);
#endif
	return crc32c_portable(crc, data, len);
}
