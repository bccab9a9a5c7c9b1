/* SPDX-License-Identifier: ISC */
/* Several sorted runs as one, by a heap of their next entries. */
#include "window/runmerge.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define READ_MAX (1u << 20) /* more at once is no faster */

struct input {
	struct run_reader *reader;
	struct run_entry entry; /* the next one */
};

/* Invariant: heap[0..n) is a heap by entry, the least in front. */
struct runmerge {
	struct input *heap;
	size_t n;
	runmerge_cmp *cmp;
	bool given; /* the entry of heap[0] */
	bool failed;
};

int
runmerge_by_key(const struct run_entry *a, const struct run_entry *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->key_len != b->key_len)
		return a->key_len < b->key_len ? -1 : 1;
	return a->key_len == 0 ? 0 : memcmp(a->key, b->key, a->key_len);
}

int
runmerge_by_first(const struct run_entry *a, const struct run_entry *b)
{
	return (a->first > b->first) - (a->first < b->first);
}

/* Let the input at the front sink to its place. */
static void
sink(struct runmerge *m)
{
	size_t at = 0, child;
	struct input moved = m->heap[0];

	while ((child = 2 * at + 1) < m->n) {
		if (child + 1 < m->n
		    && m->cmp(&m->heap[child + 1].entry, &m->heap[child].entry)
			   < 0)
			child++;
		if (m->cmp(&moved.entry, &m->heap[child].entry) <= 0)
			break;
		m->heap[at] = m->heap[child];
		at = child;
	}
	m->heap[at] = moved;
}

/* Let the last input rise to its place. */
static void
rise(struct runmerge *m)
{
	size_t at = m->n - 1;
	struct input moved = m->heap[at];

	for (; at > 0; at = (at - 1) / 2) {
		struct input *above = &m->heap[(at - 1) / 2];

		if (m->cmp(&above->entry, &moved.entry) <= 0)
			break;
		m->heap[at] = *above;
	}
	m->heap[at] = moved;
}

struct runmerge *
runmerge_new(struct run *const *runs, size_t n, size_t mem, runmerge_cmp *cmp)
{
	struct runmerge *m = mem_zero(1, sizeof(*m));

	m->cmp = cmp;
	m->heap = mem_resize(NULL, n, sizeof(*m->heap));
	for (size_t i = 0; i < n; i++) {
		struct input *in = &m->heap[m->n];
		int rc;

		in->reader =
		    run_open(runs[i], mem / n < READ_MAX ? mem / n : READ_MAX);
		rc = run_read(in->reader, &in->entry);
		if (rc == -1)
			m->failed = true;
		if (rc == 1) {
			m->n++;
			rise(m);
		} else {
			run_close(in->reader);
		}
	}
	return m;
}

void
runmerge_free(struct runmerge *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++)
		run_close(m->heap[i].reader);
	free(m->heap);
	free(m);
}

int
runmerge_next(struct runmerge *m, struct run_entry *e)
{
	int rc = 1;

	if (m->given)
		rc = run_read(m->heap[0].reader, &m->heap[0].entry);
	m->given = false;
	if (rc == -1)
		m->failed = true;
	if (m->failed)
		return -1;
	if (rc == 0) {
		run_close(m->heap[0].reader);
		m->heap[0] = m->heap[--m->n];
	}
	if (m->n == 0)
		return 0;
	sink(m);
	*e = m->heap[0].entry;
	m->given = true;
	return 1;
}
