/* SPDX-License-Identifier: ISC */
/* Kernels of in: a sorted set when the list is constant. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "expr/kernels.h"
#include "expr/ktext.h"
#include "expr/kwide.h"

/* The constants of a list, ascending; only the array of their type is set. */
struct set {
	size_t n;
	bool has_null; /* then no match is null, not false */
	int64_t *i;
	double *f;
	struct ktext *s;
};

static int
order_i(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int
order_f(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Shorter first: the order serves the search alone. */
static int
order_s(const void *a, const void *b)
{
	const struct ktext *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->p, y->p, x->len);
}

/*
 * The number k as one of the other type.  Returns false when there is none
 * that is exactly equal, so that no value of that type can match.  NaN equals
 * nothing and would spoil the order.
 */
static bool
as_number(int64_t *i, double *f, const struct node *k)
{
	if (k->type == TYPE_FLOAT) {
		*f = k->lit.f[0];
		if (!kwide_fits(*f) || trunc(*f) != *f)
			*i = 0;
		else
			*i = (int64_t)*f;
		return !isnan(*f);
	}
	*i = k->lit.i[0];
	*f = (double)*i;
	return kwide_fits(*f) && (int64_t)*f == *i;
}

static void
add_constant(struct set *set, const struct node *k, enum type type)
{
	int64_t i;
	double f;
	bool exact;

	if (k->is_null) {
		set->has_null = true;
		return;
	}
	if (type == TYPE_STR) {
		set->s[set->n].p = k->lit.bytes;
		set->s[set->n++].len = k->lit.off[1];
		return;
	}
	if (k->type != TYPE_FLOAT && type != TYPE_FLOAT) {
		set->i[set->n++] = k->lit.i[0];
		return;
	}
	exact = as_number(&i, &f, k);
	if (type == TYPE_FLOAT && exact)
		set->f[set->n++] = f;
	else if (type == TYPE_INT && exact && (double)i == f)
		set->i[set->n++] = i;
}

static void
sort(struct set *set, enum type type)
{
	if (type == TYPE_STR)
		qsort(set->s, set->n, sizeof(*set->s), order_s);
	else if (type == TYPE_FLOAT)
		qsort(set->f, set->n, sizeof(*set->f), order_f);
	else
		qsort(set->i, set->n, sizeof(*set->i), order_i);
}

static void
set_free(void *aux)
{
	struct set *set = aux;

	free(set->i);
	free(set->f);
	free(set->s);
	free(set);
}

int
kin_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	struct set *set;

	(void)u;
	(void)err;
	if (n->kids[0]->type == TYPE_BOOL)
		return 0;
	for (size_t i = 1; i < n->n_kids; i++) {
		if (n->kids[i]->kind != NODE_LIT)
			return 0;
	}
	set = mem_zero(1, sizeof(*set));
	set->i = mem_zero(n->n_kids, sizeof(*set->i));
	set->f = mem_zero(n->n_kids, sizeof(*set->f));
	set->s = mem_zero(n->n_kids, sizeof(*set->s));
	for (size_t i = 1; i < n->n_kids; i++)
		add_constant(set, n->kids[i], n->kids[0]->type);
	sort(set, n->kids[0]->type);
	n->aux = set;
	n->aux_free = set_free;
	return 0;
}

static kernel_fn *
equal_of(enum type a, enum type b)
{
	if (a != b)
		return a == TYPE_INT ? kcmp_eq_if : kcmp_eq_fi;
	switch (a) {
	case TYPE_STR:
		return kcmp_eq_s;
	case TYPE_FLOAT:
		return kcmp_eq_f;
	case TYPE_BOOL:
		return kcmp_eq_b;
	default:
		return kcmp_eq_i;
	}
}

/* The list holds columns: equal to any of them, as or would do it. */
static void
any_equal(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *bits = eval_bits(r, out), *valid = eval_bitmap(r);
	struct col pair[2], eq;

	memset(bits, 0, bits_words(r->n) * 8);
	bits_fill(valid, true, r->n);
	/* Of two that are compared, no text, one may be constant, not both. */
	pair[0] = arg[0];
	if (!type_is_bytes(arg[0].type))
		eval_plain(r, &pair[0]);
	for (size_t i = 1; i < n->n_kids; i++) {
		pair[1] = arg[i];
		eval_begin(r, n, &eq);
		equal_of(pair[0].type, pair[1].type)(r, n, &eq, pair);
		for (size_t w = 0; w < bits_words(r->n); w++) {
			uint64_t v = bits_get(eq.bits, w, r->n),
				 known = ~UINT64_C(0);

			if (arg[i].valid != NULL)
				known = bits_get(arg[i].valid, w, r->n);
			bits_put(
			    bits, w, bits_get(bits, w, r->n) | (v & known));
			bits_put(valid, w, bits_get(valid, w, r->n) & known);
		}
	}
	for (size_t w = 0; w < bits_words(r->n); w++) {
		uint64_t known =
		    bits_get(valid, w, r->n) | bits_get(bits, w, r->n);

		if (arg[0].valid != NULL)
			known &= bits_get(arg[0].valid, w, r->n);
		bits_put(valid, w, known);
	}
	out->valid = valid;
}

/* The nulls of x in (constants). */
static void
set_nulls(struct run *r, struct col *out, const struct col *arg,
    const struct set *set)
{
	uint8_t *valid;

	out->valid = arg[0].valid;
	if (!set->has_null)
		return;
	valid = eval_bitmap(r);
	bits_copy(valid, out->bits, r->n);
	if (arg[0].valid != NULL)
		bits_and(valid, valid, arg[0].valid, r->n);
	out->valid = valid;
}

/* Search for a key in the set; set bits where it is there. */
#define SEARCH(KEY, ARRAY, ORDER)                                              \
	do {                                                                   \
		uint8_t *bits = eval_bits(r, out);                             \
		memset(bits, 0, bits_words(r->n) * 8);                         \
		for (uint32_t row = 0; row < r->n; row++) {                    \
			KEY;                                                   \
			if (bsearch(&key, ARRAY, set->n, sizeof(key), ORDER)   \
			    != NULL)                                           \
				bit_set(bits, row);                            \
		}                                                              \
		set_nulls(r, out, arg, set);                                   \
	} while (0)

int
kin_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct set *set = n->aux;

	if (set == NULL)
		any_equal(r, n, out, arg);
	else
		SEARCH(int64_t key = arg[0].i[eval_at(&arg[0], row)], set->i,
		    order_i);
	return 0;
}

int
kin_f(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct set *set = n->aux;

	if (set == NULL)
		any_equal(r, n, out, arg);
	else
		SEARCH(double key = arg[0].f[eval_at(&arg[0], row)], set->f,
		    order_f);
	return 0;
}

int
kin_s(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct set *set = n->aux;

	if (set == NULL)
		any_equal(r, n, out, arg);
	else
		SEARCH(
		    struct ktext key = ktext_at(&arg[0], row), set->s, order_s);
	return 0;
}

int
kin_b(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	any_equal(r, n, out, arg);
	return 0;
}
