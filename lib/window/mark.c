/* SPDX-License-Identifier: ISC */
/* Watermarks of parts. */
#include "window/mark.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"

void
marks_init(struct marks *m, int64_t late)
{
	*m = (struct marks){.late = late, .combined = TIME_NONE};
}

void
marks_release(struct marks *m)
{
	free(m->parts);
	marks_init(m, m->late);
}

/* Where a part of that number is or belongs. */
static size_t
find(const struct marks *m, uint32_t number)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->parts[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct mark_part *
marks_part(struct marks *m, uint32_t number)
{
	size_t at = find(m, number);

	if (at < m->n && m->parts[at].number == number)
		return &m->parts[at];
	if (m->n == MARK_MAX_PARTS)
		return NULL;
	m->parts = mem_grow(m->parts, &m->cap, m->n + 1, sizeof(*m->parts));
	memmove(
	    m->parts + at + 1, m->parts + at, (m->n - at) * sizeof(*m->parts));
	m->n++;
	m->parts[at] = (struct mark_part){.number = number,
	    .open = true,
	    .max_us = TIME_NONE,
	    .floor_us = m->started ? m->combined : TIME_NONE};
	return &m->parts[at];
}

void
marks_close(struct marks *m, uint32_t number)
{
	size_t at = find(m, number);

	if (at == m->n || m->parts[at].number != number)
		return;
	/* A closed part only needs to be known until all hear of its rows. */
	marks_combine(m);
	memmove(m->parts + at, m->parts + at + 1,
	    (m->n - at - 1) * sizeof(*m->parts));
	m->n--;
}

int64_t
marks_of(const struct marks *m, const struct mark_part *p)
{
	int64_t own;

	if (p->max_us == TIME_NONE)
		return p->floor_us;
	if (!num_sub(&own, p->max_us, m->late))
		own = TIME_NONE + 1;
	return own > p->floor_us ? own : p->floor_us;
}

int64_t
marks_combine(struct marks *m)
{
	int64_t least = INT64_MAX, own;

	for (size_t i = 0; i < m->n; i++) {
		own = marks_of(m, &m->parts[i]);
		if (own < least)
			least = own;
	}
	if (m->n > 0 && least > m->combined)
		m->combined = least;
	return m->combined;
}
