/* SPDX-License-Identifier: ISC */
/* The different values of a group. */
#include "agg/values.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

void
values_release(struct values *v)
{
	map_release(&v->map);
	free(v->hashes);
	free(v->wide);
	free(v->off);
	free(v->heap);
}

size_t
values_owned(const struct values *v)
{
	return v->map.cap * sizeof(*v->map.slots)
	       + v->cap_hashes * sizeof(*v->hashes)
	       + v->cap_wide * sizeof(*v->wide) + v->cap_off * sizeof(*v->off)
	       + v->cap_heap;
}

static uint32_t
note(struct values *v, size_t at, uint64_t h)
{
	uint32_t i = map_insert(&v->map, at, h);

	v->hashes =
	    mem_grow(v->hashes, &v->cap_hashes, i + 1, sizeof(*v->hashes));
	v->hashes[i] = h;
	return i;
}

uint32_t
values_wide(struct values *v, int64_t x, uint32_t max)
{
	uint64_t h = hash_u64((uint64_t)x, hash_seed());
	size_t at = map_first(&v->map, h, v->hashes);
	uint32_t i;

	while ((i = map_at(&v->map, &at, h)) != MAP_NONE) {
		if (v->wide[i] == x)
			return i;
		at++;
	}
	i = v->map.n;
	if (i >= max)
		return VALUES_FULL;
	v->wide = mem_grow(v->wide, &v->cap_wide, i + 1, sizeof(*v->wide));
	v->wide[i] = x;
	return note(v, at, h);
}

uint32_t
values_bytes(struct values *v, const char *p, size_t len, uint32_t max)
{
	uint64_t h = hash_bytes(p, len, hash_seed());
	size_t at = map_first(&v->map, h, v->hashes);
	uint32_t i;

	while ((i = map_at(&v->map, &at, h)) != MAP_NONE) {
		if (v->off[i + 1] - v->off[i] == len
		    && (len == 0 || memcmp(v->heap + v->off[i], p, len) == 0))
			return i;
		at++;
	}
	i = v->map.n;
	if (i >= max)
		return VALUES_FULL;
	v->off = mem_grow(v->off, &v->cap_off, i + 2, sizeof(*v->off));
	if (i == 0)
		v->off[0] = 0;
	v->off[i + 1] = v->off[i] + len;
	v->heap = mem_grow(v->heap, &v->cap_heap, v->off[i + 1] + 1, 1);
	if (len > 0)
		memcpy(v->heap + v->off[i], p, len);
	return note(v, at, h);
}

uint32_t
values_from(
    struct values *v, const struct values *from, uint32_t i, uint32_t max)
{
	const char *p;
	size_t len;

	if (from->wide != NULL)
		return values_wide(v, from->wide[i], max);
	p = values_str(from, i, &len);
	return values_bytes(v, p, len, max);
}

int
values_compare(const struct values *v, uint32_t i, uint32_t j)
{
	const char *p, *q;
	size_t len, len_q, n;
	int order;

	if (v->wide != NULL)
		return (v->wide[i] > v->wide[j]) - (v->wide[i] < v->wide[j]);
	p = values_str(v, i, &len);
	q = values_str(v, j, &len_q);
	n = len < len_q ? len : len_q;
	order = n == 0 ? 0 : memcmp(p, q, n);
	return order != 0 ? order : (len > len_q) - (len < len_q);
}

static int
compare(const void *a, const void *b, void *values)
{
	return values_compare(
	    values, *(const uint32_t *)a, *(const uint32_t *)b);
}

uint32_t *
values_order(struct values *v)
{
	uint32_t *order = mem_resize(NULL, v->map.n, sizeof(*order));

	for (uint32_t i = 0; i < v->map.n; i++)
		order[i] = i;
	qsort_r(order, v->map.n, sizeof(*order), compare, v);
	return order;
}

void
values_save(struct buf *out, const struct values *v, uint32_t i)
{
	const char *p;
	size_t len;

	if (v->wide != NULL) {
		buf_put_int(out, (uint64_t)v->wide[i], 8);
		return;
	}
	p = values_str(v, i, &len);
	buf_put_str(out, p, len);
}

uint32_t
values_load(struct values *v, struct cur *in, uint32_t max, bool is_str)
{
	const char *p;
	size_t len;
	int64_t x;

	if (is_str) {
		p = cur_get_str(in, &len, COL_MAX_BYTES);
		return p == NULL ? VALUES_FULL : values_bytes(v, p, len, max);
	}
	x = (int64_t)cur_get_int(in, 8);
	return in->failed ? VALUES_FULL : values_wide(v, x, max);
}
