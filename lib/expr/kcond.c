/* SPDX-License-Identifier: ISC */
/* Kernels of and, or, not, case, coalesce and other choices by null. */
#include <string.h>

#include "expr/kernels.h"
#include "expr/kpick.h"
#include "expr/ktext.h"

/* Plain bits of a bool column. */
static int
eval_bool(
    struct run *r, const struct node *n, struct col *out, const uint8_t *active)
{
	if (eval_masked(r, n, out, active) == -1)
		return -1;
	eval_plain(r, out);
	return 0;
}

static uint64_t
valid_word(const struct col *c, size_t w, size_t n)
{
	return c->valid == NULL ? ~UINT64_C(0) : bits_get(c->valid, w, n);
}

/*
 * acc = acc and b, by three-valued logic; for or both sides and the result
 * are taken negated: flip is all ones.  Null with false is false.
 */
static void
conjoin(struct run *r, struct col *acc, const struct col *b, uint64_t flip)
{
	uint8_t *bits = eval_bitmap(r), *valid = NULL;
	size_t n = r->n;

	if (acc->valid != NULL || b->valid != NULL)
		valid = eval_bitmap(r);
	for (size_t w = 0; w < bits_words(n); w++) {
		uint64_t x = bits_get(acc->bits, w, n) ^ flip;
		uint64_t y = bits_get(b->bits, w, n) ^ flip;
		uint64_t vx = valid_word(acc, w, n), vy = valid_word(b, w, n);

		bits_put(bits, w, (x & y) ^ flip);
		/* A valid false side decides, whatever the other is. */
		if (valid != NULL)
			bits_put(valid, w, (vx & vy) | (vx & ~x) | (vy & ~y));
	}
	bits_copy(bits, bits, n);
	if (valid != NULL)
		bits_copy(valid, valid, n);
	acc->bits = bits;
	acc->valid = valid;
}

/* The rows that acc does not decide yet; NULL with *none when there are no. */
static const uint8_t *
open_rows(struct run *r, const struct col *acc, uint64_t flip, bool *none)
{
	uint8_t *open = eval_bitmap(r);
	size_t n = r->n;
	uint64_t any = 0, v;

	for (size_t w = 0; w < bits_words(n); w++) {
		v = (bits_get(acc->bits, w, n) ^ flip) | ~valid_word(acc, w, n);
		if (r->active != NULL)
			v &= bits_get(r->active, w, n);
		bits_put(open, w, v);
	}
	bits_copy(open, open, n);
	for (size_t w = 0; w < bits_words(n); w++)
		any |= bits_get(open, w, n);
	*none = any == 0;
	return open;
}

static int
chain(struct run *r, const struct node *n, struct col *out, uint64_t flip)
{
	struct col next;
	const uint8_t *open;
	bool none;

	if (eval_bool(r, n->kids[0], out, r->active) == -1)
		return -1;
	for (size_t i = 1; i < n->n_kids; i++) {
		open = open_rows(r, out, flip, &none);
		if (none)
			break;
		if (eval_bool(r, n->kids[i], &next, open) == -1)
			return -1;
		conjoin(r, out, &next, flip);
	}
	return 0;
}

int
kcond_and(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)arg;
	return chain(r, n, out, 0);
}

int
kcond_or(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)arg;
	return chain(r, n, out, ~UINT64_C(0));
}

int
kcond_not(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)n;
	bits_not(eval_bits(r, out), arg[0].bits, r->n);
	return 0;
}

int
kcond_is_null(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *bits = eval_bits(r, out);

	(void)n;
	if (arg[0].valid == NULL)
		bits_fill(bits, false, r->n);
	else
		bits_not(bits, arg[0].valid, r->n);
	return 0;
}

int
kcond_is_not_null(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *bits = eval_bits(r, out);

	(void)n;
	if (arg[0].valid == NULL)
		bits_fill(bits, true, r->n);
	else
		bits_copy(bits, arg[0].valid, r->n);
	return 0;
}

/* A new bitmap of the rows that matter. */
static uint8_t *
live_rows(struct run *r)
{
	uint8_t *rows = eval_bitmap(r);

	if (r->active == NULL)
		bits_fill(rows, true, r->n);
	else
		bits_copy(rows, r->active, r->n);
	return rows;
}

/*
 * kids are condition, value, ..., else.  A value is computed with errors
 * counted only in the rows that take it, and not at all when there are none.
 */
int
kcond_case(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *left = live_rows(r), *take;
	struct kpick pick;
	struct col cond;

	(void)arg;
	kpick_begin(&pick, r, n, n->n_kids / 2 + 1);
	for (size_t i = 0; i + 1 < n->n_kids; i += 2) {
		if (bits_count(left, r->n) == 0)
			break;
		if (eval_masked(r, n->kids[i], &cond, left) == -1)
			return -1;
		take = eval_bitmap(r);
		bits_and(take, left, eval_true(r, &cond), r->n);
		bits_andnot(left, left, take, r->n);
		if (kpick_add(&pick, n->kids[i + 1], take) == -1)
			return -1;
	}
	if (kpick_add(&pick, n->kids[n->n_kids - 1], left) == -1)
		return -1;
	return kpick_done(&pick, out);
}

int
kcond_coalesce(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *left = live_rows(r), *take;
	struct kpick pick;
	struct col c;

	(void)arg;
	kpick_begin(&pick, r, n, n->n_kids);
	for (size_t i = 0; i < n->n_kids && bits_count(left, r->n) > 0; i++) {
		if (eval_masked(r, n->kids[i], &c, left) == -1)
			return -1;
		take = eval_bitmap(r);
		bits_copy(take, left, r->n);
		if (c.valid != NULL) {
			bits_and(take, left, c.valid, r->n);
			bits_andnot(left, left, c.valid, r->n);
		} else {
			bits_fill(left, false, r->n);
		}
		kpick_column(&pick, &c, take);
	}
	return kpick_done(&pick, out);
}

/* The second where the first is not null, else the third. */
int
kcond_nvl2(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *left = live_rows(r), *take = eval_bitmap(r);
	struct kpick pick;
	struct col c;

	(void)arg;
	if (eval_node(r, n->kids[0], &c) == -1)
		return -1;
	kpick_begin(&pick, r, n, 2);
	bits_copy(take, left, r->n);
	if (c.valid != NULL) {
		bits_and(take, left, c.valid, r->n);
		bits_andnot(left, left, c.valid, r->n);
	} else {
		bits_fill(left, false, r->n);
	}
	if (kpick_add(&pick, n->kids[1], take) == -1
	    || kpick_add(&pick, n->kids[2], left) == -1)
		return -1;
	return kpick_done(&pick, out);
}

/* arg[0], null where it equals arg[1]. */
int
kcond_nullif(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	struct col eq = {.type = TYPE_BOOL, .n = r->n, .n_entries = r->n};
	uint8_t *valid = eval_bitmap(r);
	kernel_fn *equal = type_is_bytes(n->type)  ? kcmp_eq_s
			   : n->type == TYPE_FLOAT ? kcmp_eq_f
			   : n->type == TYPE_BOOL  ? kcmp_eq_b
						   : kcmp_eq_i;

	if (equal(r, n, &eq, arg) == -1)
		return -1;
	bits_copy(valid, eq.bits, r->n);
	if (arg[1].valid != NULL)
		bits_and(valid, valid, arg[1].valid, r->n);
	bits_not(valid, valid, r->n);
	if (arg[0].valid != NULL)
		bits_and(valid, valid, arg[0].valid, r->n);
	*out = arg[0];
	out->valid = valid;
	return 0;
}

int
kcond_typeof(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const char *name = arg[0].type == 0 ? "null" : type_name(arg[0].type);

	KTEXT_MAKE(r, n, out, 8, { strout_put(&s, name, strlen(name)); });
}

/* Below 0, 0 or above as row of a is below, at or above that of b. */
static int
compare(const struct col *a, const struct col *b, uint32_t row)
{
	size_t a_len, b_len;
	const char *x, *y;
	int c;

	if (a->type == TYPE_FLOAT)
		return (a->f[row] > b->f[row]) - (a->f[row] < b->f[row]);
	if (type_is_wide(a->type))
		return (a->i[row] > b->i[row]) - (a->i[row] < b->i[row]);
	if (a->type == TYPE_BOOL)
		return (int)bit_get(a->bits, row) - (int)bit_get(b->bits, row);
	x = col_str(a, row, &a_len);
	y = col_str(b, row, &b_len);
	c = memcmp(x, y, a_len < b_len ? a_len : b_len);
	return c != 0 ? c : (a_len > b_len) - (a_len < b_len);
}

enum extreme { LEAST = -1, GREATEST = 1 };

/* The greatest or least of what is not null. */
static int
extreme(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, enum extreme which)
{
	struct kpick pick;
	uint8_t *take;

	kpick_begin(&pick, r, n, n->n_kids);
	for (size_t i = 0; i < n->n_kids; i++) {
		take = eval_bitmap(r);
		memset(take, 0, bits_words(r->n) * 8);
		for (uint32_t row = 0; row < r->n; row++) {
			const struct col *best = kpick_at(&pick, row);

			if (!col_is_valid(&arg[i], row))
				continue;
			if (best == NULL || !col_is_valid(best, row)
			    || compare(&arg[i], best, row) * (int)which > 0)
				bit_set(take, row);
		}
		kpick_column(&pick, &arg[i], take);
	}
	return kpick_done(&pick, out);
}

int
kcond_greatest(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return extreme(r, n, out, arg, GREATEST);
}

int
kcond_least(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return extreme(r, n, out, arg, LEAST);
}
