/* SPDX-License-Identifier: ISC */
/* SHA-256.  FIPS 180-4. */
#ifndef MILLRACE_BASE_SHA256_H
#define MILLRACE_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_LEN 32

/* The digest of len bytes into out. */
void sha256(uint8_t out[SHA256_LEN], const void *data, size_t len);

#endif
