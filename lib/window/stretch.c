/* SPDX-License-Identifier: ISC */
/* Sessions by key, as far as time goes. */
#include "window/stretch.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "window/packed.h"

#define MIN_KEYS 1024 /* below that no key is forgotten */

void
stretches_init(struct stretches *s, int64_t gap, const enum type *key_types,
    size_t n_keys, const struct stretch_owner *owner, void *arg)
{
	*s = (struct stretches){.owner = owner,
	    .arg = arg,
	    .gap = gap,
	    .least_end = INT64_MAX,
	    .given_us = TIME_NONE};
	keys_init(&s->keys, key_types, n_keys);
}

void
stretches_release(struct stretches *s)
{
	struct stretch *x;

	for (size_t i = 0; i < s->n_lists; i++)
		while ((x = SLIST_FIRST(&s->lists[i])) != NULL) {
			SLIST_REMOVE_HEAD(&s->lists[i], next);
			s->owner->drop(x);
		}
	for (size_t i = 0; i < s->n_due; i++)
		s->owner->drop(s->due[i]);
	free(s->due);
	free(s->lists);
	keys_release(&s->keys);
}

/* A list for each key. */
static void
grow_lists(struct stretches *s)
{
	s->lists =
	    mem_grow(s->lists, &s->cap_lists, s->keys.map.n, sizeof(*s->lists));
	for (; s->n_lists < s->keys.map.n; s->n_lists++)
		SLIST_INIT(&s->lists[s->n_lists]);
}

const uint32_t *
stretches_keys(struct stretches *s, const struct col *cols, uint32_t n,
    uint64_t order, struct arena *a)
{
	uint32_t *key = arena_alloc(a, (size_t)n * sizeof(*key));
	struct keys_rows rows;

	keys_prepare(&rows, cols, s->keys.n_cols, n, a);
	rows.order = order;
	keys_find(&s->keys, key, &rows, NULL, n);
	grow_lists(s);
	return key;
}

/* Whether what ends with low is gap or more before what begins with high. */
static bool
is_apart(const struct stretches *s, int64_t low, int64_t high)
{
	return low < high && (uint64_t)high - (uint64_t)low >= (uint64_t)s->gap;
}

static void
cover(struct stretch *to, const struct stretch *x)
{
	if (x->first_us < to->first_us)
		to->first_us = x->first_us;
	if (x->last_us > to->last_us)
		to->last_us = x->last_us;
	if (x->order < to->order)
		to->order = x->order;
}

static struct stretch *
open_stretch(struct stretches *s, const struct stretch *at)
{
	struct stretch *x = s->owner->open(s->arg);

	x->first_us = at->first_us;
	x->last_us = at->last_us;
	x->order = at->order;
	s->n_open++;
	return x;
}

/* Make those that x has come to touch, which stand behind it, one with it. */
static int
join_earlier(struct stretches *s, const char **why, struct stretch *x)
{
	struct stretch *y;

	while ((y = SLIST_NEXT(x, next)) != NULL
	       && !is_apart(s, y->last_us, x->first_us)) {
		if (s->owner->join(s->arg, why, x, y) == -1)
			return -1;
		cover(x, y);
		SLIST_REMOVE_AFTER(x, next);
		s->owner->drop(y);
		s->n_open--;
	}
	return 0;
}

struct stretch *
stretches_add(struct stretches *s, const char **why, uint32_t key,
    const struct stretch *rows)
{
	struct stretch_list *list = &s->lists[key];
	struct stretch *later = NULL, *x = SLIST_FIRST(list);
	int64_t end;

	for (; x != NULL && is_apart(s, rows->last_us, x->first_us);
	     x = SLIST_NEXT(x, next))
		later = x;
	if (x != NULL && !is_apart(s, x->last_us, rows->first_us)) {
		cover(x, rows);
		if (join_earlier(s, why, x) == -1)
			return NULL;
	} else {
		x = open_stretch(s, rows);
		if (later == NULL)
			SLIST_INSERT_HEAD(list, x, next);
		else
			SLIST_INSERT_AFTER(later, x, next);
	}
	if (!num_add(&end, x->last_us, s->gap)) {
		*why = "a session would end beyond the range of times";
		return NULL;
	}
	if (end < s->least_end)
		s->least_end = end;
	return x;
}

static int
by_end(const void *a, const void *b)
{
	const struct stretch *x = *(struct stretch *const *)a;
	const struct stretch *y = *(struct stretch *const *)b;

	if (x->last_us != y->last_us)
		return x->last_us < y->last_us ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* Move what ends at or before until, the tail of each list, to due. */
static void
collect_due(struct stretches *s, int64_t until)
{
	struct stretch *x;

	s->least_end = INT64_MAX;
	if (until != INT64_MAX)
		s->given_us = until;
	for (size_t i = 0; i < s->n_lists; i++) {
		struct stretch **from = &SLIST_FIRST(&s->lists[i]);

		for (; *from != NULL && (*from)->last_us + s->gap > until;
		     from = &SLIST_NEXT(*from, next))
			if ((*from)->last_us + s->gap < s->least_end)
				s->least_end = (*from)->last_us + s->gap;
		for (x = *from; x != NULL; x = SLIST_NEXT(x, next)) {
			x->key = (uint32_t)i;
			s->n_open--;
			s->due = mem_grow(s->due, &s->cap_due, s->n_due + 1,
			    sizeof(struct stretch *));
			s->due[s->n_due++] = x;
		}
		*from = NULL;
	}
	if (s->n_due > 0)
		qsort(s->due, s->n_due, sizeof(struct stretch *), by_end);
}

/* Keys without a session are worth nothing. */
static void
forget_keys(struct stretches *s)
{
	uint32_t *keep = mem_resize(NULL, s->n_lists, sizeof(*keep)), n = 0;

	for (uint32_t i = 0; i < s->n_lists; i++)
		if (!SLIST_EMPTY(&s->lists[i])) {
			s->lists[n] = s->lists[i];
			keep[n++] = i;
		}
	keys_keep(&s->keys, keep, n);
	s->n_lists = n;
	free(keep);
}

struct stretch *
stretches_next(struct stretches *s, int64_t until)
{
	if (s->due_at > 0) {
		s->owner->drop(s->due[s->due_at - 1]);
		s->due[s->due_at - 1] = NULL;
	}
	if (s->due_at == s->n_due) {
		s->n_due = s->due_at = 0;
		if (s->n_lists > MIN_KEYS && s->n_lists / 4 > s->n_open)
			forget_keys(s);
		if (s->least_end > until)
			return NULL;
		collect_due(s, until);
	}
	return s->n_due == 0 ? NULL : s->due[s->due_at++];
}

size_t
stretches_n(const struct stretches *s)
{
	return s->n_open + s->n_due - s->due_at;
}

struct stretch **
stretches_all(const struct stretches *s)
{
	struct stretch **all =
	    mem_resize(NULL, stretches_n(s) + 1, sizeof(struct stretch *));
	struct stretch *x;
	size_t n = 0;

	for (size_t i = 0; i < s->n_lists; i++)
		for (x = SLIST_FIRST(&s->lists[i]); x != NULL;
		     x = SLIST_NEXT(x, next)) {
			x->key = (uint32_t)i;
			all[n++] = x;
		}
	for (size_t i = s->due_at; i < s->n_due; i++)
		all[n++] = s->due[i];
	return all;
}

void
stretches_save(const struct stretches *s, struct buf *out)
{
	packed_put_keys(out, &s->keys);
	buf_put_int(out, (uint64_t)s->least_end, 8);
}

void
stretches_save_lists(const struct stretches *s, struct buf *out)
{
	const struct stretch *x;

	for (size_t i = 0; i < s->n_lists; i++) {
		for (x = SLIST_FIRST(&s->lists[i]); x != NULL;
		     x = SLIST_NEXT(x, next)) {
			buf_put_int(out, 1, 1);
			buf_put_int(out, (uint64_t)x->first_us, 8);
			buf_put_int(out, (uint64_t)x->last_us, 8);
			buf_put_int(out, x->order, 8);
		}
		buf_put_int(out, 0, 1);
	}
}

int
stretches_load(struct stretches *s, struct cur *in)
{
	if (packed_get_keys(&s->keys, in) == -1)
		return -1;
	grow_lists(s);
	s->least_end = (int64_t)cur_get_int(in, 8);
	return in->failed ? -1 : 0;
}

static int
load_list(struct stretches *s, struct stretch_list *list, struct cur *in)
{
	struct stretch *x, *last = NULL, at;
	uint64_t more;
	int64_t end;

	while ((more = cur_get_int(in, 1)) == 1) {
		at.first_us = (int64_t)cur_get_int(in, 8);
		at.last_us = (int64_t)cur_get_int(in, 8);
		at.order = cur_get_int(in, 8);
		if (at.first_us > at.last_us
		    || !num_add(&end, at.last_us, s->gap))
			return -1;
		x = open_stretch(s, &at);
		if (last == NULL)
			SLIST_INSERT_HEAD(list, x, next);
		else
			SLIST_INSERT_AFTER(last, x, next);
		last = x;
	}
	return in->failed || more != 0 ? -1 : 0;
}

int
stretches_load_lists(struct stretches *s, struct cur *in)
{
	for (size_t i = 0; i < s->n_lists; i++)
		if (load_list(s, &s->lists[i], in) == -1)
			return -1;
	return 0;
}

/* By key, then the latest first. */
static int
by_place(const void *a, const void *b)
{
	const struct stretch *x = *(struct stretch *const *)a;
	const struct stretch *y = *(struct stretch *const *)b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->first_us < y->first_us) - (x->first_us > y->first_us);
}

int
stretches_sort(struct stretches *s)
{
	struct stretch **all = stretches_all(s);
	int rc = 0;

	qsort(all, s->n_open, sizeof(struct stretch *), by_place);
	for (size_t i = 0; i < s->n_lists; i++)
		SLIST_INIT(&s->lists[i]);
	for (size_t i = s->n_open; i-- > 0;) {
		struct stretch_list *list = &s->lists[all[i]->key];
		const struct stretch *earlier = SLIST_FIRST(list);

		if (earlier != NULL
		    && !is_apart(s, earlier->last_us, all[i]->first_us))
			rc = -1;
		SLIST_INSERT_HEAD(list, all[i], next);
	}
	free(all);
	return rc;
}
