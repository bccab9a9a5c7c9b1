/* SPDX-License-Identifier: ISC */
/* A frame from its arrival to its answer. */
#include "fan/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"

struct room
rooms_get(struct rooms *r)
{
	return r->n > 0 ? r->free[--r->n] : (struct room){.cap = 0};
}

void
rooms_put(struct rooms *r, struct room *room)
{
	if (room->p != NULL) {
		r->free =
		    mem_grow(r->free, &r->cap, r->n + 1, sizeof(*r->free));
		r->free[r->n++] = *room;
	}
	*room = (struct room){.cap = 0};
}

void
rooms_release(struct rooms *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->free[i].p);
	free(r->free);
	*r = (struct rooms){.n = 0};
}

struct job *
job_new(const struct frame_header *h)
{
	struct job *j = mem_zero(1, sizeof(*j));

	j->h = *h;
	j->passed = TIME_NONE;
	j->queued = true;
	return j;
}

void
pieces_drop(struct piece *p, size_t n, struct rooms *r)
{
	for (size_t i = 0; i < n; i++)
		rooms_put(r, &p[i].data);
}

void
job_drop(struct job *j, struct rooms *r)
{
	if (j->queued || j->n_runs > 0)
		return;
	pieces_drop(j->pieces, j->n_pieces, r);
	rooms_put(r, &j->data);
	rooms_put(r, &j->aside);
	free(j->pieces);
	free(j->fail.stage);
	free(j->fail.text);
	buf_release(&j->fail.said);
	free(j);
}

void
job_answer(struct job *j, struct piece *p, size_t n)
{
	j->pieces = mem_grow(j->pieces, &j->cap_pieces, n, sizeof(*p));
	memcpy(j->pieces, p, n * sizeof(*p));
	j->n_pieces = n;
	j->done = true;
}

void
job_fail(struct job *j, int status, char *stage, char *text)
{
	j->fail.status = status;
	j->fail.stage = stage;
	j->fail.text = text;
	j->done = true;
}
