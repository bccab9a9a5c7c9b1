/* SPDX-License-Identifier: ISC */
/* Kernels of hash functions, and rand, which is one.  millrace-expr(7). */
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/sha256.h"
#include "base/xxh64.h"
#include "expr/kernels.h"
#include "expr/ktext.h"

#define SEED 42 /* that of Spark's xxhash64 */

/* The bytes of a value as Spark hashes them: LE; bools as 4 bytes. */
static uint64_t
hash_value(const struct col *c, uint32_t row, uint64_t seed)
{
	size_t at = eval_at(c, row);
	uint8_t bytes[8];
	struct ktext t;
	uint64_t v;

	if (type_is_bytes(c->type)) {
		t = ktext_at(c, row);
		return xxh64(t.p, t.len, seed);
	}
	if (c->type == TYPE_BOOL) {
		v = bit_get(c->bits, at);
	} else if (c->type == TYPE_FLOAT) {
		double f = c->f[at] + 0.0; /* -0 is 0 */

		memcpy(&v, &f, sizeof(v));
	} else {
		v = (uint64_t)c->i[at];
	}
	le_put(bytes, v, sizeof(bytes));
	return xxh64(bytes, c->type == TYPE_BOOL ? 4 : 8, seed);
}

/* Put a column's values, but for nulls, behind the hashes in o. */
static void
hash_column(int64_t *o, const struct col *c)
{
	for (uint32_t row = 0; row < c->n; row++) {
		if (col_is_valid(c, row))
			o[row] = (int64_t)hash_value(c, row, (uint64_t)o[row]);
	}
}

int
khash_xxhash64(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++)
		o[row] = SEED;
	for (size_t i = 0; i < n->n_kids; i++) {
		if (arg[i].type != 0)
			hash_column(o, &arg[i]);
	}
	return 0;
}

/* The first 53 bits of a hash as a float from 0 to below 1. */
int
khash_rand(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *h = arena_alloc(r->a, (size_t)r->n * sizeof(*h));
	double *o = eval_floats(r, out);

	for (uint32_t row = 0; row < r->n; row++)
		h[row] = arg[0].i[eval_at(&arg[0], row)];
	out->valid = arg[0].valid;
	for (size_t i = 1; i < n->n_kids; i++) {
		if (arg[i].type != 0)
			hash_column(h, &arg[i]);
	}
	for (uint32_t row = 0; row < r->n; row++)
		o[row] = (double)((uint64_t)h[row] >> 11) * 0x1p-53;
	return 0;
}

int
khash_refuse_random(struct unit *u, struct node *n, struct expr_error *err)
{
	(void)u;
	return expr_fail(err, n->at, n->len,
	    "%s would differ from run to run; write rand(seed, x), which "
	    "depends on the value of x alone, or xxhash64(x)",
	    n->name);
}

int
khash_crc32(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	(void)n;
	for (uint32_t row = 0; row < r->n; row++) {
		struct ktext t = ktext_at(&arg[0], row);

		o[row] = (int64_t)crc32_z(0, (const Bytef *)t.p, t.len);
	}
	return 0;
}

int
khash_sha256(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	static const char digits[] = "0123456789abcdef";

	KTEXT_MAKE(r, n, out, 2 * SHA256_LEN, {
		struct ktext t = ktext_at(&arg[0], row);
		uint8_t hash[SHA256_LEN];
		char *to = strout_room(&s, sizeof(hash) * 2);

		sha256(hash, t.p, t.len);
		for (size_t i = 0; to != NULL && i < sizeof(hash); i++) {
			*to++ = digits[hash[i] >> 4];
			*to++ = digits[hash[i] & 15];
		}
		s.len += to == NULL ? 0 : sizeof(hash) * 2;
	});
}
