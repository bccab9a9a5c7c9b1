/* SPDX-License-Identifier: ISC */
/* Sets of states: grown, fed with rows, merged, read out, saved. */
#include "agg/agg.h"

#include <stdlib.h>
#include <string.h>

#include "agg/agg_int.h"

#define MIN_STATES 16

void
agg_set_init(struct agg_set *s, const struct agg_fn *fn)
{
	*s = (struct agg_set){.fn = fn};
}

size_t
agg_size(const struct agg_fn *f)
{
	return f->kind->size;
}

bool
agg_owns(const struct agg_fn *f)
{
	return f->kind->owned != NULL;
}

size_t
agg_owned(const struct agg_set *s, uint32_t g)
{
	return s->fn->kind->owned(s->states + g * s->fn->kind->size);
}

void
agg_set_reset(struct agg_set *s)
{
	const struct agg_kind *k = s->fn->kind;

	for (uint32_t g = 0; k->release != NULL && g < s->n; g++)
		k->release(s->states + g * k->size);
	s->n = 0;
}

void
agg_set_release(struct agg_set *s)
{
	agg_set_reset(s);
	free(s->states);
	s->states = NULL;
	s->cap = 0;
}

void
agg_set_grow(struct agg_set *s, uint32_t n)
{
	size_t size = s->fn->kind->size;

	if (n <= s->n)
		return;
	if (n > s->cap)
		s->states = mem_grow(
		    s->states, &s->cap, n < MIN_STATES ? MIN_STATES : n, size);
	memset(s->states + s->n * size, 0, (n - s->n) * size);
	s->n = n;
}

/* The selected rows where c has no null, into r. */
static void
drop_nulls(struct agg_rows *r, const struct col *c)
{
	uint32_t *sel = arena_alloc(r->arena, r->n * sizeof(*sel));
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = AGG_ROW(r->sel, i);

		sel[n] = row;
		n += bit_get(c->valid, row);
	}
	r->sel = sel;
	r->n = n;
}

/* Whether a null in column i keeps a row out. */
static bool
wants_value(const struct agg_kind *k, size_t i)
{
	return (k->flags & AGG_NULL_ANY) == 0
	       && (i > 0 || (k->flags & AGG_NULL_FIRST) == 0);
}

/* The same columns, plain where their types have 8 bytes. */
static const struct col *
make_plain(struct arena *a, const struct col *c, size_t n)
{
	struct col *plain;
	size_t i;

	for (i = 0; i < n; i++) {
		if (type_is_wide(c[i].type) && c[i].enc != COL_PLAIN)
			break;
	}
	if (i == n)
		return c;
	plain = arena_dup(a, c, n * sizeof(*c));
	for (; i < n; i++) {
		if (type_is_wide(c[i].type) && c[i].enc != COL_PLAIN)
			col_flatten(&plain[i], a, &c[i]);
	}
	return plain;
}

int
agg_update(struct agg_set *s, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	const struct agg_kind *k = s->fn->kind;
	struct agg_rows rows = *r;

	rows.fn = s->fn;
	for (size_t i = 0; c != NULL && i < s->fn->n_cols; i++) {
		if (c[i].valid != NULL && wants_value(k, i))
			drop_nulls(&rows, &c[i]);
	}
	if (rows.n == 0)
		return 0;
	if (c != NULL)
		c = make_plain(r->arena, c, s->fn->n_cols);
	return k->update(s->states, why, &rows, c);
}

int
agg_merge(struct agg_set *s, const char **why, const struct agg_set *from,
    const uint32_t *to_group)
{
	const struct agg_kind *k = s->fn->kind;

	for (uint32_t g = 0; g < from->n; g++) {
		if (k->merge(s->states + to_group[g] * k->size, why,
			from->states + g * k->size)
		    == -1)
			return -1;
	}
	return 0;
}

int
agg_one(struct agg_set *s, const char **why, const struct agg_rows *r,
    const struct col *c, uint32_t row)
{
	const struct agg_kind *k = s->fn->kind;
	struct agg_rows rows = *r;

	for (size_t i = 0; c != NULL && i < s->fn->n_cols; i++) {
		if (!col_is_valid(&c[i], row) && wants_value(k, i))
			return 0;
	}
	rows.fn = s->fn;
	rows.n = 1;
	rows.sel = &row;
	rows.group = NULL;
	return k->update(s->states, why, &rows, c);
}

int
agg_merge_one(struct agg_set *s, uint32_t g, const char **why,
    const struct agg_set *from, uint32_t from_g)
{
	const struct agg_kind *k = s->fn->kind;

	return k->merge(
	    s->states + g * k->size, why, from->states + from_g * k->size);
}

void
agg_clear(struct agg_set *s, uint32_t g)
{
	const struct agg_kind *k = s->fn->kind;
	uint8_t *state = s->states + g * k->size;

	if (k->release != NULL)
		k->release(state);
	memset(state, 0, k->size);
}

void
agg_move(struct agg_set *s, uint32_t g, struct agg_set *from, uint32_t from_g)
{
	size_t size = s->fn->kind->size;

	memcpy(s->states + g * size, from->states + from_g * size, size);
	memset(from->states + from_g * size, 0, size);
}

void
agg_keep(struct agg_set *s, const uint32_t *keep, uint32_t n)
{
	const struct agg_kind *k = s->fn->kind;
	uint32_t at = 0;

	for (uint32_t g = 0; g < s->n; g++) {
		uint8_t *state = s->states + g * k->size;

		if (at < n && keep[at] == g)
			memmove(s->states + at++ * k->size, state, k->size);
		else if (k->release != NULL)
			k->release(state);
	}
	s->n = at;
}

void
agg_filter(struct col *c, size_t n, const struct col *filter, struct arena *a)
{
	size_t len = bit_bytes(filter->n);
	uint8_t *pass = arena_alloc(a, len), *valid;

	memset(pass, 0, len);
	for (uint32_t r = 0; r < filter->n; r++) {
		if (col_is_valid(filter, r)
		    && bit_get(filter->bits, col_entry(filter, r)))
			bit_set(pass, r);
	}
	for (size_t i = 0; i < n; i++) {
		if (c[i].valid == NULL) {
			c[i].valid = pass;
			continue;
		}
		valid = arena_alloc(a, len);
		for (size_t j = 0; j < len; j++)
			valid[j] = c[i].valid[j] & pass[j];
		c[i].valid = valid;
	}
	if (n == 0) {
		*c = *filter;
		c->valid = pass;
	}
}

int
agg_final(struct colbuf *out, const struct agg_fn *fn, const struct agg_set *s,
    uint32_t g)
{
	return fn->final(out, fn, s->states + g * fn->kind->size);
}

void
agg_save(struct buf *out, const struct agg_set *s, uint32_t g)
{
	s->fn->kind->save(out, s->states + g * s->fn->kind->size);
}

int
agg_load(struct agg_set *s, uint32_t g, struct cur *in)
{
	return s->fn->kind->load(s->states + g * s->fn->kind->size, in);
}

int
agg_load_at(struct agg_set *s, uint32_t g, struct cur *in, uint64_t base)
{
	const struct agg_kind *k = s->fn->kind;
	void *state = s->states + g * k->size;

	return k->load_at != NULL ? k->load_at(state, in, base)
				  : k->load(state, in);
}
