/* SPDX-License-Identifier: ISC */
/* Sessions whose rows are held. */
#include "window/visits.h"

#include <stdlib.h>

#include "base/num.h"
#include "window/packed.h"

#define MIN_KEYS 1024 /* below that no key is forgotten */

void
visits_init(
    struct visits *v, int64_t gap, const enum type *key_types, size_t n_keys)
{
	*v = (struct visits){.gap = gap, .least_end = INT64_MAX};
	keys_init(&v->keys, key_types, n_keys);
}

static void
free_visit(struct visit *x)
{
	if (x == NULL)
		return;
	bag_release(&x->rows);
	free(x);
}

void
visits_release(struct visits *v)
{
	struct visit *x;

	for (size_t i = 0; i < v->n_lists; i++)
		while ((x = SLIST_FIRST(&v->lists[i])) != NULL) {
			SLIST_REMOVE_HEAD(&v->lists[i], next);
			free_visit(x);
		}
	for (size_t i = 0; i < v->n_due; i++)
		free_visit(v->due[i]);
	free(v->due);
	free(v->lists);
	keys_release(&v->keys);
}

/* A list for each key. */
static void
grow_lists(struct visits *v)
{
	v->lists =
	    mem_grow(v->lists, &v->cap_lists, v->keys.map.n, sizeof(*v->lists));
	for (; v->n_lists < v->keys.map.n; v->n_lists++)
		SLIST_INIT(&v->lists[v->n_lists]);
}

const uint32_t *
visits_keys(
    struct visits *v, const struct col *keys, uint32_t n, struct arena *a)
{
	uint32_t *group = arena_alloc(a, (size_t)n * sizeof(*group));
	struct keys_rows rows;

	keys_prepare(&rows, keys, v->keys.n_cols, n, a);
	rows.order = 0;
	keys_find(&v->keys, group, &rows, NULL, n);
	grow_lists(v);
	return group;
}

/* Whether a row at t belongs to a visit.  Times keep away from the ends. */
static bool
touches(const struct visits *v, const struct visit *x, int64_t t)
{
	return t > x->at.first_us - v->gap && t < x->at.last_us + v->gap;
}

static void
join(struct visits *v, struct visit_list *list, struct visit *to,
    struct visit *x)
{
	bag_join(&to->rows, &x->rows);
	stretch_join(&to->at, &x->at);
	SLIST_REMOVE(list, x, visit, next);
	free_visit(x);
	v->n_open--;
}

static struct visit *
open_visit(struct visits *v, struct visit_list *list, const struct stretch *at)
{
	struct visit *x = mem_zero(1, sizeof(*x));

	x->at = *at;
	SLIST_INSERT_HEAD(list, x, next);
	v->n_open++;
	return x;
}

void
visits_add(struct visits *v, uint32_t group, int64_t t, int64_t part,
    uint64_t at, uint64_t order)
{
	struct visit_list *list = &v->lists[group];
	struct visit *found = NULL, *x, *after;
	const struct stretch row = {t, t, order};

	for (x = SLIST_FIRST(list); x != NULL; x = after) {
		after = SLIST_NEXT(x, next);
		if (!touches(v, x, t))
			continue;
		if (found == NULL)
			found = x;
		else
			join(v, list, found, x);
	}
	if (found == NULL)
		found = open_visit(v, list, &row);
	stretch_join(&found->at, &row);
	if (found->at.last_us + v->gap < v->least_end)
		v->least_end = found->at.last_us + v->gap;
	bag_push(&found->rows, t, part, at);
}

static int
by_end(const void *a, const void *b)
{
	const struct visit *x = *(struct visit *const *)a;
	const struct visit *y = *(struct visit *const *)b;

	if (x->at.last_us != y->at.last_us)
		return x->at.last_us < y->at.last_us ? -1 : 1;
	return (x->at.order > y->at.order) - (x->at.order < y->at.order);
}

/* Move what ends at or before until to due, in order. */
static void
collect_due(struct visits *v, int64_t until)
{
	struct visit *x, *after;

	v->least_end = INT64_MAX;
	for (size_t i = 0; i < v->n_lists; i++)
		for (x = SLIST_FIRST(&v->lists[i]); x != NULL; x = after) {
			int64_t end = x->at.last_us + v->gap;

			after = SLIST_NEXT(x, next);
			if (end > until) {
				if (end < v->least_end)
					v->least_end = end;
				continue;
			}
			SLIST_REMOVE(&v->lists[i], x, visit, next);
			v->n_open--;
			v->due = mem_grow(v->due, &v->cap_due, v->n_due + 1,
			    sizeof(struct visit *));
			v->due[v->n_due++] = x;
		}
	if (v->n_due > 0)
		qsort(v->due, v->n_due, sizeof(struct visit *), by_end);
}

/* Keys without a visit are worth nothing. */
static void
forget_keys(struct visits *v)
{
	uint32_t *keep = mem_resize(NULL, v->n_lists, sizeof(*keep)), n = 0;

	for (uint32_t i = 0; i < v->n_lists; i++)
		if (!SLIST_EMPTY(&v->lists[i])) {
			v->lists[n] = v->lists[i];
			keep[n++] = i;
		}
	keys_keep(&v->keys, keep, n);
	v->n_lists = n;
	free(keep);
}

struct visit *
visits_next(struct visits *v, int64_t until)
{
	if (v->due_at > 0) {
		free_visit(v->due[v->due_at - 1]);
		v->due[v->due_at - 1] = NULL;
	}
	if (v->due_at == v->n_due) {
		v->n_due = v->due_at = 0;
		if (v->n_lists > MIN_KEYS && v->n_lists / 4 > v->n_open)
			forget_keys(v);
		if (v->least_end > until)
			return NULL;
		collect_due(v, until);
	}
	return v->n_due == 0 ? NULL : v->due[v->due_at++];
}

struct bag **
visits_bags(struct visits *v, size_t *n, struct arena *a)
{
	struct bag **bags =
	    arena_alloc(a, (v->n_open + v->n_due + 1) * sizeof(struct bag *));
	struct visit *x;

	*n = 0;
	for (size_t i = 0; i < v->n_lists; i++)
		SLIST_FOREACH(x, &v->lists[i], next)
	bags[(*n)++] = &x->rows;
	for (size_t i = v->due_at; i < v->n_due; i++)
		bags[(*n)++] = &v->due[i]->rows;
	return bags;
}

void
visits_save(const struct visits *v, struct buf *out)
{
	const struct visit *x;

	packed_put_keys(out, &v->keys);
	buf_put_int(out, (uint64_t)v->least_end, 8);
	for (size_t i = 0; i < v->n_lists; i++) {
		for (x = SLIST_FIRST(&v->lists[i]); x != NULL;
		     x = SLIST_NEXT(x, next))
			stretch_put(out, &x->at);
		stretch_end(out);
	}
}

/* The visits of a key, in the order of the list. */
static int
load_list(struct visits *v, struct visit_list *list, struct cur *in)
{
	struct visit *x, *after = NULL;
	struct stretch at;
	int rc;

	while ((rc = stretch_get(&at, in)) == 1) {
		/* Times keep away from the ends. */
		if (at.first_us < INT64_MIN / 2 || at.last_us > INT64_MAX / 2)
			return -1;
		x = mem_zero(1, sizeof(*x));
		x->at = at;
		if (after == NULL)
			SLIST_INSERT_HEAD(list, x, next);
		else
			SLIST_INSERT_AFTER(after, x, next);
		after = x;
		v->n_open++;
	}
	return rc;
}

int
visits_load(struct visits *v, struct cur *in)
{
	if (packed_get_keys(&v->keys, in) == -1)
		return -1;
	grow_lists(v);
	v->least_end = (int64_t)cur_get_int(in, 8);
	for (size_t i = 0; i < v->n_lists; i++)
		if (load_list(v, &v->lists[i], in) == -1)
			return -1;
	return in->failed ? -1 : 0;
}
