/* SPDX-License-Identifier: ISC */
/*
 * Keys in the order in which they come: records of a file have the same keys
 * in the same order, so that the next one is guessed and compared, instead of
 * looked for and looked up.
 */
#ifndef MILLRACE_TEXT_KEYGUESS_H
#define MILLRACE_TEXT_KEYGUESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/map.h"
#include "text/cellfast.h"

#define KEYGUESS_MAX CELL_PAD /* bytes of a key that is kept */
#define KEYGUESS_NONE UINT32_MAX

/* A key as it is written, with what stands around it. */
struct keyguess_key {
	uint64_t word[2]; /* its first 16 bytes, under mask */
	uint64_t mask[2];
	uint32_t len;
	uint32_t next; /* the key that came after it last time, or 0 */
	uint32_t value; /* the owner's */
	char text[KEYGUESS_MAX];
};

/* Invariant: number 0 is no key, but stands before the first one. */
struct keyguess {
	struct keyguess_key *keys;
	size_t n;
	size_t cap;
	struct map map; /* of the keys but number 0, by text */
	uint64_t *hashes;
	size_t cap_hashes;
};

void keyguess_init(struct keyguess *g);
void keyguess_release(struct keyguess *g);

/*
 * keyguess_find: the number of the key s[0..len), which follows key number
 * prev and is the guess there from now on; 0 when it is not kept.
 * keyguess_add: keep such a key; 0 when it is too long, or there are max.
 */
uint32_t keyguess_find(
    struct keyguess *g, uint32_t prev, const char *s, size_t len);
uint32_t keyguess_add(
    struct keyguess *g, size_t max, const char *s, size_t len, uint32_t value);

/* Whether s, of which CELL_PAD bytes may be read, begins with the key. */
static inline bool
keyguess_is(const struct keyguess_key *k, const char *s)
{
	uint64_t a = (cell_load(s) ^ k->word[0]) & k->mask[0];
	uint64_t b = (cell_load(s + 8) ^ k->word[1]) & k->mask[1];

	return (a | b) == 0
	       && (k->len <= 16
		   || memcmp(s + 16, k->text + 16, k->len - 16) == 0);
}

#endif
