/* SPDX-License-Identifier: ISC */
/*
 * Tables too large for memory.  Runs are sorted by a hash of the key that is
 * the same in all of them, whichever start wrote them; merged, they give each
 * group once, in an order that says nothing, so those groups are sorted again
 * by first arrival: in memory, or by way of runs as well.
 */
#include "window/spill.h"

#include <stdlib.h>
#include <string.h>

#include "base/xxh64.h"
#include "window/runfold.h"

#define READ_LEN (16u << 10) /* least memory to read a run through */
#define PIECE_GROUPS 4096u

/* A group that waits to be sorted by first arrival. */
struct held {
	struct run_entry entry; /* key and states are bytes at off */
	size_t off;
};

struct spill {
	const struct pane_plan *plan;
	struct runs *runs;
	size_t mem; /* for the merging of runs, and as much for held */
	struct buf key; /* scratch */
	struct buf states;
	/* What spill_next gives: sorted, once there is one, else held. */
	struct held *held;
	size_t n_held, cap_held;
	size_t at; /* in held */
	struct buf bytes; /* of held */
	struct run **sorted; /* by first arrival */
	size_t n_sorted, cap_sorted;
	struct runfold *from; /* of sorted */
	struct pane *piece;
};

struct spill *
spill_new(const struct pane_plan *plan, size_t mem)
{
	struct spill *s = mem_zero(1, sizeof(*s));

	s->plan = plan;
	s->runs = runs_new();
	s->mem = (mem < SPILL_MIN_MEM ? SPILL_MIN_MEM : mem) / 2;
	s->piece = pane_new(plan);
	return s;
}

static void
drop_runs(struct run **runs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run_unref(runs[i]);
}

/* Forget what spill_next was to give. */
static void
finish(struct spill *s)
{
	runfold_free(s->from);
	s->from = NULL;
	drop_runs(s->sorted, s->n_sorted);
	s->n_sorted = 0;
	free(s->held);
	s->held = NULL;
	s->n_held = s->cap_held = s->at = 0;
	buf_release(&s->bytes);
}

void
spill_free(struct spill *s)
{
	if (s == NULL)
		return;
	finish(s);
	pane_free(s->piece);
	free(s->sorted);
	buf_release(&s->key);
	buf_release(&s->states);
	runs_free(s->runs);
	free(s);
}

bool
spill_failed(const struct spill *s)
{
	return runs_error(s->runs) != NULL && !runs_damaged(s->runs);
}

struct runs *
spill_runs(struct spill *s)
{
	return s->runs;
}

static int
io_failed(struct spill *s, const char **why)
{
	*why = runs_error(s->runs);
	return -1;
}

/* Group g of p as an entry; its bytes are in key and states. */
static int
make_entry(struct spill *s, const char **why, struct run_entry *e,
    const struct pane *p, uint32_t g)
{
	buf_reset(&s->key);
	buf_reset(&s->states);
	keys_save(&s->key, &p->keys, g);
	for (size_t i = 0; i < s->plan->n_states; i++)
		agg_save(&s->states, &p->sets[i], g);
	if (s->key.len > UINT32_MAX || s->states.len > UINT32_MAX) {
		*why = "--mem: the state of one group takes more than 4 GiB";
		return -1;
	}
	*e = (struct run_entry){.hash = xxh64(s->key.data, s->key.len, 0),
	    .first = p->keys.first[g],
	    .key = s->key.data,
	    .key_len = (uint32_t)s->key.len,
	    .states = s->states.data,
	    .states_len = (uint32_t)s->states.len};
	return 0;
}

/* Groups of a table, with the hashes that they are sorted by. */
struct hashed {
	const struct keys *keys;
	uint64_t *hashes;
};

static void
hash_keys(struct spill *s, struct hashed *k, uint32_t n)
{
	k->hashes = mem_resize(NULL, n, sizeof(*k->hashes));
	for (uint32_t g = 0; g < n; g++) {
		buf_reset(&s->key);
		keys_save(&s->key, k->keys, g);
		k->hashes[g] = xxh64(s->key.data, s->key.len, 0);
	}
}

static int
by_hash(const void *a, const void *b, void *arg)
{
	const struct hashed *hashed = arg;
	const struct keys *k = hashed->keys;
	uint32_t g = *(const uint32_t *)a, h = *(const uint32_t *)b;
	struct run_entry x = {.hash = hashed->hashes[g]};
	struct run_entry y = {.hash = hashed->hashes[h]};
	struct buf p = {.data = NULL}, q = {.data = NULL};
	int order;

	if (x.hash != y.hash || g == h)
		return (x.hash > y.hash) - (x.hash < y.hash);
	/* As good as never. */
	keys_save(&p, k, g);
	keys_save(&q, k, h);
	x.key = p.data;
	x.key_len = (uint32_t)p.len;
	y.key = q.data;
	y.key_len = (uint32_t)q.len;
	order = runmerge_by_key(&x, &y);
	buf_release(&p);
	buf_release(&q);
	return order;
}

int
spill_out(struct spill *s, const char **why, struct pane *p)
{
	uint32_t n = pane_n_groups(p);
	uint32_t *order = mem_resize(NULL, n, sizeof(*order));
	struct hashed hashed = {.keys = &p->keys};
	struct run_entry e;
	struct run *x = NULL;
	int rc = 0;

	for (uint32_t g = 0; g < n; g++)
		order[g] = g;
	hash_keys(s, &hashed, n);
	qsort_r(order, n, sizeof(*order), by_hash, &hashed);
	free(hashed.hashes);
	for (uint32_t i = 0; i < n && rc == 0; i++) {
		rc = make_entry(s, why, &e, p, order[i]);
		if (rc == 0 && runs_put(s->runs, &e) == -1)
			rc = io_failed(s, why);
	}
	free(order);
	if (rc == 0 && (x = runs_end(s->runs)) == NULL)
		rc = io_failed(s, why);
	if (rc == -1)
		return -1;
	pane_to_run(p, x);
	return 0;
}

/* runs[0..n) as one, which takes their place. */
static int
join(struct spill *s, const char **why, struct run **runs, size_t n,
    runmerge_cmp *cmp)
{
	struct runfold *f = runfold_new(s->plan, runs, n, s->mem, cmp);
	struct run_entry e;
	struct run *x;
	int rc;

	while ((rc = runfold_next(f, why, &e)) == 1)
		if (runs_put(s->runs, &e) == -1)
			break;
	runfold_free(f);
	if (rc == -1 && *why != NULL)
		return -1;
	if (rc != 0 || (x = runs_end(s->runs)) == NULL)
		return io_failed(s, why);
	drop_runs(runs, n);
	runs[0] = x;
	return 0;
}

/* Join runs until they can all be read at once. */
static int
join_down(struct spill *s, const char **why, struct run **runs, size_t *n,
    runmerge_cmp *cmp)
{
	size_t most = s->mem / READ_LEN;

	while (*n > most) {
		if (join(s, why, runs + (*n - most), most, cmp) == -1)
			return -1;
		*n -= most - 1;
	}
	return 0;
}

static int
held_by_first(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return runmerge_by_first(&x->entry, &y->entry);
}

static void
point(const struct spill *s, struct run_entry *e, const struct held *h)
{
	*e = h->entry;
	e->key = s->bytes.data + h->off;
	e->states = e->key + e->key_len;
}

static void
sort_held(struct spill *s)
{
	if (s->n_held > 0)
		qsort(s->held, s->n_held, sizeof(*s->held), held_by_first);
}

/* What is held becomes a run. */
static int
write_held(struct spill *s, const char **why)
{
	struct run_entry e;
	struct run *x;

	sort_held(s);
	for (size_t i = 0; i < s->n_held; i++) {
		point(s, &e, &s->held[i]);
		if (runs_put(s->runs, &e) == -1)
			return io_failed(s, why);
	}
	x = runs_end(s->runs);
	if (x == NULL)
		return io_failed(s, why);
	s->sorted = mem_grow(
	    s->sorted, &s->cap_sorted, s->n_sorted + 1, sizeof(struct run *));
	s->sorted[s->n_sorted++] = x;
	s->n_held = 0;
	buf_reset(&s->bytes);
	return 0;
}

static int
hold(struct spill *s, const char **why, const struct run_entry *e)
{
	struct held *h;

	if (s->n_held > 0
	    && s->bytes.len + s->n_held * sizeof(*h) + e->key_len
		       + e->states_len
		   > s->mem
	    && write_held(s, why) == -1)
		return -1;
	s->held =
	    mem_grow(s->held, &s->cap_held, s->n_held + 1, sizeof(*s->held));
	h = &s->held[s->n_held++];
	h->entry = *e;
	h->off = s->bytes.len;
	buf_put(&s->bytes, e->key, e->key_len);
	buf_put(&s->bytes, e->states, e->states_len);
	return 0;
}

/* All groups of runs[0..n) by first arrival: held, or in sorted. */
static int
sort_by_first(
    struct spill *s, const char **why, struct run *const *runs, size_t n)
{
	struct runfold *f =
	    runfold_new(s->plan, runs, n, s->mem, runmerge_by_key);
	struct run_entry e;
	int rc;

	while ((rc = runfold_next(f, why, &e)) == 1)
		if (hold(s, why, &e) == -1)
			break;
	runfold_free(f);
	if (rc == 0)
		return 0;
	return *why != NULL ? -1 : io_failed(s, why);
}

int
spill_begin(struct spill *s, const char **why, struct pane *p)
{
	finish(s);
	if ((pane_n_groups(p) > 0 && spill_out(s, why, p) == -1)
	    || join_down(s, why, p->runs, &p->n_runs, runmerge_by_key) == -1
	    || sort_by_first(s, why, p->runs, p->n_runs) == -1)
		return -1;
	pane_reset(p);
	if (s->n_sorted == 0) {
		sort_held(s);
		return 0;
	}
	if (write_held(s, why) == -1
	    || join_down(s, why, s->sorted, &s->n_sorted, runmerge_by_first)
		   == -1)
		return -1;
	free(s->held);
	s->held = NULL;
	s->cap_held = 0;
	buf_release(&s->bytes);
	s->from = runfold_new(
	    s->plan, s->sorted, s->n_sorted, s->mem, runmerge_by_first);
	return 0;
}

/* The next group in order of first arrival: 1, 0, -1. */
static int
next_entry(struct spill *s, const char **why, struct run_entry *e)
{
	int rc;

	if (s->from == NULL) {
		if (s->at == s->n_held)
			return 0;
		point(s, e, &s->held[s->at++]);
		return 1;
	}
	rc = runfold_next(s->from, why, e);
	return rc == -1 && *why == NULL ? io_failed(s, why) : rc;
}

static int
load_entry(struct spill *s, const char **why, const struct run_entry *e)
{
	struct pane *p = s->piece;
	uint32_t g = pane_n_groups(p);
	struct cur in;
	int rc;

	cur_init(&in, e->key, e->key_len);
	rc = keys_load(&p->keys, e->hash, e->first, &in);
	cur_init(&in, e->states, e->states_len);
	for (size_t i = 0; i < s->plan->n_states && rc == 0; i++) {
		agg_set_grow(&p->sets[i], g + 1);
		rc = agg_load(&p->sets[i], g, &in);
	}
	if (rc == -1)
		*why = "a temporary file was changed";
	return rc;
}

int
spill_next(struct spill *s, const char **why, const struct pane **piece)
{
	struct run_entry e;
	size_t len = 0;
	int rc = 1;

	pane_reset(s->piece);
	while (pane_n_groups(s->piece) < PIECE_GROUPS && len < s->mem / 4) {
		rc = next_entry(s, why, &e);
		if (rc != 1)
			break;
		if (load_entry(s, why, &e) == -1)
			return -1;
		len += e.key_len + e.states_len;
	}
	*piece = s->piece;
	if (rc == 0)
		finish(s);
	return rc == 1 || (rc == 0 && pane_n_groups(s->piece) > 0) ? 1 : rc;
}
