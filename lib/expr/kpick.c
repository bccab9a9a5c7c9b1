/* SPDX-License-Identifier: ISC */
/* A column whose rows come from several others. */
#include "expr/kpick.h"

#include <string.h>

void
kpick_begin(struct kpick *p, struct run *r, const struct node *n, size_t max)
{
	*p = (struct kpick){.r = r, .n = n};
	p->cols = arena_alloc(r->a, max * sizeof(*p->cols));
	p->from = arena_alloc(r->a, (size_t)r->n * sizeof(*p->from));
	memset(p->from, 0xff, (size_t)r->n * sizeof(*p->from));
}

void
kpick_column(struct kpick *p, const struct col *c, const uint8_t *take)
{
	struct col *to = &p->cols[p->n_cols];
	uint32_t n = p->r->n;

	*to = *c;
	if (!type_is_bytes(c->type) && c->enc != COL_CONST)
		eval_plain(p->r, to);
	for (size_t w = 0; w < bits_words(n); w++) {
		for (uint64_t v = bits_get(take, w, n); v != 0; v &= v - 1)
			p->from[w * 64 + (size_t)__builtin_ctzll(v)] =
			    (uint32_t)p->n_cols;
	}
	p->n_cols++;
}

int
kpick_add(struct kpick *p, const struct node *value, const uint8_t *take)
{
	struct col c;

	if (bits_count(take, p->r->n) == 0)
		return 0;
	if (eval_masked(p->r, value, &c, take) == -1)
		return -1;
	kpick_column(p, &c, take);
	return 0;
}

static void
set_nulls(struct kpick *p, struct col *out)
{
	const struct col *c;
	uint8_t *valid = eval_bitmap(p->r);
	bool nulls = false;

	memset(valid, 0, bits_words(p->r->n) * 8);
	for (uint32_t row = 0; row < p->r->n; row++) {
		c = kpick_at(p, row);
		if (c != NULL && col_is_valid(c, row))
			bit_set(valid, row);
		else
			nulls = true;
	}
	out->valid = nulls ? valid : NULL;
}

static int
pick_text(struct kpick *p, struct col *out)
{
	struct strout s;
	const char *text;
	size_t len;

	strout_begin(&s, p->r, p->n, out, (size_t)p->r->n * 16);
	for (uint32_t row = 0; row < p->r->n; row++) {
		if (out->valid == NULL || bit_get(out->valid, row)) {
			text = col_str(kpick_at(p, row), row, &len);
			strout_put(&s, text, len);
		}
		strout_row(&s);
	}
	return strout_done(&s);
}

static void
pick_wide(struct kpick *p, struct col *out)
{
	int64_t *o = eval_ints(p->r, out);
	const struct col *c;

	/* float shares the width: its bits are moved as they are. */
	for (uint32_t row = 0; row < p->r->n; row++) {
		c = kpick_at(p, row);
		o[row] = 0;
		if (c != NULL)
			memcpy(&o[row], c->i + eval_at(c, row), sizeof(*o));
	}
}

static void
pick_bits(struct kpick *p, struct col *out)
{
	uint8_t *bits = eval_bits(p->r, out);
	const struct col *c;

	memset(bits, 0, bits_words(p->r->n) * 8);
	for (uint32_t row = 0; row < p->r->n; row++) {
		c = kpick_at(p, row);
		if (c != NULL && bit_get(c->bits, eval_at(c, row)))
			bit_set(bits, row);
	}
}

int
kpick_done(struct kpick *p, struct col *out)
{
	eval_begin(p->r, p->n, out);
	set_nulls(p, out);
	if (type_is_bytes(p->n->type))
		return pick_text(p, out);
	if (p->n->type == TYPE_BOOL)
		pick_bits(p, out);
	else
		pick_wide(p, out);
	return 0;
}
