/* SPDX-License-Identifier: ISC */
/* Kernels of & | ^ ~ << >> and bit_count.  millrace-expr(7). */
#include "expr/kernels.h"
#include "expr/kwide.h"

#define BITS_2(NAME, EXPR)                                                     \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		int64_t *o = eval_ints(r, out);                                \
                                                                               \
		(void)n;                                                       \
		KWIDE_2(r, int64_t, arg[0].i, arg[1].i, { o[row] = EXPR; });   \
		return 0;                                                      \
	}

BITS_2(kbit_and, x &y)
BITS_2(kbit_or, x | y)
BITS_2(kbit_xor, x ^ y)

/* A shift; there is none by less than 0 or more than 63 bits. */
#define SHIFT(NAME, EXPR)                                                      \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		int64_t *o = eval_ints(r, out);                                \
                                                                               \
		(void)n;                                                       \
		KWIDE_2(r, int64_t, arg[0].i, arg[1].i, {                      \
			bool outside = y < 0 || y > 63;                        \
                                                                               \
			o[row] = outside ? 0 : EXPR;                           \
			if (outside)                                           \
				eval_null(r, out, (uint32_t)row);              \
		});                                                            \
		return 0;                                                      \
	}

SHIFT(kbit_left, (int64_t)((uint64_t)x << y))
/* The sign moves in: gcc and clang shift negative numbers so. */
SHIFT(kbit_right, x >> y)
SHIFT(kbit_right_unsigned, (int64_t)((uint64_t)x >> y))

int
kbit_not(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	(void)n;
	for (size_t row = 0; row < r->n; row++)
		o[row] = ~arg[0].i[row];
	return 0;
}

int
kbit_count(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	(void)n;
	for (size_t row = 0; row < r->n; row++)
		o[row] = __builtin_popcountll((uint64_t)arg[0].i[row]);
	return 0;
}
