/* SPDX-License-Identifier: ISC */
/* Frames of a stream joined with a table. */
#include "join/tablejoin.h"

#include <stdlib.h>
#include <string.h>

struct tablejoin *
tablejoin_new(const struct plan *p, struct table *t)
{
	struct tablejoin *j = mem_zero(1, sizeof(*j));

	j->plan = p;
	j->table = t;
	batch_init(&j->out);
	if (p->kind == PLAN_RIGHT || p->kind == PLAN_FULL)
		j->seen = mem_zero(bit_bytes(t->keys.map.n) + 1, 1);
	return j;
}

void
tablejoin_free(struct tablejoin *j)
{
	if (j == NULL)
		return;
	batch_release(&j->out);
	free(j->seen);
	free(j->group);
	free(j);
}

/* Whether rows without a match come out, and whether those with one do. */
static bool
wants_single(const struct plan *p)
{
	return p->kind == PLAN_LEFT || p->kind == PLAN_FULL
	       || p->kind == PLAN_ANTI || p->kind == PLAN_UNION;
}

static bool
wants_match(const struct plan *p)
{
	return p->kind != PLAN_ANTI;
}

/* Whether a left row has one match at most, or one is enough. */
static bool
one_match(const struct tablejoin *j)
{
	return j->table->unique || j->table->asof || j->plan->kind == PLAN_SEMI
	       || j->plan->kind == PLAN_ANTI;
}

static void
count_used(struct tablejoin *j)
{
	uint32_t n = j->b->n_rows, n_match = 0;

	for (uint32_t r = 0; r < n; r++)
		n_match += j->group[r] != MAP_NONE;
	j->n_used = wants_match(j->plan) ? n_match : 0;
	j->n_used += wants_single(j->plan) ? n - n_match : 0;
	for (uint32_t r = 0; j->seen != NULL && r < n; r++)
		if (j->group[r] != MAP_NONE)
			bit_set(j->seen, j->group[r]);
}

int
tablejoin_begin(struct tablejoin *j, struct expr_error *err,
    const struct batch *b, struct arena *a)
{
	j->b = b;
	j->at = j->next = j->from = j->n = 0;
	j->group =
	    mem_grow(j->group, &j->cap_group, b->n_rows, sizeof(*j->group));
	if (table_look(j->table, j->group, err, j->plan, b, a, &j->env) == -1)
		return -1;
	if (j->table->asof)
		table_asof(j->table, j->group, &b->cols[j->time_col],
		    j->time_off, j->within_us);
	count_used(j);
	return 0;
}

/* Matches of the left rows, when each has one at most; until the piece is full.
 */
static void
pair_unique(struct tablejoin *j)
{
	bool single = wants_single(j->plan), match = wants_match(j->plan);
	uint32_t n = 0, room = TABLEJOIN_ROWS, end = j->b->n_rows;
	const uint32_t *row = j->table->row;

	if (end - j->at > room)
		end = j->at + room;
	for (uint32_t r = j->at; r < end; r++) {
		uint32_t g = j->group[r];
		bool is = g != MAP_NONE;

		j->left[n] = r;
		j->right[n] = is ? row[g] : PLAN_NONE;
		n += is ? match : single;
	}
	j->at = end;
	j->n = n;
}

/* The same when a row may have several. */
static void
pair_all(struct tablejoin *j)
{
	bool single = wants_single(j->plan);

	while (j->n < TABLEJOIN_ROWS && j->at < j->b->n_rows) {
		uint32_t g = j->group[j->at], n_rows = 0, n;
		const uint32_t *row = NULL;

		if (g != MAP_NONE) {
			row = table_rows(j->table, g, &n_rows);
		} else if (single) {
			j->left[j->n] = j->at;
			j->right[j->n++] = PLAN_NONE;
		}
		n = n_rows - j->next;
		if (n > TABLEJOIN_ROWS - j->n)
			n = TABLEJOIN_ROWS - j->n;
		for (uint32_t i = 0; i < n; i++) {
			j->left[j->n] = j->at;
			j->right[j->n++] = row[j->next + i];
		}
		j->next += n;
		if (j->next < n_rows)
			return;
		j->next = 0;
		j->at++;
	}
}

/* Rows of the table, j->at being the next one, whose group was not seen. */
static void
pair_rest(struct tablejoin *j)
{
	while (j->n < TABLEJOIN_ROWS && j->at < j->table->rows.n_rows) {
		uint32_t g = j->group[j->at];

		if (g == MAP_NONE || !bit_get(j->seen, g)) {
			j->left[j->n] = PLAN_NONE;
			j->right[j->n++] = j->at;
		}
		j->at++;
	}
}

void
tablejoin_rest(struct tablejoin *j)
{
	uint32_t n = j->table->rows.n_rows, n_rows;

	j->b = NULL;
	j->at = j->next = j->from = j->n = 0;
	j->group = mem_grow(j->group, &j->cap_group, n, sizeof(*j->group));
	for (uint32_t r = 0; r < n; r++)
		j->group[r] = MAP_NONE;
	for (uint32_t g = 0; g < j->table->keys.map.n; g++) {
		const uint32_t *row = table_rows(j->table, g, &n_rows);

		for (uint32_t i = 0; i < n_rows; i++)
			j->group[row[i]] = g;
	}
}

static bool
at_end(const struct tablejoin *j)
{
	return j->at == (j->b == NULL ? j->table->rows.n_rows : j->b->n_rows);
}

/* More pairs, now that all are given. */
static void
refill(struct tablejoin *j)
{
	j->from = j->n = 0;
	while (j->n == 0 && !at_end(j)) {
		if (j->b == NULL)
			pair_rest(j);
		else if (one_match(j))
			pair_unique(j);
		else
			pair_all(j);
	}
}

int
tablejoin_next(
    struct tablejoin *j, const struct batch **out, struct expr_error *err)
{
	bool lefts = j->plan->kind == PLAN_SEMI || j->plan->kind == PLAN_ANTI;
	struct plan_rows rows = {.left = j->b};
	uint32_t n;

	if (j->from == j->n)
		refill(j);
	if (!lefts)
		rows.right = &j->table->rows;
	rows.l = j->left + j->from;
	rows.r = j->right + j->from;
	rows.n = j->n - j->from;
	n = plan_fit(
	    j->plan, &rows, lefts ? 0 : j->table->width, TABLEJOIN_BYTES);
	/* All rows once: they need not be copied. */
	if (j->b != NULL && n == j->b->n_rows && one_match(j))
		rows.l = NULL;
	rows.n = n;
	j->from += n;
	if (plan_gather(j->plan, &j->out, err, &rows) == -1)
		return -1;
	*out = &j->out;
	return j->from < j->n || !at_end(j);
}

void
tablejoin_save(const struct tablejoin *j, struct buf *out)
{
	if (j->seen != NULL)
		buf_put(out, j->seen, bit_bytes(j->table->keys.map.n));
}

int
tablejoin_load(struct tablejoin *j, struct cur *in)
{
	size_t len = bit_bytes(j->table->keys.map.n);
	const uint8_t *seen;

	if (j->seen == NULL || len == 0)
		return 0;
	seen = cur_get(in, len);
	if (seen == NULL)
		return -1;
	memcpy(j->seen, seen, len);
	return 0;
}
