/* SPDX-License-Identifier: ISC */
/* Sessions by key, each with a table of its own. */
#include "window/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "window/session_int.h"

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

static struct stretch *
open_session(void *arg)
{
	struct sessions *s = arg;
	struct session *x = mem_zero(1, sizeof(*x));

	if (s->single)
		x->slot = slots_take(&s->slots);
	else
		x->table = pane_new(s->plan);
	return &x->at;
}

static int
join(void *arg, const char **why, struct stretch *to, struct stretch *from)
{
	struct sessions *s = arg;
	struct session *x = (struct session *)to, *y = (struct session *)from;

	return s->single ? slots_merge(&s->slots, x->slot, why, y->slot)
			 : pane_merge(x->table, why, y->table);
}

/* Its slot, if it has one, is free already, or all slots are about to go. */
static void
drop(struct stretch *at)
{
	struct session *x = (struct session *)at;

	if (x == NULL)
		return;
	pane_free(x->table);
	free(x);
}

static const struct stretch_owner owner = {open_session, join, drop};

struct sessions *
sessions_new(int64_t gap, const struct pane_plan *plan, const size_t *key_cols,
    size_t n_keys)
{
	struct sessions *s = mem_zero(1, sizeof(*s));
	enum type *types = mem_resize(NULL, n_keys, sizeof(*types));

	s->plan = plan;
	s->key_cols = key_cols;
	s->n_keys = n_keys;
	for (size_t i = 0; i < n_keys; i++)
		types[i] = plan->key_types[key_cols[i]];
	stretches_init(&s->all, gap, types, n_keys, &owner, s);
	free(types);
	s->single = are_all_keys(plan, key_cols, n_keys);
	if (s->single) {
		slots_init(&s->slots, plan);
		s->given = pane_new(plan);
	}
	return s;
}

void
sessions_free(struct sessions *s)
{
	if (s == NULL)
		return;
	stretches_release(&s->all);
	slots_release(&s->slots);
	pane_free(s->given);
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

	return num_sub(&apart, high, low) && apart < s->all.gap;
}

static int
add_run(struct sessions *s, const char **why, const struct pane_rows *in,
    const struct place *places, const struct run *r, uint32_t *sel)
{
	struct stretch at = {.first_us = r->first_us, .last_us = r->last_us};
	struct session *x;

	for (uint32_t i = 0; i < r->n; i++)
		sel[i] = places[r->from + i].row;
	if (r->n > 1)
		qsort(sel, r->n, sizeof(*sel), by_number);
	at.order = in->rows->order + sel[0];
	x = (struct session *)stretches_add(
	    &s->all, why, places[r->from].key, &at);
	if (x == NULL)
		return -1;
	if (x->at.last_us + s->all.gap <= s->all.given_us) {
		*why = "a row came behind the watermark; put what reorders "
		       "rows before swindow";
		return -1;
	}
	return s->single ? slots_add(&s->slots, x->slot, why, in, sel, r->n)
			 : pane_add(x->table, why, in, sel, r->n);
}

/* The number of each row's key. */
static const uint32_t *
find_keys(
    struct sessions *s, const struct pane_rows *in, uint32_t n, struct arena *a)
{
	struct col *cols = arena_alloc(a, s->n_keys * sizeof(*cols));

	for (size_t i = 0; i < s->n_keys; i++)
		cols[i] = in->keys->cols[s->key_cols[i]];
	return stretches_keys(&s->all, cols, n, in->rows->order, a);
}

int
sessions_add(struct sessions *s, const char **why, const struct pane_rows *in,
    const struct col *times, uint32_t n, struct arena *a)
{
	const uint32_t *key = find_keys(s, in, n, a);
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
		colbuf_view(&all, &s->all.keys.cols[i]);
		col_gather(&cols[s->key_cols[i]], &a, &all, &x->at.key, 1);
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
	const struct session *x =
	    (struct session *)stretches_next(&s->all, watermark);

	if (x == NULL)
		return 0;
	*out = (struct session_result){x->at.first_us,
	    x->at.last_us + s->all.gap, s->single ? as_table(s, x) : x->table};
	return 1;
}

size_t
sessions_n_open(const struct sessions *s)
{
	return stretches_n(&s->all);
}
