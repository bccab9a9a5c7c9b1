/* SPDX-License-Identifier: ISC */
/* Key columns of some rows: their hashes, and what their entries combine to. */
#include <string.h>

#include "base/hash.h"
#include "window/keys.h"

#define NULL_HASH UINT64_C(0x5bd1e9955bd1e995)

/* Floats that are equal get the same bits: one NaN, one zero. */
static void
one_form(struct col *out, const struct col *in, struct arena *a)
{
	double *f = arena_alloc(a, in->n_entries * sizeof(*f));

	for (uint32_t e = 0; e < in->n_entries; e++) {
		double x = in->f[e];

		f[e] = x != x ? (double)__builtin_nan("") : x + 0.0;
	}
	*out = *in;
	out->f = f;
}

static uint64_t
entry_hash(const struct col *c, uint32_t e, uint64_t seed)
{
	if (type_is_bytes(c->type))
		return hash_bytes(
		    c->bytes + c->off[e], c->off[e + 1] - c->off[e], seed);
	if (c->type == TYPE_BOOL)
		return hash_u64(bit_get(c->bits, e), seed);
	return hash_u64((uint64_t)c->i[e], seed);
}

static void
hash_entries(uint64_t *h, const struct col *c, uint64_t seed)
{
	uint32_t n = c->n_entries;

	if (type_is_bytes(c->type)) {
		for (uint32_t e = 0; e < n; e++)
			h[e] = hash_bytes(c->bytes + c->off[e],
			    c->off[e + 1] - c->off[e], seed);
	} else {
		for (uint32_t e = 0; e < n; e++)
			h[e] = entry_hash(c, e, seed);
	}
}

/* Hash of each row's cell, each entry being hashed once. */
static const uint64_t *
hash_rows(const struct col *c, uint64_t seed, struct arena *a)
{
	uint64_t *by_entry = arena_alloc(a, c->n_entries * sizeof(*by_entry));
	uint64_t *h = by_entry;

	hash_entries(by_entry, c, seed);
	if (c->enc != COL_PLAIN) {
		h = arena_alloc(a, c->n * sizeof(*h));
		for (uint32_t r = 0; r < c->n; r++)
			h[r] = by_entry[col_entry(c, r)];
	}
	if (c->valid != NULL) {
		for (uint32_t r = 0; r < c->n; r++) {
			if (!bit_get(c->valid, r))
				h[r] = hash_u64(NULL_HASH, seed);
		}
	}
	return h;
}

static uint64_t *
hash_columns(const struct keys_rows *r, struct arena *a)
{
	uint64_t seed = hash_seed();
	uint64_t *h;

	if (r->n_cols == 1) {
		h = arena_alloc(a, r->n * sizeof(*h));
		memcpy(h, hash_rows(&r->cols[0], seed, a), r->n * sizeof(*h));
		return h;
	}
	h = arena_alloc(a, r->n * sizeof(*h));
	for (uint32_t row = 0; row < r->n; row++)
		h[row] = seed;
	for (size_t c = 0; c < r->n_cols; c++) {
		const uint64_t *add = hash_rows(&r->cols[c], seed, a);

		for (uint32_t row = 0; row < r->n; row++)
			h[row] = hash_u64(add[row], h[row]);
	}
	return h;
}

/*
 * Rows with the same entries have the same key: number what the entries of
 * const and dict columns can combine to.  false when that is more than rows.
 */
static bool
combine(struct keys_rows *r, struct arena *a)
{
	uint64_t n = 1;

	if (r->n_cols == 0)
		return false;
	for (size_t i = 0; i < r->n_cols; i++) {
		const struct col *c = &r->cols[i];

		if (c->enc == COL_PLAIN || c->valid != NULL)
			return false;
		n *= c->n_entries;
		if (n > r->n)
			return false;
	}
	r->n_combos = (uint32_t)n;
	r->combo = arena_alloc(a, r->n * sizeof(*r->combo));
	memset(r->combo, 0, r->n * sizeof(*r->combo));
	for (size_t i = 0; i < r->n_cols; i++) {
		const struct col *c = &r->cols[i];

		for (uint32_t row = 0; row < r->n; row++)
			r->combo[row] =
			    r->combo[row] * c->n_entries + col_entry(c, row);
	}
	return true;
}

/* What hash_columns gives for the rows of each combination. */
static void
hash_combos(struct keys_rows *r, struct arena *a)
{
	uint64_t seed = hash_seed(), *h = r->hashes;
	uint32_t n = 1;

	if (r->n_cols == 1) {
		hash_entries(h, &r->cols[0], seed);
		return;
	}
	if (r->n_combos > 0)
		h[0] = seed;
	for (size_t c = 0; c < r->n_cols && r->n_combos > 0; c++) {
		uint32_t m = r->cols[c].n_entries;
		uint64_t *add = arena_alloc(a, m * sizeof(*add));

		hash_entries(add, &r->cols[c], seed);
		/* From the end on, as each becomes m. */
		for (uint32_t i = n; i-- > 0;) {
			uint64_t base = h[i];

			for (uint32_t e = 0; e < m; e++)
				h[(size_t)i * m + e] = hash_u64(add[e], base);
		}
		n *= m;
	}
}

void
keys_prepare(struct keys_rows *r, const struct col *cols, size_t n_cols,
    uint32_t n, struct arena *a)
{
	struct col *own = arena_alloc(a, n_cols * sizeof(*own));

	for (size_t i = 0; i < n_cols; i++) {
		if (cols[i].type == TYPE_FLOAT)
			one_form(&own[i], &cols[i], a);
		else
			own[i] = cols[i];
	}
	*r = (struct keys_rows){.cols = own, .n_cols = n_cols, .n = n};
	r->by_entry = combine(r, a);
	if (!r->by_entry) {
		r->hashes = hash_columns(r, a);
		return;
	}
	r->hashes = arena_alloc(a, r->n_combos * sizeof(*r->hashes));
	r->combo_group = arena_alloc(a, r->n_combos * sizeof(uint32_t));
	hash_combos(r, a);
}
