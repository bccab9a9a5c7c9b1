/* SPDX-License-Identifier: ISC */
/*
 * Percentiles by a sketch of log-linear buckets: 128 to each power of two, so
 * that the middle of a bucket is within 1/256 of every value in it.  The
 * bucket of a value is made of the bits of the double, no logarithm.
 * sreduce(1), PERCENTILES.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agg/agg_int.h"
#include "agg/wide.h"

#define SUB_BITS 7
#define PAGE (1 << SUB_BITS)
#define MAX_SPARSE 32

/*
 * Buckets in the order of their values: 0 for zero, 1 + k and -1 - k for the
 * magnitudes whose double begins (behind its sign) with the 18 bits k, and
 * KEY_NAN above all.
 */
#define KEY_NAN (1 << 18)
#define KEY_INF (1 + (0x7ff << SUB_BITS))

struct bucket {
	int32_t key;
	uint64_t n;
};

/*
 * Few buckets are a list; more than MAX_SPARSE become counters in pages of
 * PAGE, of which those that are needed exist.
 */
struct quant {
	uint64_t n;
	int64_t min; /* of the values; doubles by wide_order */
	int64_t max;
	int32_t page_lo; /* number of pages[0] */
	uint32_t n_pages;
	uint64_t **pages; /* owned; NULL entries count nothing */
	struct bucket *sparse; /* owned, ascending; NULL once there are pages */
	uint32_t n_sparse;
	uint32_t cap_sparse;
};

static inline int32_t
key_of_float(double x)
{
	uint64_t bits;
	int32_t k;

	if (x != x)
		return KEY_NAN;
	memcpy(&bits, &x, sizeof(bits));
	if ((bits << 1) == 0)
		return 0;
	k = 1 + (int32_t)(bits << 1 >> (64 - 11 - SUB_BITS));
	return bits >> 63 ? -k : k;
}

/* The same bucket as for the exact double, also of ints beyond 2^53. */
static inline int32_t
key_of_int(int64_t v)
{
	uint64_t a = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	int zeros;
	int32_t k;

	if (a == 0)
		return 0;
	zeros = __builtin_clzll(a);
	a = a << zeros << 1;
	k = 1 + ((63 - zeros + 1023) << SUB_BITS)
	    + (int32_t)(a >> (64 - SUB_BITS));
	return v < 0 ? -k : k;
}

static inline int32_t
page_of(int32_t key)
{
	return key >= 0 ? key / PAGE : -1 - (-1 - key) / PAGE;
}

/* Make pages[] reach to page number at. */
static void
reach(struct quant *s, int32_t at)
{
	int32_t lo = s->page_lo, hi = s->page_lo + (int32_t)s->n_pages;
	uint64_t **pages;

	if (s->n_pages == 0)
		lo = hi = at;
	if (at >= lo && at < hi)
		return;
	lo = at < lo ? at : lo;
	hi = at >= hi ? at + 1 : hi;
	pages = mem_zero((size_t)(hi - lo), sizeof(*pages));
	if (s->n_pages > 0)
		memcpy(pages + (s->page_lo - lo), s->pages,
		    s->n_pages * sizeof(*pages));
	free(s->pages);
	s->pages = pages;
	s->page_lo = lo;
	s->n_pages = (uint32_t)(hi - lo);
}

static __attribute__((noinline)) void
count_new_page(struct quant *s, int32_t key, uint64_t n)
{
	int32_t at = page_of(key);
	uint64_t **page;

	reach(s, at);
	page = &s->pages[at - s->page_lo];
	if (*page == NULL)
		*page = mem_zero(PAGE, sizeof(**page));
	(*page)[key - at * PAGE] += n;
}

static void
spread(struct quant *s)
{
	struct bucket *old = s->sparse;
	uint32_t n = s->n_sparse;

	s->sparse = NULL;
	s->n_sparse = 0;
	s->cap_sparse = 0;
	for (uint32_t i = 0; i < n; i++)
		count_new_page(s, old[i].key, old[i].n);
	free(old);
}

static __attribute__((noinline)) void
count_sparse(struct quant *s, int32_t key, uint64_t n)
{
	uint32_t lo = 0, hi = s->n_sparse;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (s->sparse[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < s->n_sparse && s->sparse[lo].key == key) {
		s->sparse[lo].n += n;
		return;
	}
	if (s->n_sparse == MAX_SPARSE) {
		spread(s);
		count_new_page(s, key, n);
		return;
	}
	if (s->n_sparse == s->cap_sparse) {
		s->cap_sparse = s->cap_sparse == 0 ? 4 : s->cap_sparse * 2;
		s->sparse =
		    mem_resize(s->sparse, s->cap_sparse, sizeof(*s->sparse));
	}
	memmove(&s->sparse[lo + 1], &s->sparse[lo],
	    (s->n_sparse - lo) * sizeof(*s->sparse));
	s->sparse[lo] = (struct bucket){.key = key, .n = n};
	s->n_sparse++;
}

AGG_INLINE void
count(struct quant *s, int32_t key, uint64_t n)
{
	int32_t at = page_of(key);
	uint32_t i = (uint32_t)at - (uint32_t)s->page_lo;

	if (i < s->n_pages && s->pages[i] != NULL)
		s->pages[i][key - at * PAGE] += n;
	else if (s->n_pages > 0)
		count_new_page(s, key, n);
	else
		count_sparse(s, key, n);
}

AGG_INLINE void
widen(struct quant *s, int64_t min, int64_t max, uint64_t n)
{
	if (s->n == 0 || min < s->min)
		s->min = min;
	if (s->n == 0 || max > s->max)
		s->max = max;
	s->n += n;
}

#define KERNEL(name, order, key_of)                                            \
	AGG_INLINE int name##_add(struct quant *states,                        \
	    const struct agg_rows *r, const uint32_t *sel,                     \
	    const uint32_t *group, const struct col *c)                        \
	{                                                                      \
		for (uint32_t i = 0; i < r->n; i++) {                          \
			uint32_t row = AGG_ROW(sel, i);                        \
			struct quant *s = &states[AGG_GROUP(r, group, row)];   \
			int64_t v = order(c, row);                             \
                                                                               \
			widen(s, v, v, 1);                                     \
			count(s, key_of(c, row), 1);                           \
		}                                                              \
		return 0;                                                      \
	}                                                                      \
	static int name##_update(void *states, const char **why,               \
	    const struct agg_rows *r, const struct col *c)                     \
	{                                                                      \
		(void)why;                                                     \
		return AGG_SHAPES(name##_add, states, r, c);                   \
	}

#define INT_ORDER(c, row) ((c)->i[row])
#define INT_KEY(c, row) key_of_int((c)->i[row])
#define FLOAT_ORDER(c, row) wide_order((c)->f[row])
#define FLOAT_KEY(c, row) key_of_float((c)->f[row])
/* The NULL is sel, which AGG_ROW looks at. */
/* cppcheck-suppress ctunullpointer */
KERNEL(int, INT_ORDER, INT_KEY)
/* cppcheck-suppress ctunullpointer */
KERNEL(float, FLOAT_ORDER, FLOAT_KEY)

/* The buckets that count something, ascending; to be freed. */
static struct bucket *
buckets(uint32_t *n, const struct quant *s)
{
	struct bucket *all;
	uint32_t used = 0;

	if (s->n_pages == 0) {
		*n = s->n_sparse;
		return mem_dup(s->sparse, s->n_sparse * sizeof(*all));
	}
	for (uint32_t i = 0; i < s->n_pages; i++)
		used += s->pages[i] != NULL;
	all = mem_resize(NULL, (size_t)used * PAGE, sizeof(*all));
	*n = 0;
	for (uint32_t i = 0; i < s->n_pages; i++) {
		int32_t key = (s->page_lo + (int32_t)i) * PAGE;

		for (int j = 0; s->pages[i] != NULL && j < PAGE; j++) {
			if (s->pages[i][j] > 0)
				all[(*n)++] = (struct bucket){
				    .key = key + j, .n = s->pages[i][j]};
		}
	}
	return all;
}

static int
merge(void *state, const char **why, const void *from)
{
	struct quant *s = state;
	const struct quant *f = from;
	struct bucket *all;
	uint32_t n;

	(void)why;
	if (f->n == 0)
		return 0;
	widen(s, f->min, f->max, f->n);
	all = buckets(&n, f);
	for (uint32_t i = 0; i < n; i++)
		count(s, all[i].key, all[i].n);
	free(all);
	return 0;
}

static void
save(struct buf *out, const void *state)
{
	const struct quant *s = state;
	struct bucket *all;
	uint32_t n;

	all = buckets(&n, s);
	buf_put_int(out, n, 4);
	if (n > 0) {
		buf_put_int(out, (uint64_t)s->min, 8);
		buf_put_int(out, (uint64_t)s->max, 8);
	}
	for (uint32_t i = 0; i < n; i++) {
		buf_put_int(out, (uint32_t)all[i].key, 4);
		buf_put_int(out, all[i].n, 8);
	}
	free(all);
}

/* Whether some value of the type has that key. */
static bool
is_key(int32_t key, bool ints)
{
	int32_t k = key < 0 ? -key : key;

	if (!ints)
		return k <= KEY_INF || key == KEY_NAN;
	return key == 0 || (k >= key_of_int(1) && k <= -key_of_int(INT64_MIN));
}

static int
load(struct quant *s, struct cur *in, bool ints)
{
	uint64_t n = cur_get_int(in, 4);
	int64_t min, max, prev = INT64_MIN;

	if (n == 0)
		return in->failed ? -1 : 0;
	min = (int64_t)cur_get_int(in, 8);
	max = (int64_t)cur_get_int(in, 8);
	if (in->failed || min > max)
		return -1;
	for (uint64_t i = 0; i < n; i++) {
		int32_t key = (int32_t)(uint32_t)cur_get_int(in, 4);
		uint64_t k = cur_get_int(in, 8);

		if (in->failed || key <= prev || key < -KEY_NAN
		    || !is_key(key, ints) || k == 0 || s->n > INT64_MAX
		    || k > INT64_MAX - s->n)
			return -1;
		widen(s, min, max, k);
		count(s, key, k);
		prev = key;
	}
	return 0;
}

static int
int_load(void *state, struct cur *in)
{
	return load(state, in, true);
}

static int
float_load(void *state, struct cur *in)
{
	return load(state, in, false);
}

static void
release(void *state)
{
	struct quant *s = state;

	for (uint32_t i = 0; i < s->n_pages; i++)
		free(s->pages[i]);
	free(s->pages);
	free(s->sparse);
}

static size_t
owned(const void *state)
{
	const struct quant *s = state;
	size_t len =
	    s->cap_sparse * sizeof(*s->sparse) + s->n_pages * sizeof(*s->pages);

	for (uint32_t i = 0; i < s->n_pages; i++)
		if (s->pages[i] != NULL)
			len += PAGE * sizeof(**s->pages);
	return len;
}

const struct agg_kind quant_int = {sizeof(struct quant), 1, int_update, merge,
    save, int_load, release, AGG_LARGE, NULL, owned, NULL};
const struct agg_kind quant_float = {sizeof(struct quant), 1, float_update,
    merge, save, float_load, release, AGG_LARGE, NULL, owned, NULL};

/* The bucket that holds the value of that rank, 1..n. */
static int32_t
key_at(const struct quant *s, uint64_t rank)
{
	uint64_t seen = 0;
	uint32_t i;

	for (i = 0; i < s->n_sparse; i++) {
		seen += s->sparse[i].n;
		if (seen >= rank)
			return s->sparse[i].key;
	}
	for (i = 0; i < s->n_pages; i++) {
		for (int j = 0; s->pages[i] != NULL && j < PAGE; j++) {
			seen += s->pages[i][j];
			if (seen >= rank)
				return (s->page_lo + (int32_t)i) * PAGE + j;
		}
	}
	return KEY_NAN;
}

static double
float_middle(int32_t key)
{
	uint64_t k, bits;
	double x;

	if (key == 0)
		return 0;
	k = (uint64_t)((key < 0 ? -key : key) - 1);
	bits = k << (63 - 11 - SUB_BITS);
	if (k < KEY_INF - 1)
		bits |= UINT64_C(1) << (62 - 11 - SUB_BITS);
	memcpy(&x, &bits, sizeof(x));
	return key < 0 ? -x : x;
}

static int64_t
int_middle(int32_t key)
{
	uint64_t k, low, width = 1;
	int exp;

	if (key == 0)
		return 0;
	k = (uint64_t)((key < 0 ? -key : key) - 1);
	exp = (int)(k >> SUB_BITS) - 1023 - SUB_BITS;
	low = PAGE + (k & (PAGE - 1));
	if (exp < 0) {
		low >>= -exp;
	} else {
		low <<= exp;
		width <<= exp;
	}
	low += (width - 1) / 2;
	if (key < 0)
		return low > INT64_MAX ? INT64_MIN : -(int64_t)low;
	return low > INT64_MAX ? INT64_MAX : (int64_t)low;
}

static int64_t
clamp(const struct quant *s, int64_t v)
{
	return v < s->min ? s->min : v > s->max ? s->max : v;
}

__extension__ typedef unsigned __int128 quant_wide;

int
quant_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct quant *s = state;
	quant_wide product;
	uint64_t rank;
	int64_t v;
	int32_t key;

	if (s->n == 0) {
		colbuf_push_null(out);
		return 0;
	}
	product = (quant_wide)s->n * f->share + AGG_SHARE_ONE - 1;
	rank =
	    product < AGG_SHARE_ONE ? 1 : (uint64_t)(product / AGG_SHARE_ONE);
	/* The least and the greatest value are known exactly. */
	if (rank == 1 || rank == s->n)
		v = rank == 1 ? s->min : s->max;
	else if ((key = key_at(s, rank)) == KEY_NAN)
		v = s->max;
	else if (f->kind == &quant_int)
		v = clamp(s, int_middle(key));
	else
		v = clamp(s, wide_order(float_middle(key)));
	if (f->kind == &quant_int)
		colbuf_push_int(out, v);
	else
		colbuf_push_float(out, wide_double(v));
	return 0;
}
