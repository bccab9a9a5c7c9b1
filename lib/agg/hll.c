/* SPDX-License-Identifier: ISC */
/*
 * approx_count_distinct: HyperLogLog with 4096 registers over XXH64, seed 0.
 * Up to 512 different hashes are kept as they are, so that small groups cost
 * little and are counted exactly.  sreduce(1), AGGREGATES.
 * The estimate is the improved raw estimator of O. Ertl, New cardinality
 * estimation algorithms for HyperLogLog sketches, arXiv:1702.01284, which
 * needs no switch between ranges.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agg/agg_int.h"
#include "agg/wide.h"
#include "base/xxh64.h"

#define BITS 12
#define REGISTERS (1 << BITS)
#define MAX_RANK (64 - BITS + 1)
#define MAX_HASHES 512
#define DENSE UINT32_MAX /* in saved bytes: registers follow */

/* Invariant: more than MAX_HASHES hashes iff there are registers. */
struct hll {
	uint64_t *hashes; /* owned, ascending */
	uint8_t *registers; /* owned */
	uint32_t n;
	uint32_t cap;
};

static inline void
raise(uint8_t *registers, uint64_t h)
{
	/* The bit behind the hash stands for all that are 0. */
	uint64_t rest = h << BITS | UINT64_C(1) << (BITS - 1);
	uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
	uint8_t *at = &registers[h >> (64 - BITS)];

	if (rank > *at)
		*at = rank;
}

static void
make_dense(struct hll *s)
{
	s->registers = mem_zero(REGISTERS, 1);
	for (uint32_t i = 0; i < s->n; i++)
		raise(s->registers, s->hashes[i]);
	free(s->hashes);
	s->hashes = NULL;
	s->n = s->cap = 0;
}

static void
add_sparse(struct hll *s, uint64_t h)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (s->hashes[mid] < h)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < s->n && s->hashes[lo] == h)
		return;
	if (s->n == MAX_HASHES) {
		make_dense(s);
		raise(s->registers, h);
		return;
	}
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 4 : s->cap * 2;
		s->hashes = mem_resize(s->hashes, s->cap, sizeof(*s->hashes));
	}
	memmove(&s->hashes[lo + 1], &s->hashes[lo],
	    (s->n - lo) * sizeof(*s->hashes));
	s->hashes[lo] = h;
	s->n++;
}

static inline void
add(struct hll *s, uint64_t h)
{
	if (s->registers != NULL)
		raise(s->registers, h);
	else
		add_sparse(s, h);
}

static inline uint64_t
hash_wide(int64_t v)
{
	uint8_t bytes[8];

	le_put(bytes, (uint64_t)v, 8);
	return xxh64(bytes, sizeof(bytes), 0);
}

static uint64_t
hash_str(const struct col *c, uint32_t row)
{
	size_t len;
	const char *p = col_str(c, row, &len);

	return xxh64(p, len, 0);
}

#define KERNEL(name, hash)                                                     \
	static int name(void *states, const char **why,                        \
	    const struct agg_rows *r, const struct col *c)                     \
	{                                                                      \
		struct hll *all = states;                                      \
                                                                               \
		(void)why;                                                     \
		for (uint32_t i = 0; i < r->n; i++) {                          \
			uint32_t row = AGG_ROW(r->sel, i);                     \
                                                                               \
			add(&all[AGG_GROUP(r, r->group, row)], hash);          \
		}                                                              \
		return 0;                                                      \
	}

KERNEL(wide_update, hash_wide(c->i[row]))
KERNEL(float_update, hash_wide(wide_same(c->f[row])))
KERNEL(bool_update, hash_wide(bit_get(c->bits, col_entry(c, row))))
KERNEL(str_update, hash_str(c, row))

static void
add_registers(struct hll *s, const uint8_t *from)
{
	if (s->registers == NULL)
		make_dense(s);
	for (uint32_t i = 0; i < REGISTERS; i++) {
		if (from[i] > s->registers[i])
			s->registers[i] = from[i];
	}
}

static int
merge(void *state, const char **why, const void *from)
{
	struct hll *s = state;
	const struct hll *f = from;

	(void)why;
	if (f->registers != NULL)
		add_registers(s, f->registers);
	for (uint32_t i = 0; i < f->n; i++)
		add(s, f->hashes[i]);
	return 0;
}

static void
save(struct buf *out, const void *state)
{
	const struct hll *s = state;

	if (s->registers != NULL) {
		buf_put_int(out, DENSE, 4);
		buf_put(out, s->registers, REGISTERS);
		return;
	}
	buf_put_int(out, s->n, 4);
	for (uint32_t i = 0; i < s->n; i++)
		buf_put_int(out, s->hashes[i], 8);
}

static int
load_registers(struct hll *s, struct cur *in)
{
	const uint8_t *p = cur_get(in, REGISTERS);
	unsigned used = 0;

	if (p == NULL)
		return -1;
	for (uint32_t i = 0; i < REGISTERS; i++) {
		if (p[i] > MAX_RANK)
			return -1;
		used |= p[i];
	}
	if (used == 0)
		return -1;
	add_registers(s, p);
	return 0;
}

static int
load(void *state, struct cur *in)
{
	uint64_t n = cur_get_int(in, 4), last = 0, h;

	if (n == DENSE)
		return load_registers(state, in);
	if (in->failed || n > MAX_HASHES)
		return -1;
	for (uint64_t i = 0; i < n; i++, last = h) {
		h = cur_get_int(in, 8);
		if (in->failed || (i > 0 && h <= last))
			return -1;
		add(state, h);
	}
	return 0;
}

static void
release(void *state)
{
	struct hll *s = state;

	free(s->hashes);
	free(s->registers);
}

/* The share of registers that are 0, and that are full: Ertl, section 4. */
static double
sigma(double x)
{
	double y = 1, z = x, before;

	do {
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

static double
tau(double x)
{
	double y = 1, z = 1 - x, before;

	if (x == 0 || x == 1)
		return 0;
	do {
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != before);
	return z / 3;
}

static double
estimate(const uint8_t *registers)
{
	const double m = REGISTERS;
	uint32_t n[MAX_RANK + 1] = {0};
	double z;

	for (uint32_t i = 0; i < REGISTERS; i++)
		n[registers[i]]++;
	z = m * tau(1 - n[MAX_RANK] / m);
	for (int k = MAX_RANK - 1; k >= 1; k--)
		z = 0.5 * (z + n[k]);
	z += m * sigma(n[0] / m);
	return m * m / (2 * log(2) * z);
}

int
hll_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct hll *s = state;
	double n = s->registers == NULL ? s->n : estimate(s->registers);

	(void)f;
	if (!(n < 0x1p63))
		return -1;
	colbuf_push_int(out, llrint(n));
	return 0;
}

static size_t
owned(const void *state)
{
	const struct hll *s = state;

	return s->registers != NULL ? REGISTERS : s->cap * sizeof(*s->hashes);
}

#define KIND(name)                                                             \
	const struct agg_kind hll_##name = {sizeof(struct hll), 1,             \
	    name##_update, merge, save, load, release, AGG_LARGE, NULL, owned, \
	    NULL};
KIND(wide)
KIND(float)
KIND(bool)
KIND(str)
