/* SPDX-License-Identifier: ISC */
/* Windows whose rows are held. */
#include "window/hold.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "window/store.h"
#include "window/visits.h"

/* The rows of one pane. */
struct slot {
	int64_t start;
	int64_t end;
	struct bag rows;
};

/*
 * Invariants: slots ascend by start and hold rows; every slot's last window
 * ends above closed.  The window at hand is slots[0..n_given), or the visit
 * given; at and row say where hold_take goes on.
 */
struct hold {
	struct grid grid;
	int64_t per; /* windows of rows: N, else 0 */
	struct store store;
	struct stretches *visits; /* sessions, or NULL */
	const size_t *key_cols;
	size_t n_keys;
	struct slot **slots;
	size_t n;
	size_t cap;
	struct slot *last; /* the one found last, or NULL */
	int64_t closed; /* end of the last window, TIME_NONE = none */
	struct visit *given;
	size_t n_given;
	size_t at;
	size_t row;
	uint64_t n_rows; /* held so far; the store's numbers begin anew */
	struct build out;
};

static struct stretches *
new_visits(const struct hold *h, int64_t gap, const struct schema *schema)
{
	struct stretches *v = mem_zero(1, sizeof(*v));
	enum type *types = mem_resize(NULL, h->n_keys, sizeof(*types));

	for (size_t i = 0; i < h->n_keys; i++)
		types[i] = schema->fields[h->key_cols[i]].type;
	stretches_init(v, gap, types, h->n_keys, &visits_owner, NULL);
	free(types);
	return v;
}

struct hold *
hold_new(const struct window_spec *w, const struct zone *zone,
    const struct schema *schema, const size_t *key_cols, size_t n_keys)
{
	struct hold *h = mem_zero(1, sizeof(*h));

	h->key_cols = key_cols;
	h->n_keys = n_keys;
	h->closed = TIME_NONE;
	h->per = w->kind == WINDOW_ROWS ? w->size : 0;
	store_init(&h->store, schema);
	build_init(&h->out, schema);
	if (w->kind == WINDOW_SESSION)
		h->visits = new_visits(h, w->size, schema);
	else
		grid_init(&h->grid, w, zone);
	return h;
}

static void
free_slot(struct slot *s)
{
	bag_release(&s->rows);
	free(s);
}

void
hold_free(struct hold *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->n; i++)
		free_slot(h->slots[i]);
	free(h->slots);
	if (h->visits != NULL)
		stretches_release(h->visits);
	free(h->visits);
	store_release(&h->store);
	build_release(&h->out);
	free(h);
}

/* The slot of the pane that begins at start, made if it is not there. */
static struct slot *
find_slot(struct hold *h, int64_t start)
{
	size_t lo = 0, hi = h->n;
	struct slot *s;
	int64_t pane;

	if (h->last != NULL && h->last->start == start)
		return h->last;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (h->slots[mid]->start < start)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == h->n || h->slots[lo]->start != start) {
		s = mem_zero(1, sizeof(*s));
		s->start = start;
		/* It was stamped by the same grid. */
		(void)grid_pane(&h->grid, &pane, &s->end, start);
		h->slots = mem_grow(
		    h->slots, &h->cap, h->n + 1, sizeof(struct slot *));
		memmove(&h->slots[lo + 1], &h->slots[lo],
		    (h->n - lo) * sizeof(struct slot *));
		h->slots[lo] = s;
		h->n++;
	}
	h->last = h->slots[lo];
	return h->last;
}

/* The groups of the rows' session keys, or NULL without sessions. */
static const uint32_t *
find_groups(struct hold *h, const struct hold_rows *in, struct arena *a)
{
	struct col *keys;

	if (h->visits == NULL)
		return NULL;
	keys = arena_alloc(a, h->n_keys * sizeof(*keys));
	for (size_t i = 0; i < h->n_keys; i++)
		keys[i] = in->cols[h->key_cols[i]];
	return stretches_keys(h->visits, keys, in->n, 0, a);
}

/* The bags of all that is held; *n of them, to be freed. */
static struct bag **
all_bags(const struct hold *h, size_t *n)
{
	struct bag **bags;

	if (h->visits != NULL)
		return visits_bags(h->visits, n);
	bags = mem_resize(NULL, h->n + 1, sizeof(struct bag *));
	*n = h->n;
	for (size_t i = 0; i < h->n; i++)
		bags[i] = &h->slots[i]->rows;
	return bags;
}

static void
pack(struct hold *h)
{
	struct bag **bags;
	size_t n;

	if (!store_is_sparse(&h->store))
		return;
	bags = all_bags(h, &n);
	store_pack(&h->store, bags, n);
	free(bags);
}

void
hold_add(struct hold *h, const struct hold_rows *in, struct arena *a)
{
	const uint32_t *groups;
	uint64_t at;

	if (in->n == 0)
		return;
	pack(h);
	groups = find_groups(h, in, a);
	at = store_add(&h->store, in->cols, in->n);
	for (uint32_t r = 0; r < in->n; r++, at++, h->n_rows++) {
		int64_t pane = in->panes->i[col_entry(in->panes, r)];
		int64_t t = INT64_MIN, part = in->part;

		if (in->times != NULL && col_is_valid(in->times, r))
			t = in->times->i[col_entry(in->times, r)];
		if (in->parts != NULL)
			part = in->parts->i[col_entry(in->parts, r)];
		if (groups != NULL)
			visits_add(
			    h->visits, groups[r], pane, part, at, h->n_rows);
		else
			bag_push(&find_slot(h, pane)->rows, t, part, at);
	}
}

/* Forget the window that was given, and the panes that no other needs. */
static void
forget(struct hold *h)
{
	int64_t first, last = INT64_MAX;
	size_t n = 0;

	if (h->given != NULL)
		store_drop(&h->store, &h->given->rows);
	h->given = NULL;
	for (; n < h->n_given; n++) {
		(void)grid_ends(&h->grid, &first, &last, h->slots[n]->start,
		    h->slots[n]->end);
		if (last > h->closed)
			break;
		store_drop(&h->store, &h->slots[n]->rows);
		free_slot(h->slots[n]);
	}
	h->n_given = 0;
	if (n == 0)
		return;
	h->last = NULL;
	h->n -= n;
	memmove(&h->slots[0], &h->slots[n], h->n * sizeof(struct slot *));
}

static int
next_visit(struct hold *h, struct hold_window *w, int64_t until)
{
	h->given = (struct visit *)stretches_next(h->visits, until);
	if (h->given == NULL)
		return 0;
	*w = (struct hold_window){.start = h->given->at.first_us,
	    .end = h->given->at.last_us + h->visits->gap,
	    .n_rows = h->given->rows.n};
	return 1;
}

int
hold_next(struct hold *h, struct hold_window *w, int64_t until)
{
	int64_t end, last;

	forget(h);
	h->at = h->row = 0;
	if (h->visits != NULL)
		return next_visit(h, w, until);
	if (h->n == 0)
		return 0;
	/* swindow stamps no row with a pane that no window covers. */
	(void)grid_ends(
	    &h->grid, &end, &last, h->slots[0]->start, h->slots[0]->end);
	if (end <= h->closed)
		end = grid_next(&h->grid, h->closed);
	if (end > until)
		return 0;
	*w = (struct hold_window){grid_start(&h->grid, end), end, 0};
	h->closed = end;
	for (; h->n_given < h->n && h->slots[h->n_given]->start < end;
	     h->n_given++)
		w->n_rows += h->slots[h->n_given]->rows.n;
	if (h->per > 0) {
		/* Rows that were numbered are fewer than int64 can say. */
		w->start *= h->per;
		w->end = w->start + h->per;
	}
	return 1;
}

/* The bag at hand, or NULL when all were given. */
static struct bag *
bag_at(const struct hold *h)
{
	if (h->given != NULL)
		return h->at == 0 ? &h->given->rows : NULL;
	return h->at < h->n_given ? &h->slots[h->at]->rows : NULL;
}

void
hold_take(struct hold *h, struct batch *out)
{
	struct bag *b;
	size_t n;

	build_reset(&h->out);
	while (h->out.n_rows < STORE_ROWS && (b = bag_at(h)) != NULL) {
		n = b->n - h->row;
		if (n > STORE_ROWS - h->out.n_rows)
			n = STORE_ROWS - h->out.n_rows;
		store_copy(&h->store, &h->out, b, h->row, (uint32_t)n);
		h->row += n;
		if (h->row == b->n) {
			h->at++;
			h->row = 0;
		}
	}
	build_view(out, &h->out);
}

void
hold_save(struct hold *h, struct buf *out)
{
	struct bag **bags;
	size_t n;

	buf_put_int(out, (uint64_t)h->closed, 8);
	buf_put_int(out, h->n_rows, 8);
	if (h->visits != NULL) {
		stretches_save(h->visits, out);
		stretches_save_lists(h->visits, out);
	} else {
		buf_put_int(out, h->n, 4);
	}
	for (size_t i = 0; i < h->n; i++)
		buf_put_int(out, (uint64_t)h->slots[i]->start, 8);
	bags = all_bags(h, &n);
	store_save(&h->store, out, bags, n);
	free(bags);
}

/* A pane that windows still need. */
static int
load_slot(struct hold *h, int64_t start)
{
	int64_t pane, end, first, last;

	/* Windows of rows are told in rows. */
	if (h->per > 0 && (start < 0 || start >= INT64_MAX / h->per))
		return -1;
	if ((h->n > 0 && start <= h->slots[h->n - 1]->start)
	    || !grid_pane(&h->grid, &pane, &end, start) || pane != start
	    || !grid_ends(&h->grid, &first, &last, pane, end)
	    || last <= h->closed)
		return -1;
	find_slot(h, start);
	return 0;
}

int
hold_load(struct hold *h, struct cur *in)
{
	struct bag **bags;
	size_t n;
	int rc = 0;

	h->closed = (int64_t)cur_get_int(in, 8);
	h->n_rows = cur_get_int(in, 8);
	if (h->visits != NULL) {
		rc = stretches_load(h->visits, in);
		if (rc == 0)
			rc = stretches_load_lists(h->visits, in);
	} else {
		n = cur_get_int(in, 4);
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = load_slot(h, (int64_t)cur_get_int(in, 8));
	}
	if (rc == -1 || in->failed)
		return -1;
	bags = all_bags(h, &n);
	rc = store_load(&h->store, in, bags, n);
	free(bags);
	if (rc == 0 && h->visits != NULL)
		rc = stretches_sort(h->visits);
	return rc;
}
