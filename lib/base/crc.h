/* SPDX-License-Identifier: ISC */
/* CRC-32C (Castagnoli), by the processor's instruction where it has one. */
#ifndef MILLRACE_BASE_CRC_H
#define MILLRACE_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/*
 * The CRC of what crc stands for followed by len bytes.  Start with 0; the
 * usual initial and final inversion are inside: crc32c(0, "123456789", 9) is
 * 0xe3069283.  Source: RFC 3720, section 12.1 and B.4.
 */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

/* The same by tables alone, for tests of the other path. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len);

#endif
