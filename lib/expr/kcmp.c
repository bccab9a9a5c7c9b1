/* SPDX-License-Identifier: ISC */
/* Kernels of = <> < <= > >= and between: 64 rows at a time into a word. */
#include <string.h>

#include "expr/kernels.h"
#include "expr/kwide.h"

/* Fill word after word; EXPR sees the row number in row. */
#define FILL_WORDS(n_rows, bits, EXPR)                                         \
	do {                                                                   \
		for (size_t from = 0; from < (n_rows); from += 64) {           \
			size_t m = (n_rows)-from < 64 ? (n_rows)-from : 64;    \
			uint64_t word = 0;                                     \
			for (size_t k = 0; k < m; k++) {                       \
				const size_t row = from + k;                   \
				word |= (uint64_t)(EXPR) << k;                 \
			}                                                      \
			bits_put((bits), from / 64, word);                     \
		}                                                              \
	} while (0)

/* A comparison of two wide columns, one of which may be constant. */
#define WIDE_COMPARE(NAME, T, MEMBER, OP)                                      \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		const T *a = arg[0].MEMBER, *b = arg[1].MEMBER;                \
		uint8_t *bits = eval_bits(r, out);                             \
		const size_t n_rows = r->n;                                    \
                                                                               \
		(void)n;                                                       \
		if (arg[1].enc == COL_CONST) {                                 \
			const T y = b[0];                                      \
			FILL_WORDS(n_rows, bits, a[row] OP y);                 \
		} else if (arg[0].enc == COL_CONST) {                          \
			const T x = a[0];                                      \
			FILL_WORDS(n_rows, bits, x OP b[row]);                 \
		} else {                                                       \
			FILL_WORDS(n_rows, bits, a[row] OP b[row]);            \
		}                                                              \
		return 0;                                                      \
	}

WIDE_COMPARE(kcmp_eq_i, int64_t, i, ==)
WIDE_COMPARE(kcmp_ne_i, int64_t, i, !=)
WIDE_COMPARE(kcmp_lt_i, int64_t, i, <)
WIDE_COMPARE(kcmp_le_i, int64_t, i, <=)
WIDE_COMPARE(kcmp_gt_i, int64_t, i, >)
WIDE_COMPARE(kcmp_ge_i, int64_t, i, >=)
WIDE_COMPARE(kcmp_eq_f, double, f, ==)
WIDE_COMPARE(kcmp_ne_f, double, f, !=)
WIDE_COMPARE(kcmp_lt_f, double, f, <)
WIDE_COMPARE(kcmp_le_f, double, f, <=)
WIDE_COMPARE(kcmp_gt_f, double, f, >)
WIDE_COMPARE(kcmp_ge_f, double, f, >=)

/*
 * An int and a float, as exactly as both are: (double)a may be rounded, but
 * never to the other side of b, so that only what is equal to b needs a second
 * look.  2^63 is the least float beyond the ints.
 */
static inline bool
same_number(int64_t a, double b)
{
	return (double)a == b && b < 0x1p63 && a == (int64_t)b;
}

static inline bool
below(int64_t a, double b)
{
	double x = (double)a;

	return x < b || (x == b && (b >= 0x1p63 || a < (int64_t)b));
}

static inline bool
above(int64_t a, double b)
{
	double x = (double)a;

	return x > b || (x == b && b < 0x1p63 && a > (int64_t)b);
}

/* A comparison of arg[INT] and arg[FLOAT]. */
#define MIXED_COMPARE(NAME, INT, FLOAT, EXPR)                                  \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		const size_t a_step = arg[INT].enc != COL_CONST;               \
		const size_t b_step = arg[FLOAT].enc != COL_CONST;             \
		uint8_t *bits = eval_bits(r, out);                             \
                                                                               \
		(void)n;                                                       \
		FILL_WORDS(r->n, bits,                                         \
		    EXPR(arg[INT].i[row * a_step],                             \
			arg[FLOAT].f[row * b_step]));                          \
		return 0;                                                      \
	}

#define DIFFER(a, b) !same_number(a, b)
#define AT_MOST(a, b) (below(a, b) || same_number(a, b))
#define AT_LEAST(a, b) (above(a, b) || same_number(a, b))

MIXED_COMPARE(kcmp_eq_if, 0, 1, same_number)
MIXED_COMPARE(kcmp_ne_if, 0, 1, DIFFER)
MIXED_COMPARE(kcmp_lt_if, 0, 1, below)
MIXED_COMPARE(kcmp_le_if, 0, 1, AT_MOST)
MIXED_COMPARE(kcmp_gt_if, 0, 1, above)
MIXED_COMPARE(kcmp_ge_if, 0, 1, AT_LEAST)
MIXED_COMPARE(kcmp_eq_fi, 1, 0, same_number)
MIXED_COMPARE(kcmp_ne_fi, 1, 0, DIFFER)
MIXED_COMPARE(kcmp_lt_fi, 1, 0, above)
MIXED_COMPARE(kcmp_le_fi, 1, 0, AT_LEAST)
MIXED_COMPARE(kcmp_gt_fi, 1, 0, below)
MIXED_COMPARE(kcmp_ge_fi, 1, 0, AT_MOST)

/* Whether row of a is at most that of b, whichever are floats. */
static bool
ordered(const struct col *a, const struct col *b, size_t row)
{
	size_t i = eval_at(a, row), k = eval_at(b, row);

	if (a->type == TYPE_INT)
		return b->type == TYPE_INT ? a->i[i] <= b->i[k]
					   : AT_MOST(a->i[i], b->f[k]);
	return b->type == TYPE_INT ? AT_LEAST(b->i[k], a->f[i])
				   : a->f[i] <= b->f[k];
}

int
kcmp_between_n(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *bits = eval_bits(r, out);

	(void)n;
	FILL_WORDS(r->n, bits,
	    ordered(&arg[1], &arg[0], row) && ordered(&arg[0], &arg[2], row));
	return 0;
}

/* Bytewise order; a prefix comes first. */
static int
order(const struct col *a, const struct col *b, size_t row)
{
	size_t a_len, b_len;
	const char *x = col_str(a, (uint32_t)row, &a_len);
	const char *y = col_str(b, (uint32_t)row, &b_len);
	int c = memcmp(x, y, a_len < b_len ? a_len : b_len);

	return c != 0 ? c : (a_len > b_len) - (a_len < b_len);
}

static bool
same(const struct col *a, const struct col *b, size_t row)
{
	size_t a_len, b_len;
	const char *x = col_str(a, (uint32_t)row, &a_len);
	const char *y = col_str(b, (uint32_t)row, &b_len);

	return a_len == b_len && memcmp(x, y, a_len) == 0;
}

#define TEXT_COMPARE(NAME, EXPR)                                               \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		uint8_t *bits = eval_bits(r, out);                             \
                                                                               \
		(void)n;                                                       \
		FILL_WORDS(r->n, bits, EXPR);                                  \
		return 0;                                                      \
	}

TEXT_COMPARE(kcmp_eq_s, same(&arg[0], &arg[1], row))
TEXT_COMPARE(kcmp_ne_s, !same(&arg[0], &arg[1], row))
TEXT_COMPARE(kcmp_lt_s, order(&arg[0], &arg[1], row) < 0)
TEXT_COMPARE(kcmp_le_s, order(&arg[0], &arg[1], row) <= 0)
TEXT_COMPARE(kcmp_gt_s, order(&arg[0], &arg[1], row) > 0)
TEXT_COMPARE(kcmp_ge_s, order(&arg[0], &arg[1], row) >= 0)
TEXT_COMPARE(kcmp_between_s,
    order(&arg[0], &arg[1], row) >= 0 && order(&arg[0], &arg[2], row) <= 0)

/* Bools by words: false is below true. */
#define BOOL_COMPARE(NAME, EXPR)                                               \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		uint8_t *bits = eval_bits(r, out);                             \
                                                                               \
		(void)n;                                                       \
		for (size_t w = 0; w < bits_words(r->n); w++) {                \
			uint64_t a = bits_get(arg[0].bits, w, r->n);           \
			uint64_t b = bits_get(arg[1].bits, w, r->n);           \
			bits_put(bits, w, EXPR);                               \
		}                                                              \
		bits_copy(bits, bits, r->n);                                   \
		return 0;                                                      \
	}

BOOL_COMPARE(kcmp_eq_b, ~(a ^ b))
BOOL_COMPARE(kcmp_ne_b, a ^ b)
BOOL_COMPARE(kcmp_lt_b, ~a &b)
BOOL_COMPARE(kcmp_le_b, ~a | b)
BOOL_COMPARE(kcmp_gt_b, a & ~b)
BOOL_COMPARE(kcmp_ge_b, a | ~b)

#define WIDE_BETWEEN(NAME, T, MEMBER)                                          \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		const T *x = arg[0].MEMBER;                                    \
		const T *lo = arg[1].MEMBER, *hi = arg[2].MEMBER;              \
		uint8_t *bits = eval_bits(r, out);                             \
                                                                               \
		(void)n;                                                       \
		FILL_WORDS(r->n, bits,                                         \
		    x[eval_at(&arg[0], row)] >= lo[eval_at(&arg[1], row)]      \
			&& x[eval_at(&arg[0], row)]                            \
			       <= hi[eval_at(&arg[2], row)]);                  \
		return 0;                                                      \
	}

WIDE_BETWEEN(kcmp_between_i, int64_t, i)
WIDE_BETWEEN(kcmp_between_f, double, f)
