/* SPDX-License-Identifier: ISC */
/* Sessions by key, each with a table of its own. */
#include "window/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "window/session_int.h"

#define MIN_KEYS 1024 /* below that no key is forgotten */

/* Whether the sessions are of all keys, each once. */
static bool
are_all_keys(
    const struct pane_plan *plan, const size_t *key_cols, size_t n_keys)
{
	for (size_t i = 0; i < n_keys; i++)
		for (size_t k = 0; k < i; k++)
			if (key_cols[i] == key_cols[k])
				return false;
	return n_keys == plan->n_keys;
}

struct sessions *
sessions_new(int64_t gap, const struct pane_plan *plan, const size_t *key_cols,
    size_t n_keys)
{
	struct sessions *s = mem_zero(1, sizeof(*s));

	s->plan = plan;
	s->key_cols = key_cols;
	s->n_keys = n_keys;
	s->gap = gap;
	s->types = mem_resize(NULL, n_keys, sizeof(*s->types));
	for (size_t i = 0; i < n_keys; i++)
		s->types[i] = plan->key_types[key_cols[i]];
	keys_init(&s->keys, s->types, n_keys);
	s->least_end = INT64_MAX;
	s->given_us = TIME_NONE;
	s->single = are_all_keys(plan, key_cols, n_keys);
	if (s->single) {
		slots_init(&s->slots, plan);
		s->given = pane_new(plan);
	}
	return s;
}

/* Its slot, if it has one, is free already, or all slots are about to go. */
static void
session_free(struct session *x)
{
	pane_free(x->table);
	free(x);
}

void
sessions_free(struct sessions *s)
{
	struct session *x;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_lists; i++)
		while ((x = SLIST_FIRST(&s->lists[i])) != NULL) {
			SLIST_REMOVE_HEAD(&s->lists[i], next);
			session_free(x);
		}
	for (size_t i = s->due_at; i < s->n_due; i++)
		session_free(s->due[i]);
	free(s->due);
	free(s->lists);
	keys_release(&s->keys);
	slots_release(&s->slots);
	pane_free(s->given);
	free(s->types);
	free(s);
}

/* Rows of one key that are less than the gap apart. */
struct run {
	int64_t first_us;
	int64_t last_us;
	uint32_t from; /* in the sorted rows */
	uint32_t n;
};

/* A row for sorting. */
struct place {
	int64_t us;
	uint32_t key;
	uint32_t row;
};

static int
by_key_and_time(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->us != y->us)
		return x->us < y->us ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Whether two instants are less than the gap apart, low <= high. */
static bool
is_near(const struct sessions *s, int64_t low, int64_t high)
{
	int64_t apart;

	return num_sub(&apart, high, low) && apart < s->gap;
}

static bool
touches(const struct sessions *s, const struct session *x, const struct run *r)
{
	if (r->last_us < x->at.first_us)
		return is_near(s, r->last_us, x->at.first_us);
	if (x->at.last_us < r->first_us)
		return is_near(s, x->at.last_us, r->first_us);
	return true;
}

static struct session *
open_session(struct sessions *s, struct session_list *list, const struct run *r)
{
	struct session *x = mem_zero(1, sizeof(*x));

	x->at = (struct stretch){r->first_us, r->last_us, UINT64_MAX};
	if (s->single)
		x->slot = slots_take(&s->slots);
	else
		x->table = pane_new(s->plan);
	SLIST_INSERT_HEAD(list, x, next);
	s->n_open++;
	return x;
}

static int
merge(struct sessions *s, const char **why, struct session *x,
    const struct session *from)
{
	return s->single ? slots_merge(&s->slots, x->slot, why, from->slot)
			 : pane_merge(x->table, why, from->table);
}

/* The session of a run: all that it touches, made one; else a new one. */
static struct session *
find_session(struct sessions *s, const char **why, struct session_list *list,
    const struct run *r)
{
	struct session *found = NULL, *x, *after;

	for (x = SLIST_FIRST(list); x != NULL; x = after) {
		after = SLIST_NEXT(x, next);
		if (!touches(s, x, r))
			continue;
		if (found == NULL) {
			found = x;
			continue;
		}
		if (merge(s, why, found, x) == -1)
			return NULL;
		stretch_join(&found->at, &x->at);
		SLIST_REMOVE(list, x, session, next);
		session_free(x);
		s->n_open--;
	}
	return found != NULL ? found : open_session(s, list, r);
}

static int
add_run(struct sessions *s, const char **why, const struct pane_rows *in,
    const struct place *places, const struct run *r, uint32_t *sel)
{
	struct session_list *list = &s->lists[places[r->from].key];
	struct session *x = find_session(s, why, list, r);
	struct stretch at = {r->first_us, r->last_us, 0};

	if (x == NULL)
		return -1;
	for (uint32_t i = 0; i < r->n; i++)
		sel[i] = places[r->from + i].row;
	qsort(sel, r->n, sizeof(*sel), by_number);
	at.order = in->rows->order + sel[0];
	stretch_join(&x->at, &at);
	if (!num_add(&x->end_us, x->at.last_us, s->gap)) {
		*why = "a session would end beyond the range of times";
		return -1;
	}
	if (x->end_us <= s->given_us) {
		*why = "a row came behind the watermark; put what reorders "
		       "rows before swindow";
		return -1;
	}
	if (x->end_us < s->least_end)
		s->least_end = x->end_us;
	return s->single ? slots_add(&s->slots, x->slot, why, in, sel, r->n)
			 : pane_add(x->table, why, in, sel, r->n);
}

void
sessions_grow_lists(struct sessions *s)
{
	s->lists =
	    mem_grow(s->lists, &s->cap_lists, s->keys.map.n, sizeof(*s->lists));
	for (; s->n_lists < s->keys.map.n; s->n_lists++)
		SLIST_INIT(&s->lists[s->n_lists]);
}

/* The number of each row's key, with a list for every new key. */
static uint32_t *
find_keys(
    struct sessions *s, const struct pane_rows *in, uint32_t n, struct arena *a)
{
	uint32_t *key = arena_alloc(a, n * sizeof(*key));
	struct col *cols = arena_alloc(a, s->n_keys * sizeof(*cols));
	struct keys_rows rows;

	for (size_t i = 0; i < s->n_keys; i++)
		cols[i] = in->keys->cols[s->key_cols[i]];
	keys_prepare(&rows, cols, s->n_keys, n, a);
	rows.order = in->rows->order;
	keys_find(&s->keys, key, &rows, NULL, n);
	sessions_grow_lists(s);
	return key;
}

int
sessions_add(struct sessions *s, const char **why, const struct pane_rows *in,
    const struct col *times, uint32_t n, struct arena *a)
{
	uint32_t *key = find_keys(s, in, n, a);
	struct place *places = arena_alloc(a, n * sizeof(*places));
	uint32_t *sel = arena_alloc(a, n * sizeof(*sel));
	struct run r = {.n = 0};

	for (uint32_t i = 0; i < n; i++)
		places[i] = (struct place){times->i[i], key[i], i};
	qsort(places, n, sizeof(*places), by_key_and_time);
	for (uint32_t i = 0; i < n; i++) {
		const struct place *p = &places[i];

		if (r.n > 0 && places[r.from].key == p->key
		    && is_near(s, r.last_us, p->us)) {
			r.last_us = p->us;
			r.n++;
			continue;
		}
		if (r.n > 0 && add_run(s, why, in, places, &r, sel) == -1)
			return -1;
		r = (struct run){p->us, p->us, i, 1};
	}
	return r.n > 0 ? add_run(s, why, in, places, &r, sel) : 0;
}

static int
by_end(const void *a, const void *b)
{
	const struct session *x = *(struct session *const *)a;
	const struct session *y = *(struct session *const *)b;

	if (x->end_us != y->end_us)
		return x->end_us < y->end_us ? -1 : 1;
	return (x->at.order > y->at.order) - (x->at.order < y->at.order);
}

/* Move what ends at or before the watermark to due, in order. */
static void
collect_due(struct sessions *s, int64_t watermark)
{
	struct session *x, *after;

	s->n_due = s->due_at = 0;
	s->least_end = INT64_MAX;
	for (size_t i = 0; i < s->n_lists; i++)
		for (x = SLIST_FIRST(&s->lists[i]); x != NULL; x = after) {
			after = SLIST_NEXT(x, next);
			if (x->end_us > watermark) {
				if (x->end_us < s->least_end)
					s->least_end = x->end_us;
				continue;
			}
			SLIST_REMOVE(&s->lists[i], x, session, next);
			x->key = (uint32_t)i;
			s->n_open--;
			s->due = mem_grow(s->due, &s->cap_due, s->n_due + 1,
			    sizeof(struct session *));
			s->due[s->n_due++] = x;
		}
	if (s->n_due > 0)
		qsort(s->due, s->n_due, sizeof(struct session *), by_end);
}

/* Keys without a session are worth nothing: begin anew with the others. */
static void
forget_keys(struct sessions *s)
{
	struct arena a = {.blocks = NULL};
	uint32_t *sel, *group, n = 0;
	struct keys_rows rows;
	struct session *x;
	struct col *cols;
	struct keys old = s->keys;
	struct session_list *lists = s->lists;

	sel = arena_alloc(&a, s->n_lists * sizeof(*sel));
	for (uint32_t i = 0; i < s->n_lists; i++)
		if (!SLIST_EMPTY(&lists[i]))
			sel[n++] = i;
	cols = arena_alloc(&a, s->n_keys * sizeof(*cols));
	for (size_t i = 0; i < s->n_keys; i++) {
		colbuf_view(&cols[i], &old.cols[i]);
		col_gather(&cols[i], &a, &cols[i], sel, n);
	}
	group = arena_alloc(&a, n * sizeof(*group));
	keys_init(&s->keys, s->types, s->n_keys);
	keys_prepare(&rows, cols, s->n_keys, n, &a);
	rows.order = 0;
	keys_find(&s->keys, group, &rows, NULL, n);
	s->lists = mem_zero(n, sizeof(*s->lists));
	s->cap_lists = n;
	s->n_lists = n;
	for (uint32_t i = 0; i < n; i++)
		while ((x = SLIST_FIRST(&lists[sel[i]])) != NULL) {
			SLIST_REMOVE_HEAD(&lists[sel[i]], next);
			SLIST_INSERT_HEAD(&s->lists[group[i]], x, next);
		}
	free(lists);
	keys_release(&old);
	arena_release(&a);
}

/* A due session of one group as a table; its slot is free then. */
static const struct pane *
as_table(struct sessions *s, const struct session *x)
{
	struct arena a = {.blocks = NULL};
	struct col *cols = arena_alloc(&a, s->n_keys * sizeof(*cols)), all;
	uint32_t *group = arena_alloc(&a, sizeof(*group));
	struct keys_rows rows;

	pane_reset(s->given);
	for (size_t i = 0; i < s->n_keys; i++) {
		colbuf_view(&all, &s->keys.cols[i]);
		col_gather(&cols[s->key_cols[i]], &a, &all, &x->key, 1);
	}
	keys_prepare(&rows, cols, s->n_keys, 1, &a);
	rows.order = x->at.order;
	keys_find(&s->given->keys, group, &rows, NULL, 1);
	slots_move(&s->slots, x->slot, s->given);
	arena_release(&a);
	return s->given;
}

int
sessions_next(struct sessions *s, struct session_result *out, int64_t watermark)
{
	struct session *x;

	if (s->due_at > 0) {
		session_free(s->due[s->due_at - 1]);
		s->due[s->due_at - 1] = NULL;
	}
	if (s->due_at == s->n_due) {
		s->n_due = s->due_at = 0;
		if (s->n_lists > MIN_KEYS && s->n_lists / 4 > s->n_open)
			forget_keys(s);
		if (s->least_end > watermark)
			return 0;
		collect_due(s, watermark);
		if (watermark != INT64_MAX)
			s->given_us = watermark;
	}
	if (s->n_due == 0)
		return 0;
	x = s->due[s->due_at++];
	*out = (struct session_result){
	    x->at.first_us, x->end_us, s->single ? as_table(s, x) : x->table};
	return 1;
}

size_t
sessions_n_open(const struct sessions *s)
{
	return s->n_open + s->n_due - s->due_at;
}
