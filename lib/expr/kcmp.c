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
