/* SPDX-License-Identifier: ISC */
/* min and max.  sreduce(1), AGGREGATES. */
#include <stdlib.h>
#include <string.h>

#include "agg/agg_int.h"
#include "agg/wide.h"

/*
 * The greatest of value ^ flip, plus 2^63 as unsigned so that 0 is below all;
 * flip is -1 for min, which turns the order around.
 */
struct extreme {
	uint64_t top;
	uint64_t seen; /* 0 or 1 */
};

static inline uint64_t
raise(int64_t v, int64_t flip)
{
	return (uint64_t)(v ^ flip) ^ (UINT64_C(1) << 63);
}

static inline int64_t
lower(uint64_t top, int64_t flip)
{
	return (int64_t)(top ^ (UINT64_C(1) << 63)) ^ flip;
}

#define INT_OF(c, row) ((c)->i[row])
#define FLOAT_OF(c, row) wide_order((c)->f[row])
#define KERNEL(name, value, flip)                                              \
	AGG_INLINE int name##_add(struct extreme *states,                      \
	    const struct agg_rows *r, const uint32_t *sel,                     \
	    const uint32_t *group, const struct col *c)                        \
	{                                                                      \
		for (uint32_t i = 0; i < r->n; i++) {                          \
			uint32_t row = AGG_ROW(sel, i);                        \
			struct extreme *s = &states[AGG_GROUP(r, group, row)]; \
			uint64_t v = raise(value(c, row), flip);               \
                                                                               \
			s->top = v > s->top ? v : s->top;                      \
			s->seen = 1;                                           \
		}                                                              \
		return 0;                                                      \
	}                                                                      \
	static int name##_update(void *states, const char **why,               \
	    const struct agg_rows *r, const struct col *c)                     \
	{                                                                      \
		(void)why;                                                     \
		return AGG_SHAPES(name##_add, states, r, c);                   \
	}

/* The NULL is sel, which AGG_ROW looks at. */
/* cppcheck-suppress ctunullpointer */
KERNEL(max_int, INT_OF, 0)
/* cppcheck-suppress ctunullpointer */
KERNEL(min_int, INT_OF, -1)
/* cppcheck-suppress ctunullpointer */
KERNEL(max_float, FLOAT_OF, 0)
/* cppcheck-suppress ctunullpointer */
KERNEL(min_float, FLOAT_OF, -1)

static int
merge(void *state, const char **why, const void *from)
{
	struct extreme *s = state;
	const struct extreme *f = from;

	(void)why;
	if (f->top > s->top)
		s->top = f->top;
	s->seen |= f->seen;
	return 0;
}

static void
save(struct buf *out, const void *state)
{
	const struct extreme *s = state;

	buf_put_int(out, s->seen, 1);
	buf_put_int(out, s->top, 8);
}

static int
load(void *state, struct cur *in)
{
	struct extreme f;

	f.seen = cur_get_int(in, 1);
	f.top = cur_get_int(in, 8);
	if (in->failed || f.seen > 1 || (f.seen == 0 && f.top != 0))
		return -1;
	return merge(state, NULL, &f);
}

const struct agg_kind extreme_max_int = {sizeof(struct extreme), 1,
    max_int_update, merge, save, load, NULL, 0, NULL, NULL, NULL};
const struct agg_kind extreme_min_int = {sizeof(struct extreme), 1,
    min_int_update, merge, save, load, NULL, 0, NULL, NULL, NULL};
const struct agg_kind extreme_max_float = {sizeof(struct extreme), 1,
    max_float_update, merge, save, load, NULL, 0, NULL, NULL, NULL};
const struct agg_kind extreme_min_float = {sizeof(struct extreme), 1,
    min_float_update, merge, save, load, NULL, 0, NULL, NULL, NULL};

static bool
is_min(const struct agg_fn *f)
{
	return f->kind == &extreme_min_int || f->kind == &extreme_min_float;
}

int
extreme_int_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct extreme *s = state;

	if (s->seen == 0)
		colbuf_push_null(out);
	else
		colbuf_push_int(out, lower(s->top, is_min(f) ? -1 : 0));
	return 0;
}

int
extreme_float_final(
    struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct extreme *s = state;

	if (s->seen == 0)
		colbuf_push_null(out);
	else
		colbuf_push_float(
		    out, wide_double(lower(s->top, is_min(f) ? -1 : 0)));
	return 0;
}

struct extreme_str {
	char *p; /* owned; NULL = nothing yet */
	uint32_t len;
	uint32_t cap;
};

/* Take v when it sorts before (sign -1) or behind (sign 1) what is there. */
static void
offer(struct extreme_str *s, const char *p, uint32_t len, int sign)
{
	int order;

	if (s->p != NULL) {
		uint32_t n = len < s->len ? len : s->len;

		order = n == 0 ? 0 : memcmp(p, s->p, n);
		if (order == 0)
			order = (len > s->len) - (len < s->len);
		if (order * sign <= 0)
			return;
	}
	if (s->p == NULL || len > s->cap) {
		free(s->p);
		s->p = mem_alloc(len);
		s->cap = len;
	}
	if (len > 0)
		memcpy(s->p, p, len);
	s->len = len;
}

static void
offer_rows(struct extreme_str *states, const struct agg_rows *r,
    const struct col *c, int sign)
{
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = AGG_ROW(r->sel, i);
		size_t len;
		const char *p = col_str(c, row, &len);

		offer(&states[AGG_GROUP(r, r->group, row)], p, (uint32_t)len,
		    sign);
	}
}

static int
max_str_update(void *states, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	(void)why;
	offer_rows(states, r, c, 1);
	return 0;
}

static int
min_str_update(void *states, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	(void)why;
	offer_rows(states, r, c, -1);
	return 0;
}

static int
max_str_merge(void *state, const char **why, const void *from)
{
	const struct extreme_str *f = from;

	(void)why;
	if (f->p != NULL)
		offer(state, f->p, f->len, 1);
	return 0;
}

static int
min_str_merge(void *state, const char **why, const void *from)
{
	const struct extreme_str *f = from;

	(void)why;
	if (f->p != NULL)
		offer(state, f->p, f->len, -1);
	return 0;
}

static void
str_save(struct buf *out, const void *state)
{
	const struct extreme_str *s = state;

	buf_put_int(out, s->p != NULL, 1);
	if (s->p != NULL)
		buf_put_str(out, s->p, s->len);
}

static int
str_load(struct extreme_str *s, struct cur *in, int sign)
{
	uint64_t seen = cur_get_int(in, 1);
	const char *p;
	size_t len;

	if (in->failed || seen > 1)
		return -1;
	if (seen == 0)
		return 0;
	p = cur_get_str(in, &len, COL_MAX_BYTES);
	if (p == NULL)
		return -1;
	offer(s, p, (uint32_t)len, sign);
	return 0;
}

static int
max_str_load(void *state, struct cur *in)
{
	return str_load(state, in, 1);
}

static int
min_str_load(void *state, struct cur *in)
{
	return str_load(state, in, -1);
}

static void
str_release(void *state)
{
	free(((struct extreme_str *)state)->p);
}

int
extreme_str_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	const struct extreme_str *s = state;

	(void)f;
	if (s->p == NULL)
		colbuf_push_null(out);
	else
		colbuf_push_str(out, s->p, s->len);
	return 0;
}

static size_t
str_owned(const void *state)
{
	return ((const struct extreme_str *)state)->cap;
}

const struct agg_kind extreme_max_str = {sizeof(struct extreme_str), 1,
    max_str_update, max_str_merge, str_save, max_str_load, str_release, 0, NULL,
    str_owned, NULL};
const struct agg_kind extreme_min_str = {sizeof(struct extreme_str), 1,
    min_str_update, min_str_merge, str_save, min_str_load, str_release, 0, NULL,
    str_owned, NULL};
