/* SPDX-License-Identifier: ISC */
/* The different values of a group, numbered as they came. */
#ifndef MILLRACE_AGG_VALUES_H
#define MILLRACE_AGG_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"
#include "data/col.h"

#define VALUES_FULL UINT32_MAX

/* All zero bytes is none.  Of one kind, wide or bytes. */
struct values {
	struct map map;
	uint64_t *hashes;
	size_t cap_hashes;
	int64_t *wide; /* of a type of 8 bytes */
	size_t cap_wide;
	size_t *off; /* of bytes: value i is heap[off[i]..off[i + 1]) */
	size_t cap_off;
	char *heap;
	size_t cap_heap;
};

void values_release(struct values *v);
size_t values_owned(const struct values *v); /* bytes beside it */

/*
 * The number of a value, new or not; new ones are v->map.n before the call.
 * VALUES_FULL: it would be one more than max.
 * values_from: the value with number i of another set.
 */
uint32_t values_wide(struct values *v, int64_t x, uint32_t max);
uint32_t values_bytes(
    struct values *v, const char *p, size_t len, uint32_t max);
uint32_t values_from(
    struct values *v, const struct values *from, uint32_t i, uint32_t max);

/* The bytes of value i; *len their number. */
static inline const char *
values_str(const struct values *v, uint32_t i, size_t *len)
{
	*len = v->off[i + 1] - v->off[i];
	return v->heap + v->off[i];
}

/*
 * values_compare: values i and j: below 0, 0, above 0; ints by size, bytes as
 * memcmp.  values_order: the numbers in that order; to be freed.
 */
int values_compare(const struct values *v, uint32_t i, uint32_t j);
uint32_t *values_order(struct values *v);

/*
 * values_save: the bytes of value i.  values_load: the number of a value from
 * such bytes, VALUES_FULL also when they are malformed.
 */
void values_save(struct buf *out, const struct values *v, uint32_t i);
uint32_t values_load(
    struct values *v, struct cur *in, uint32_t max, bool is_str);

#endif
