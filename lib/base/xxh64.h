/* SPDX-License-Identifier: ISC */
/* XXH64: a fast hash whose values are public and stay the same. */
#ifndef MILLRACE_BASE_XXH64_H
#define MILLRACE_BASE_XXH64_H

#include <stddef.h>
#include <stdint.h>

/*
 * The hash of len bytes with a seed: xxh64("", 0, 0) is 0xef46db3751d8e999.
 * Source: the XXH64 section of the xxHash specification, version 0.1.1.
 */
uint64_t xxh64(const void *data, size_t len, uint64_t seed);

#endif
