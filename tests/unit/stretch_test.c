/* SPDX-License-Identifier: ISC */
/* Sessions by key are the connected components of the rows, given once. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check.h"
#include "rnd.h"
#include "window/stretch.h"

#define N_CASES 300
#define MAX_ROWS 80
#define GAP 10

struct held {
	struct stretch at;
	uint32_t n; /* rows */
};

static struct stretch *
open_held(void *arg)
{
	(void)arg;
	return mem_zero(1, sizeof(struct held));
}

static int
join(void *arg, const char **why, struct stretch *to, struct stretch *from)
{
	(void)arg;
	(void)why;
	((struct held *)to)->n += ((struct held *)from)->n;
	return 0;
}

static void
drop(struct stretch *x)
{
	free(x);
}

static const struct stretch_owner owner = {open_held, join, drop};

struct row {
	int64_t key;
	int64_t t;
	bool given;
};

static int64_t
below(uint32_t n)
{
	return (int64_t)(rnd() % n);
}

static void
init(struct stretches *s)
{
	const enum type types[] = {TYPE_INT};

	stretches_init(s, GAP, types, 1, &owner, NULL);
}

static void
add(struct stretches *s, const struct row *r, uint64_t order)
{
	struct col key = {.type = TYPE_INT, .n = 1, .n_entries = 1};
	const struct stretch at = {
	    .first_us = r->t, .last_us = r->t, .order = order};
	struct arena a = {.blocks = NULL};
	struct stretch *x;
	const char *why = NULL;

	key.i = &r->key;
	x = stretches_add(s, &why, *stretches_keys(s, &key, 1, order, &a), &at);
	CHECK(x != NULL);
	((struct held *)x)->n++;
	arena_release(&a);
}

/* All rows that row i reaches over rows that touch. */
static void
spread(bool *in, const struct row *rows, size_t n, size_t i)
{
	bool grown = true;

	memset(in, 0, n * sizeof(*in));
	in[i] = true;
	while (grown) {
		grown = false;
		for (size_t a = 0; a < n; a++)
			for (size_t b = 0; in[a] && b < n; b++)
				if (!in[b] && !rows[b].given
				    && rows[a].key == rows[b].key
				    && llabs(rows[a].t - rows[b].t) < GAP)
					in[b] = grown = true;
	}
}

static struct held
sum_up(const bool *in, const struct row *rows, size_t n)
{
	struct held x = {.at = {.first_us = INT64_MAX, .last_us = INT64_MIN}};

	for (size_t a = n; a-- > 0;) {
		if (!in[a])
			continue;
		x.n++;
		x.at.order = a;
		if (rows[a].t < x.at.first_us)
			x.at.first_us = rows[a].t;
		if (rows[a].t > x.at.last_us)
			x.at.last_us = rows[a].t;
	}
	return x;
}

/*
 * The next session by definition, of the rows that were not given: the one
 * that ends first, then came first.
 */
static bool
expect(struct held *out, struct row *rows, size_t n, int64_t until)
{
	bool in[MAX_ROWS], best[MAX_ROWS] = {false}, found = false;

	for (size_t i = 0; i < n; i++) {
		struct held x;

		if (rows[i].given)
			continue;
		spread(in, rows, n, i);
		x = sum_up(in, rows, n);
		if ((until != INT64_MAX && x.at.last_us + GAP > until)
		    || (found
			&& (out->at.last_us < x.at.last_us
			    || (out->at.last_us == x.at.last_us
				&& out->at.order <= x.at.order))))
			continue;
		found = true;
		*out = x;
		memcpy(best, in, sizeof(in));
	}
	for (size_t i = 0; found && i < n; i++)
		rows[i].given |= best[i];
	return found;
}

static void
give(struct stretches *s, struct row *rows, size_t n, int64_t until)
{
	struct held want;
	const struct stretch *x;

	while ((x = stretches_next(s, until)) != NULL) {
		CHECK(expect(&want, rows, n, until));
		CHECK(x->first_us == want.at.first_us);
		CHECK(x->last_us == want.at.last_us);
		CHECK(x->order == want.at.order);
		CHECK(((const struct held *)x)->n == want.n);
	}
	CHECK(!expect(&want, rows, n, until));
}

/* Save and load; what they hold is the owner's to keep. */
static void
restart(struct stretches *s)
{
	struct stretch **old = stretches_all(s), **new;
	size_t n = stretches_n(s);
	struct stretches t;
	struct buf b;
	struct cur in;

	buf_init(&b, 0);
	stretches_save(s, &b);
	stretches_save_lists(s, &b);
	init(&t);
	cur_init(&in, b.data, b.len);
	CHECK(stretches_load(&t, &in) == 0);
	CHECK(stretches_load_lists(&t, &in) == 0 && in.left == 0);
	CHECK(stretches_n(&t) == n);
	new = stretches_all(&t);
	for (size_t i = 0; i < n; i++) {
		CHECK(new[i]->order == old[i]->order);
		((struct held *)new[i])->n = ((struct held *)old[i])->n;
	}
	CHECK(stretches_sort(&t) == 0);
	t.given_us = s->given_us;
	free(old);
	free(new);
	buf_release(&b);
	stretches_release(s);
	*s = t;
}

static void
test_rows(void)
{
	struct row rows[MAX_ROWS];
	struct stretches s;
	size_t n = 1 + (size_t)below(MAX_ROWS);
	uint32_t n_keys = 1 + (uint32_t)below(3), late = (uint32_t)below(60);
	int64_t at = 0;

	init(&s);
	for (size_t i = 0; i < n; i++) {
		at += below(4) == 0 ? below(30) : below(3);
		rows[i] =
		    (struct row){below(n_keys), at - below(late + 1), false};
		add(&s, &rows[i], i);
		if (below(20) == 0)
			give(&s, rows, i + 1, at - (int64_t)late);
		if (below(30) == 0)
			restart(&s);
	}
	give(&s, rows, n, INT64_MAX);
	CHECK(stretches_n(&s) == 0);
	stretches_release(&s);
}

/* A snapshot of one key with those first and last instants. */
static int
load(struct stretches *s, const int64_t (*at)[2], size_t n)
{
	const struct row row = {.key = 1};
	struct stretches empty;
	struct buf b;
	struct cur in;
	int rc;

	init(&empty);
	add(&empty, &row, 0);
	buf_init(&b, 0);
	stretches_save(&empty, &b);
	for (size_t i = 0; i < n; i++) {
		buf_put_int(&b, 1, 1);
		buf_put_int(&b, (uint64_t)at[i][0], 8);
		buf_put_int(&b, (uint64_t)at[i][1], 8);
		buf_put_int(&b, i, 8);
	}
	buf_put_int(&b, 0, 1);
	init(s);
	cur_init(&in, b.data, b.len);
	rc = stretches_load(s, &in) == -1 || stretches_load_lists(s, &in) == -1
		     || stretches_sort(s) == -1
		 ? -1
		 : 0;
	stretches_release(&empty);
	buf_release(&b);
	return rc;
}

static void
test_load(void)
{
	static const int64_t any_order[][2] = {{40, 50}, {0, 5}, {70, 70}};
	static const int64_t one[][2] = {{0, 5}, {14, 20}};
	static const int64_t back[][2] = {{5, 0}};
	static const int64_t beyond[][2] = {{0, INT64_MAX - GAP + 1}};
	struct stretches s;

	CHECK(load(&s, any_order, 3) == 0);
	CHECK(SLIST_FIRST(&s.lists[0])->first_us == 70);
	stretches_release(&s);
	CHECK(load(&s, one, 2) == -1);
	stretches_release(&s);
	CHECK(load(&s, back, 1) == -1);
	stretches_release(&s);
	CHECK(load(&s, beyond, 1) == -1);
	stretches_release(&s);
}

static void
test_range(void)
{
	const struct row row = {.key = 1, .t = 0};
	const struct stretch at = {
	    .first_us = INT64_MAX - 5, .last_us = INT64_MAX - 5};
	struct stretches s;
	const char *why = NULL;

	init(&s);
	add(&s, &row, 0);
	CHECK(stretches_add(&s, &why, 0, &at) == NULL);
	CHECK(
	    strcmp(why, "a session would end beyond the range of times") == 0);
	stretches_release(&s);
}

int
main(void)
{
	for (int i = 0; i < N_CASES; i++)
		test_rows();
	test_load();
	test_range();
	return check_done("stretch");
}
