/* SPDX-License-Identifier: ISC */
/* Rows of several sources in the order of their event times. */
#include "io/merge.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

void
merge_release(struct merge *m)
{
	free(m->heap);
	*m = (struct merge){.time_col = -1};
}

/* What has no time goes along with what is before it. */
static int64_t
key_of(const struct merge *m, const struct merge_run *r, uint32_t row)
{
	const struct colbuf *c;

	if (m->time_col == -1)
		return INT64_MIN;
	c = &r->rows.cols[m->time_col];
	return c->has_nulls && !bit_get(c->valid, row) ? INT64_MIN : c->i[row];
}

static bool
is_before(const struct merge_run *a, const struct merge_run *b)
{
	return a->key != b->key ? a->key < b->key : a->part < b->part;
}

static void
sift_up(struct merge *m, size_t i)
{
	struct merge_run *r = m->heap[i];

	for (; i > 0 && is_before(r, m->heap[(i - 1) / 2]); i = (i - 1) / 2)
		m->heap[i] = m->heap[(i - 1) / 2];
	m->heap[i] = r;
}

static void
sift_down(struct merge *m, size_t i)
{
	struct merge_run *r = m->heap[i];
	size_t child;

	while ((child = 2 * i + 1) < m->n) {
		if (child + 1 < m->n
		    && is_before(m->heap[child + 1], m->heap[child]))
			child++;
		if (!is_before(m->heap[child], r))
			break;
		m->heap[i] = m->heap[child];
		i = child;
	}
	m->heap[i] = r;
}

void
merge_add(struct merge *m, struct merge_run *r)
{
	m->heap = mem_grow(m->heap, &m->cap, m->n + 1, sizeof(*m->heap));
	r->key = key_of(m, r, r->at);
	m->heap[m->n++] = r;
	sift_up(m, m->n - 1);
}

struct merge_run *
merge_first(const struct merge *m, int64_t *t)
{
	if (m->n == 0)
		return NULL;
	*t = m->heap[0]->key;
	return m->heap[0];
}

/* The run that comes next after the first, or NULL. */
static const struct merge_run *
second(const struct merge *m)
{
	if (m->n < 2)
		return NULL;
	if (m->n > 2 && is_before(m->heap[2], m->heap[1]))
		return m->heap[2];
	return m->heap[1];
}

uint32_t
merge_len(const struct merge *m, uint32_t max, int64_t due)
{
	const struct merge_run *r = m->heap[0], *next = second(m);
	uint32_t left = r->rows.n_rows - r->at, n = 0;
	int64_t bound = due, key;
	bool ties = true;

	if (next != NULL && next->key <= bound) {
		bound = next->key;
		ties = r->part < next->part;
	}
	if (left > max)
		left = max;
	if (bound == INT64_MAX && ties)
		return left;
	for (; n < left; n++) {
		key = key_of(m, r, r->at + n);
		if (key > bound || (key == bound && !ties))
			break;
	}
	return n;
}

void
merge_took(struct merge *m, uint32_t n)
{
	struct merge_run *r = m->heap[0];

	r->at += n;
	if (r->at == r->rows.n_rows)
		m->heap[0] = m->heap[--m->n];
	else
		r->key = key_of(m, r, r->at);
	if (m->n > 0)
		sift_down(m, 0);
}
