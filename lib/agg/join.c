/* SPDX-License-Identifier: ISC */
/* string_agg: the texts of a group one behind the other.  sreduce(1). */
#include <stdlib.h>
#include <string.h>

#include "agg/agg_int.h"
#include "agg/place.h"

#define MAX_BYTES (16u << 20)

struct piece {
	struct place place;
	size_t at; /* in the heap */
	size_t len;
};

/* Invariant: bytes is the length of the result, with a separator too much. */
struct pieces {
	struct piece *all;
	size_t n;
	size_t cap;
	size_t n_sorted;
	size_t bytes;
	size_t sep_len;
	char *heap;
	size_t len;
	size_t cap_heap;
};

struct join {
	struct pieces *p; /* owned; NULL = nothing */
};

static const char too_long[] = "more than 16 MiB of text in one group";
static const char every_value[] = "it keeps every text";

static int
add(struct join *s, const struct place *at, const char *text, size_t len,
    size_t sep_len)
{
	struct pieces *p = s->p;

	if (p == NULL)
		p = s->p = mem_zero(1, sizeof(*p));
	if (len + sep_len > MAX_BYTES - p->bytes || p->n == AGG_MAX_VALUES)
		return -1;
	p->bytes += len + sep_len;
	p->sep_len = sep_len;
	p->all = mem_grow(p->all, &p->cap, p->n + 1, sizeof(*p->all));
	p->all[p->n++] = (struct piece){.place = *at, .at = p->len, .len = len};
	p->heap = mem_grow(p->heap, &p->cap_heap, p->len + len + 1, 1);
	if (len > 0)
		memcpy(p->heap + p->len, text, len);
	p->len += len;
	return 0;
}

static int
update(void *states, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	struct join *all = states;

	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = AGG_ROW(r->sel, i);
		struct place at = place_of(r, row);
		size_t len;
		const char *p = col_str(c, row, &len);

		if (add(&all[AGG_GROUP(r, r->group, row)], &at, p, len,
			r->fn->text_len)
		    == -1) {
			*why = too_long;
			return -1;
		}
	}
	return 0;
}

static int
merge(void *state, const char **why, const void *from)
{
	const struct pieces *f = ((const struct join *)from)->p;

	for (size_t i = 0; f != NULL && i < f->n; i++) {
		const struct piece *x = &f->all[i];

		if (add(state, &x->place, f->heap + x->at, x->len, f->sep_len)
		    == -1) {
			*why = too_long;
			return -1;
		}
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	return place_compare(&((const struct piece *)a)->place,
	    &((const struct piece *)b)->place);
}

static void
sort(struct pieces *p)
{
	size_t i = p->n_sorted > 0 ? p->n_sorted : 1;

	/* They mostly come in order. */
	while (i < p->n && compare(&p->all[i - 1], &p->all[i]) <= 0)
		i++;
	if (i < p->n)
		qsort(p->all, p->n, sizeof(*p->all), compare);
	p->n_sorted = p->n;
}

static void
save(struct buf *out, const void *state)
{
	struct pieces *p = ((const struct join *)state)->p;
	size_t n = p == NULL ? 0 : p->n;

	buf_put_int(out, n, 4);
	if (n == 0)
		return;
	sort(p);
	buf_put_int(out, p->sep_len, 4);
	for (size_t i = 0; i < n; i++) {
		place_save(out, &p->all[i].place);
		buf_put_str(out, p->heap + p->all[i].at, p->all[i].len);
	}
}

static int
load(void *state, struct cur *in)
{
	uint64_t n = cur_get_int(in, 4), sep_len;
	struct place last = {0}, at;
	const char *p;
	size_t len;

	if (n == 0)
		return in->failed ? -1 : 0;
	sep_len = cur_get_int(in, 4);
	if (in->failed || sep_len > MAX_BYTES)
		return -1;
	for (uint64_t i = 0; i < n; i++, last = at) {
		at = place_load(in, 0);
		p = cur_get_str(in, &len, MAX_BYTES);
		if (p == NULL || (i > 0 && place_compare(&last, &at) > 0)
		    || add(state, &at, p, len, sep_len) == -1)
			return -1;
	}
	return 0;
}

static void
release(void *state)
{
	struct pieces *p = ((struct join *)state)->p;

	if (p == NULL)
		return;
	free(p->all);
	free(p->heap);
	free(p);
}

static size_t
owned(const void *state)
{
	const struct pieces *p = ((const struct join *)state)->p;

	return p == NULL ? 0
			 : sizeof(*p) + p->cap * sizeof(*p->all) + p->cap_heap;
}

const struct agg_kind join_kind = {sizeof(struct join), 1, update, merge, save,
    load, release, AGG_LARGE, every_value, owned, NULL};

int
join_final(struct colbuf *out, const struct agg_fn *f, const void *state)
{
	struct pieces *p = ((const struct join *)state)->p;
	struct buf b;

	if (p == NULL) {
		colbuf_push_null(out);
		return 0;
	}
	sort(p);
	buf_init(&b, 0);
	for (size_t i = 0; i < p->n; i++) {
		if (i > 0)
			buf_put(&b, f->text, f->text_len);
		buf_put(&b, p->heap + p->all[i].at, p->all[i].len);
	}
	colbuf_push_str(out, (const char *)b.data, b.len);
	buf_release(&b);
	return 0;
}
