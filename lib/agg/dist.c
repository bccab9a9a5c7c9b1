/* SPDX-License-Identifier: ISC */
/* count(distinct x), exact and bounded.  sreduce(1), AGGREGATES. */
#include <stdlib.h>
#include <string.h>

#include "agg/agg_int.h"
#include "agg/wide.h"
#include "base/hash.h"
#include "base/map.h"

/* The values, each once, in order of arrival. */
struct values {
	struct map map;
	uint64_t *hashes;
	size_t cap_hashes;
	int64_t *wide; /* of an 8-byte type */
	size_t cap_wide;
	size_t *off; /* of bytes: value i is heap[off[i]..off[i + 1]) */
	size_t cap_off;
	char *heap;
	size_t cap_heap;
};

struct dist {
	struct values *v; /* owned; NULL = none */
};

static const char too_many[] = "count(distinct) has more than 16777216 values "
			       "in one group";

static const char every_value[] =
    "it keeps every value; write approx_count_distinct(x)";

static struct values *
values_of(struct dist *s)
{
	if (s->v == NULL) {
		s->v = mem_zero(1, sizeof(*s->v));
		map_init(&s->v->map);
	}
	return s->v;
}

static int
note(struct values *v, size_t at, uint64_t h)
{
	uint32_t i;

	if (v->map.n >= AGG_MAX_VALUES)
		return -1;
	i = map_insert(&v->map, at, h);
	v->hashes =
	    mem_grow(v->hashes, &v->cap_hashes, i + 1, sizeof(*v->hashes));
	v->hashes[i] = h;
	return 0;
}

static int
add_wide(struct dist *s, int64_t x)
{
	struct values *v = values_of(s);
	uint64_t h = hash_u64((uint64_t)x, hash_seed());
	size_t at = map_first(&v->map, h, v->hashes);
	uint32_t i;

	while ((i = map_at(&v->map, &at, h)) != MAP_NONE) {
		if (v->wide[i] == x)
			return 0;
		at++;
	}
	i = v->map.n;
	v->wide = mem_grow(v->wide, &v->cap_wide, i + 1, sizeof(*v->wide));
	v->wide[i] = x;
	return note(v, at, h);
}

static int
add_bytes(struct dist *s, const char *p, size_t len)
{
	struct values *v = values_of(s);
	uint64_t h = hash_bytes(p, len, hash_seed());
	size_t at = map_first(&v->map, h, v->hashes);
	uint32_t i;

	while ((i = map_at(&v->map, &at, h)) != MAP_NONE) {
		if (v->off[i + 1] - v->off[i] == len
		    && (len == 0 || memcmp(v->heap + v->off[i], p, len) == 0))
			return 0;
		at++;
	}
	i = v->map.n;
	v->off = mem_grow(v->off, &v->cap_off, i + 2, sizeof(*v->off));
	if (i == 0)
		v->off[0] = 0;
	v->off[i + 1] = v->off[i] + len;
	v->heap = mem_grow(v->heap, &v->cap_heap, v->off[i + 1] + 1, 1);
	if (len > 0)
		memcpy(v->heap + v->off[i], p, len);
	return note(v, at, h);
}

#define KERNEL(name, add)                                                      \
	static int name(void *states, const char **why,                        \
	    const struct agg_rows *r, const struct col *c)                     \
	{                                                                      \
		struct dist *all = states;                                     \
                                                                               \
		for (uint32_t i = 0; i < r->n; i++) {                          \
			uint32_t row = AGG_ROW(r->sel, i);                     \
			struct dist *s = &all[AGG_GROUP(r, r->group, row)];    \
                                                                               \
			if (add(s, c, row) == -1) {                            \
				*why = too_many;                               \
				return -1;                                     \
			}                                                      \
		}                                                              \
		return 0;                                                      \
	}

static int
wide_cell(struct dist *s, const struct col *c, uint32_t row)
{
	return add_wide(s, c->i[row]);
}

static int
float_cell(struct dist *s, const struct col *c, uint32_t row)
{
	return add_wide(s, wide_same(c->f[row]));
}

static int
bool_cell(struct dist *s, const struct col *c, uint32_t row)
{
	return add_wide(s, bit_get(c->bits, col_entry(c, row)));
}

static int
str_cell(struct dist *s, const struct col *c, uint32_t row)
{
	size_t len;
	const char *p = col_str(c, row, &len);

	return add_bytes(s, p, len);
}

KERNEL(wide_update, wide_cell)
KERNEL(float_update, float_cell)
KERNEL(bool_update, bool_cell)
KERNEL(str_update, str_cell)

static int
merge(void *state, const char **why, const void *from)
{
	const struct values *f = ((const struct dist *)from)->v;
	int rc = 0;

	for (uint32_t i = 0; f != NULL && i < f->map.n && rc == 0; i++) {
		if (f->wide != NULL)
			rc = add_wide(state, f->wide[i]);
		else
			rc = add_bytes(state, f->heap + f->off[i],
			    f->off[i + 1] - f->off[i]);
	}
	if (rc == -1)
		*why = too_many;
	return rc;
}

static int
compare_wide(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
wide_save(struct buf *out, const void *state)
{
	const struct values *v = ((const struct dist *)state)->v;
	uint32_t n = v == NULL ? 0 : v->map.n;
	int64_t *sorted;

	buf_put_int(out, n, 4);
	if (n == 0)
		return;
	sorted = mem_dup(v->wide, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_wide);
	for (uint32_t i = 0; i < n; i++)
		buf_put_int(out, (uint64_t)sorted[i], 8);
	free(sorted);
}

static int
wide_load(void *state, struct cur *in)
{
	uint64_t n = cur_get_int(in, 4);

	for (uint64_t i = 0; i < n && !in->failed; i++) {
		int64_t x = (int64_t)cur_get_int(in, 8);

		if (!in->failed && add_wide(state, x) == -1)
			return -1;
	}
	return in->failed ? -1 : 0;
}

struct slice {
	const char *p;
	size_t len;
};

static int
compare_slices(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int order = n == 0 ? 0 : memcmp(x->p, y->p, n);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static void
str_save(struct buf *out, const void *state)
{
	const struct values *v = ((const struct dist *)state)->v;
	uint32_t n = v == NULL ? 0 : v->map.n;
	struct slice *sorted;

	buf_put_int(out, n, 4);
	if (n == 0)
		return;
	sorted = mem_resize(NULL, n, sizeof(*sorted));
	for (uint32_t i = 0; i < n; i++)
		sorted[i] = (struct slice){
		    v->heap + v->off[i], v->off[i + 1] - v->off[i]};
	qsort(sorted, n, sizeof(*sorted), compare_slices);
	for (uint32_t i = 0; i < n; i++)
		buf_put_str(out, sorted[i].p, sorted[i].len);
	free(sorted);
}

static int
str_load(void *state, struct cur *in)
{
	uint64_t n = cur_get_int(in, 4);

	for (uint64_t i = 0; i < n && !in->failed; i++) {
		size_t len;
		const char *p = cur_get_str(in, &len, COL_MAX_BYTES);

		if (p == NULL || add_bytes(state, p, len) == -1)
			return -1;
	}
	return in->failed ? -1 : 0;
}

static void
release(void *state)
{
	struct values *v = ((struct dist *)state)->v;

	if (v == NULL)
		return;
	map_release(&v->map);
	free(v->hashes);
	free(v->wide);
	free(v->off);
	free(v->heap);
	free(v);
}

int
dist_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct values *v = ((const struct dist *)state)->v;

	(void)f;
	colbuf_push_int(out, v == NULL ? 0 : v->map.n);
	return 0;
}

static size_t
owned(const void *state)
{
	const struct values *v = ((const struct dist *)state)->v;

	if (v == NULL)
		return 0;
	return sizeof(*v) + v->map.cap * sizeof(*v->map.slots)
	       + v->cap_hashes * sizeof(*v->hashes)
	       + v->cap_wide * sizeof(*v->wide) + v->cap_off * sizeof(*v->off)
	       + v->cap_heap;
}

const struct agg_kind dist_wide = {sizeof(struct dist), 1, wide_update, merge,
    wide_save, wide_load, release, AGG_LARGE, every_value, owned};
const struct agg_kind dist_float = {sizeof(struct dist), 1, float_update, merge,
    wide_save, wide_load, release, AGG_LARGE, every_value, owned};
const struct agg_kind dist_bool = {sizeof(struct dist), 1, bool_update, merge,
    wide_save, wide_load, release, AGG_LARGE, every_value, owned};
const struct agg_kind dist_str = {sizeof(struct dist), 1, str_update, merge,
    str_save, str_load, release, AGG_LARGE, every_value, owned};
