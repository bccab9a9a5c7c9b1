/* SPDX-License-Identifier: ISC */
/* Columns out of the row numbers of both sides. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "join/plan.h"

/* The row numbers of one side, made fit for col_gather. */
struct side {
	const struct batch *b; /* NULL: every cell is null */
	const uint32_t *sel; /* none is PLAN_NONE; NULL = row i */
	const uint8_t *present; /* bit i: row i is there; NULL = all */
	uint32_t n;
};

static int
cast_col(struct col *out, struct expr_error *err, struct expr *cast,
    const struct col *in, struct arena *a, struct expr_env *env)
{
	struct col own = *in;
	struct batch one = {.cols = &own, .n_cols = 1, .n_rows = in->n};

	return expr_eval(cast, out, err, a, env, &one);
}

int
plan_keys(const struct plan *p, struct col *keys, struct expr_error *err,
    enum plan_side side, const struct batch *b, struct arena *a,
    struct expr_env *env)
{
	for (size_t i = 0; i < p->n_keys; i++) {
		const struct plan_key *k = &p->keys[i];
		const struct col *c = &b->cols[k->col[side]];

		if (k->cast[side] == NULL)
			keys[i] = *c;
		else if (cast_col(&keys[i], err, k->cast[side], c, a, env)
			 == -1)
			return -1;
	}
	return 0;
}

uint32_t
plan_whole(
    uint32_t *sel, const struct col *keys, size_t n_keys, uint32_t n_rows)
{
	uint32_t n = 0;

	for (uint32_t r = 0; r < n_rows; r++) {
		bool whole = true;

		for (size_t i = 0; i < n_keys; i++)
			whole &= col_is_valid(&keys[i], r);
		sel[n] = r;
		n += whole;
	}
	return n;
}

/* Give numbers to rows that are not there: their cells are hidden. */
static void
make_side(struct side *s, const struct batch *b, const uint32_t *sel,
    uint32_t n, struct arena *a)
{
	uint8_t *present;
	uint32_t *own, n_none = 0;

	*s = (struct side){.b = b, .sel = sel, .n = n};
	for (uint32_t i = 0; b != NULL && sel != NULL && i < n; i++)
		n_none += sel[i] == PLAN_NONE;
	if (n_none == n && n > 0)
		s->b = NULL;
	if (s->b == NULL || n_none == 0)
		return;
	own = arena_alloc(a, n * sizeof(*own));
	present = arena_alloc(a, bit_bytes(n));
	memset(present, 0, bit_bytes(n));
	for (uint32_t i = 0; i < n; i++) {
		bool is = sel[i] != PLAN_NONE;

		own[i] = is ? sel[i] : 0;
		present[i >> 3] |= (uint8_t)(is << (i & 7));
	}
	s->sel = own;
	s->present = present;
}

static void
hide(struct col *c, const uint8_t *present, struct arena *a)
{
	uint8_t *valid;

	if (c->valid == NULL) {
		c->valid = present;
		return;
	}
	valid = arena_dup(a, c->valid, bit_bytes(c->n));
	for (size_t i = 0; i < bit_bytes(c->n); i++)
		valid[i] &= present[i];
	c->valid = valid;
}

static void
gather(struct col *out, const struct side *s, const struct col *in,
    struct arena *a)
{
	struct col c;

	if (s->sel == NULL) {
		*out = *in;
		return;
	}
	col_gather(out, a, in, s->sel, s->n);
	if (s->present != NULL)
		hide(out, s->present, a);
	/* A dictionary for fewer rows than it has entries is not worth it. */
	if (out->enc == COL_DICT && out->n < out->n_entries) {
		c = *out;
		col_flatten(out, a, &c);
	}
}

/* Cells of the right one where there is no left row. */
static void
mix(struct col *out, const struct side *l, const struct col *left,
    const struct col *right, struct arena *a)
{
	struct colbuf b;
	struct col view;
	size_t heap;

	colbuf_init(&b, left->type);
	for (uint32_t i = 0; i < l->n; i++)
		colbuf_push_cell(&b, bit_get(l->present, i) ? left : right, i);
	colbuf_view(&view, &b);
	*out = view;
	if (view.valid != NULL)
		out->valid = arena_dup(a, view.valid, bit_bytes(view.n));
	if (type_is_bytes(view.type)) {
		heap = view.n == 0 ? 0 : view.off[view.n];
		out->off = arena_dup(
		    a, view.off, ((size_t)view.n + 1) * sizeof(*view.off));
		out->bytes = arena_dup(a, view.bytes, heap);
	} else if (view.type == TYPE_BOOL) {
		out->bits = arena_dup(a, view.bits, bit_bytes(view.n));
	} else {
		out->i = arena_dup(a, view.i, view.n * sizeof(*view.i));
	}
	colbuf_release(&b);
}

/* A column that both sides have. */
static int
share(struct col *out, struct expr_error *err, const struct plan_out *o,
    const struct side *l, const struct side *r, struct arena *a)
{
	struct expr_env env = {.batch_us = 0}; /* counted as keys already */
	struct col left, right;

	if (l->b != NULL && l->present == NULL) {
		gather(out, l, &l->b->cols[o->left], a);
		return 0;
	}
	gather(&right, r, &r->b->cols[o->right], a);
	if (o->cast != NULL
	    && cast_col(&right, err, o->cast, &right, a, &env) == -1)
		return -1;
	if (l->b == NULL) {
		*out = right;
		return 0;
	}
	gather(&left, l, &l->b->cols[o->left], a);
	mix(out, l, &left, &right, a);
	return 0;
}

int
plan_gather(const struct plan *p, struct batch *out, struct expr_error *err,
    const struct plan_rows *rows)
{
	struct arena *a = &out->arena;
	struct side l, r;

	batch_reset(out, p->n_outs);
	out->n_rows = rows->n;
	make_side(&l, rows->left, rows->l, rows->n, a);
	make_side(&r, rows->right, rows->r, rows->n, a);
	for (size_t i = 0; i < p->n_outs; i++) {
		const struct plan_out *o = &p->outs[i];
		struct col *c = &out->cols[i];

		if (o->left != -1 && l.b != NULL
		    && (o->right == -1 || r.b == NULL))
			gather(c, &l, &l.b->cols[o->left], a);
		else if (o->right == -1 || r.b == NULL)
			col_const_null(c, o->type, rows->n);
		else if (o->left == -1)
			gather(c, &r, &r.b->cols[o->right], a);
		else if (share(c, err, o, &l, &r, a) == -1)
			return -1;
	}
	return 0;
}

/* Bytes of text in entries from..to of c. */
static size_t
text_len(const struct col *c, uint32_t from, uint32_t to)
{
	return type_is_bytes(c->type) ? c->off[to] - c->off[from] : 0;
}

/* The most bytes of text that a row of one side shows. */
static size_t
widest(const struct plan *p, enum plan_side side, const struct batch *b)
{
	size_t sum = 0;

	for (size_t i = 0; b != NULL && i < p->n_outs; i++) {
		const struct plan_out *o = &p->outs[i];
		int at = side == PLAN_L ? o->left : o->right;
		const struct col *c = at == -1 ? NULL : &b->cols[at];
		uint32_t max = 0, len;

		if (c == NULL || !type_is_bytes(c->type))
			continue;
		for (uint32_t e = 0; e < c->n_entries; e++) {
			len = c->off[e + 1] - c->off[e];
			max = len > max ? len : max;
		}
		sum += max;
	}
	return sum;
}

size_t
plan_width(const struct plan *p, enum plan_side side, const struct batch *b)
{
	/* A number in a column of text is shown with so many bytes at most. */
	return widest(p, side, b) + p->n_outs * NUM_TEXT_MAX;
}

/* Bytes of row r of one side. */
static size_t
row_len(const struct plan *p, enum plan_side side, const struct batch *b,
    uint32_t r)
{
	size_t sum = 0;

	for (size_t i = 0; b != NULL && r != PLAN_NONE && i < p->n_outs; i++) {
		const struct plan_out *o = &p->outs[i];
		int at = side == PLAN_L ? o->left : o->right;
		uint32_t e;

		if (at == -1)
			continue;
		e = col_entry(&b->cols[at], r);
		sum += text_len(&b->cols[at], e, e + 1);
	}
	return sum;
}

uint32_t
plan_fit(const struct plan *p, const struct plan_rows *rows, size_t right_width,
    size_t max)
{
	size_t fixed = p->n_outs * NUM_TEXT_MAX, sum = 0;
	uint32_t i;

	if ((widest(p, PLAN_L, rows->left) + right_width + fixed) * rows->n
	    <= max)
		return rows->n;
	for (i = 0; i < rows->n && (i == 0 || sum <= max); i++)
		sum += fixed
		       + row_len(p, PLAN_L, rows->left,
			   rows->l == NULL ? i : rows->l[i])
		       + row_len(p, PLAN_R, rows->right,
			   rows->r == NULL ? i : rows->r[i]);
	return i > 1 && sum > max ? i - 1 : i;
}
