/* SPDX-License-Identifier: ISC */
/*
 * min_by and max_by: the value where another is least or greatest.
 * sreduce(1), AGGREGATES.
 */
#include <stdlib.h>
#include <string.h>

#include "agg/agg_int.h"
#include "agg/place.h"
#include "agg/wide.h"
#include "data/kept.h"

/* What goes by: its order as an int, or its bytes. */
struct key {
	int64_t wide;
	const char *p; /* NULL unless of a str */
	size_t len;
};

struct by {
	struct place place;
	int64_t wide;
	char *p; /* owned; NULL unless the key is a str */
	uint32_t len;
	uint32_t seen;
	struct kept value;
};

static struct key
key_at(const struct col *c, uint32_t row)
{
	struct key k = {.wide = 0};

	if (c->type == TYPE_STR)
		k.p = col_str(c, row, &k.len);
	else if (c->type == TYPE_FLOAT)
		k.wide = wide_order(c->f[row]);
	else if (c->type == TYPE_BOOL)
		k.wide = bit_get(c->bits, col_entry(c, row));
	else
		k.wide = c->i[row];
	return k;
}

static int
compare(const struct key *k, const struct by *s)
{
	size_t n = k->len < s->len ? k->len : s->len;
	int order;

	if (k->p == NULL)
		return (k->wide > s->wide) - (k->wide < s->wide);
	order = n == 0 ? 0 : memcmp(k->p, s->p, n);
	return order != 0 ? order : (k->len > s->len) - (k->len < s->len);
}

/* Whether a row takes the place of what s has; if so, it is noted. */
static bool
wins(struct by *s, const struct key *k, const struct place *at, int sign)
{
	int order = s->seen == 0 ? sign : compare(k, s);

	if (order * sign < 0
	    || (order == 0 && place_compare(at, &s->place) >= 0))
		return false;
	s->seen = 1;
	s->place = *at;
	s->wide = k->wide;
	if (k->p == NULL)
		return true;
	if (s->p == NULL || k->len > s->len) {
		free(s->p);
		s->p = mem_alloc(k->len);
	}
	if (k->len > 0)
		memcpy(s->p, k->p, k->len);
	s->len = (uint32_t)k->len;
	return true;
}

static void
update(struct by *all, const struct agg_rows *r, const struct col *c, int sign)
{
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = AGG_ROW(r->sel, i);
		struct by *s = &all[AGG_GROUP(r, r->group, row)];
		struct place at = place_of(r, row);
		struct key k = key_at(&c[1], row);

		if (wins(s, &k, &at, sign))
			kept_set(&s->value, &c[0], row);
	}
}

static struct key
key_of(const struct by *s)
{
	return (struct key){.wide = s->wide, .p = s->p, .len = s->len};
}

static void
merge(struct by *s, const struct by *f, int sign)
{
	struct key k = key_of(f);

	if (f->seen != 0 && wins(s, &k, &f->place, sign))
		kept_copy(&s->value, &f->value);
}

static void
save(struct buf *out, const void *state)
{
	const struct by *s = state;

	buf_put_int(out, s->seen, 1);
	if (s->seen == 0)
		return;
	place_save(out, &s->place);
	buf_put_int(out, s->p != NULL, 1);
	if (s->p != NULL)
		buf_put_str(out, s->p, s->len);
	else
		buf_put_int(out, (uint64_t)s->wide, 8);
	kept_save(out, &s->value);
}

/* A state whose key and value are str or not. */
static int
load(
    struct by *s, struct cur *in, int sign, const bool is_str[2], uint64_t base)
{
	uint64_t seen = cur_get_int(in, 1), tag;
	struct kept value = {.p = NULL};
	struct key k = {.wide = 0};
	struct place at;

	if (in->failed || seen > 1)
		return -1;
	if (seen == 0)
		return 0;
	at = place_load(in, base);
	tag = cur_get_int(in, 1);
	if (in->failed || tag != is_str[1])
		return -1;
	if (tag == 1)
		k.p = cur_get_str(in, &k.len, COL_MAX_BYTES);
	else
		k.wide = (int64_t)cur_get_int(in, 8);
	if (in->failed || kept_load(&value, in, is_str[0]) == -1)
		return -1;
	if (wins(s, &k, &at, sign))
		kept_copy(&s->value, &value);
	free(value.p);
	return 0;
}

static void
release(void *state)
{
	struct by *s = state;

	free(s->p);
	free(s->value.p);
}

int
by_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	(void)f;
	kept_push(out, &((const struct by *)state)->value);
	return 0;
}

static size_t
owned(const void *state)
{
	const struct by *s = state;

	return s->len + s->value.cap;
}

#define SIDE(name, sign)                                                       \
	static int name##_update(void *states, const char **why,               \
	    const struct agg_rows *r, const struct col *c)                     \
	{                                                                      \
		(void)why;                                                     \
		update(states, r, c, sign);                                    \
		return 0;                                                      \
	}                                                                      \
	static int name##_merge(                                               \
	    void *state, const char **why, const void *from)                   \
	{                                                                      \
		(void)why;                                                     \
		merge(state, from, sign);                                      \
		return 0;                                                      \
	}
SIDE(min, -1)
SIDE(max, 1)

/* What is str: the value, the key. */
#define KIND(name, side, sign, value, key)                                     \
	static int name##_load(void *state, struct cur *in)                    \
	{                                                                      \
		return load(state, in, sign, (const bool[2]){value, key}, 0);  \
	}                                                                      \
	static int name##_load_at(void *state, struct cur *in, uint64_t base)  \
	{                                                                      \
		return load(                                                   \
		    state, in, sign, (const bool[2]){value, key}, base);       \
	}                                                                      \
	static const struct agg_kind name##_kind = {sizeof(struct by), 1,      \
	    side##_update, side##_merge, save, name##_load, release,           \
	    AGG_NULL_FIRST, NULL, owned, name##_load_at};
KIND(min_wide_wide, min, -1, false, false)
KIND(min_wide_str, min, -1, false, true)
KIND(min_str_wide, min, -1, true, false)
KIND(min_str_str, min, -1, true, true)
KIND(max_wide_wide, max, 1, false, false)
KIND(max_wide_str, max, 1, false, true)
KIND(max_str_wide, max, 1, true, false)
KIND(max_str_str, max, 1, true, true)

/* By max, str value, str key. */
static const struct agg_kind *const kinds[2][2][2] = {
    {{&min_wide_wide_kind, &min_wide_str_kind},
	{&min_str_wide_kind, &min_str_str_kind}},
    {{&max_wide_wide_kind, &max_wide_str_kind},
	{&max_str_wide_kind, &max_str_str_kind}}};

const struct agg_kind *
by_kind(bool max, bool str_value, bool str_key)
{
	return kinds[max][str_value][str_key];
}
