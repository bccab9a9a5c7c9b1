/* SPDX-License-Identifier: ISC */
/* Sessions by key, each with a table of its own. */
#include "window/session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/num.h"
#include "base/time.h"
#include "window/packed.h"
#include "window/panepack.h"

#define MIN_KEYS 1024 /* below that no key is forgotten */

/* Invariant: first_us <= last_us, and end_us = last_us + gap. */
struct session {
	SLIST_ENTRY(session) next; /* of its key, in no order */
	int64_t first_us;
	int64_t last_us;
	int64_t end_us;
	uint64_t order; /* of the first row that came */
	struct pane *table;
};

/* Such a head may be moved, as its array grows. */
SLIST_HEAD(session_list, session);

/*
 * Invariants: lists has one list for each key, and n_open is the number of
 * sessions in them; each ends at least_end or later; what is in
 * due[due_at..n_due) is in no list any more.
 */
struct sessions {
	const struct pane_plan *plan;
	const size_t *key_cols;
	size_t n_keys;
	int64_t gap;
	enum type *types;
	struct keys keys;
	struct session_list *lists;
	size_t cap_lists;
	size_t n_lists;
	size_t n_open;
	int64_t least_end;
	int64_t given_us; /* watermark up to which sessions were given */
	struct session **due;
	size_t n_due, due_at, cap_due;
};

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
	return s;
}

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
	if (r->last_us < x->first_us)
		return is_near(s, r->last_us, x->first_us);
	if (x->last_us < r->first_us)
		return is_near(s, x->last_us, r->first_us);
	return true;
}

static struct session *
open_session(struct sessions *s, struct session_list *list, const struct run *r)
{
	struct session *x = mem_zero(1, sizeof(*x));

	x->first_us = r->first_us;
	x->last_us = r->last_us;
	x->order = UINT64_MAX;
	x->table = pane_new(s->plan);
	SLIST_INSERT_HEAD(list, x, next);
	s->n_open++;
	return x;
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
		if (pane_merge(found->table, why, x->table) == -1)
			return NULL;
		if (x->first_us < found->first_us)
			found->first_us = x->first_us;
		if (x->last_us > found->last_us)
			found->last_us = x->last_us;
		if (x->order < found->order)
			found->order = x->order;
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
	uint64_t order;

	if (x == NULL)
		return -1;
	if (r->first_us < x->first_us)
		x->first_us = r->first_us;
	if (r->last_us > x->last_us)
		x->last_us = r->last_us;
	if (!num_add(&x->end_us, x->last_us, s->gap)) {
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
	for (uint32_t i = 0; i < r->n; i++)
		sel[i] = places[r->from + i].row;
	qsort(sel, r->n, sizeof(*sel), by_number);
	order = in->rows->order + sel[0];
	if (order < x->order)
		x->order = order;
	return pane_add(x->table, why, in, sel, r->n);
}

/* A list for each key. */
static void
grow_lists(struct sessions *s)
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
	grow_lists(s);
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
	return (x->order > y->order) - (x->order < y->order);
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
	*out = (struct session_result){x->first_us, x->end_us, x->table};
	return 1;
}

size_t
sessions_n_open(const struct sessions *s)
{
	return s->n_open + s->n_due - s->due_at;
}

/* The tables of all sessions, in the order of the lists; to be freed. */
static struct pane **
list_tables(const struct sessions *s)
{
	struct pane **tables =
	    mem_resize(NULL, s->n_open + 1, sizeof(struct pane *));
	struct session *x;
	size_t n = 0;

	for (size_t i = 0; i < s->n_lists; i++) {
		SLIST_FOREACH(x, &s->lists[i], next)
		tables[n++] = x->table;
	}
	return tables;
}

void
sessions_save(const struct sessions *s, struct buf *out)
{
	struct pane **tables = list_tables(s);
	const struct session *x;

	packed_put_keys(out, &s->keys);
	buf_put_int(out, (uint64_t)s->least_end, 8);
	buf_put_int(out, (uint64_t)s->given_us, 8);
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
	panepack_put(out, tables, s->n_open);
	free(tables);
}

/* The sessions of a key, in the order of the list. */
static int
load_list(struct sessions *s, struct session_list *list, struct cur *in)
{
	struct session *x, *before = NULL;
	uint64_t more;

	while ((more = cur_get_int(in, 1)) == 1) {
		x = mem_zero(1, sizeof(*x));
		x->first_us = (int64_t)cur_get_int(in, 8);
		x->last_us = (int64_t)cur_get_int(in, 8);
		x->order = cur_get_int(in, 8);
		x->table = pane_new(s->plan);
		if (before == NULL)
			SLIST_INSERT_HEAD(list, x, next);
		else
			SLIST_INSERT_AFTER(before, x, next);
		before = x;
		s->n_open++;
		if (x->first_us > x->last_us
		    || !num_add(&x->end_us, x->last_us, s->gap))
			return -1;
	}
	return in->failed || more != 0 ? -1 : 0;
}

int
sessions_load(struct sessions *s, struct cur *in)
{
	struct pane **tables;
	int rc;

	if (packed_get_keys(&s->keys, in) == -1)
		return -1;
	grow_lists(s);
	s->least_end = (int64_t)cur_get_int(in, 8);
	s->given_us = (int64_t)cur_get_int(in, 8);
	for (size_t i = 0; i < s->n_lists; i++)
		if (load_list(s, &s->lists[i], in) == -1)
			return -1;
	tables = list_tables(s);
	rc = panepack_get(tables, s->n_open, in);
	free(tables);
	return rc;
}
