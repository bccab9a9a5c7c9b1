/* SPDX-License-Identifier: ISC */
/* The state of smap's steps at a barrier.  millrace-checkpoint(5). */
#include "step/chain.h"
#include "step/chain_int.h"

const char *
chain_no_resume(const struct chain *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct step *s = c->steps[i];

		/* Barriers come between batches where there are several. */
		if (s->kind->no_resume != NULL
		    && (!s->kind->holds || !c->st->in.many))
			return s->kind->no_resume;
	}
	return NULL;
}

static void
put_note(struct buf *out, const struct chain_note *n)
{
	buf_put_int(out, n->what, 1);
	buf_put_int(out, n->h.part, 4);
	buf_put_int(out, n->h.batch, 8);
	buf_put_int(out, (uint64_t)n->h.batch_us, 8);
	buf_put_int(out, (uint64_t)n->h.arrival_us, 8);
	buf_put_str(out, n->name, n->name_len);
}

void
chain_save(const struct chain *c, struct buf *out)
{
	buf_put_int(out, c->n_rows, 8);
	buf_put_int(out, c->answered, 1);
	buf_put_int(out, c->n_notes, 4);
	for (size_t i = 0; i < c->n_notes; i++)
		put_note(out, &c->notes[i]);
	for (size_t i = 0; i < c->n; i++)
		if (c->steps[i]->kind->save != NULL)
			c->steps[i]->kind->save(c->steps[i], out);
}

static int
get_note(struct chain *c, struct cur *in)
{
	struct frame_header h = {.kind = FRAME_MARK};
	struct mark m;

	m.what = (enum mark_what)cur_get_int(in, 1);
	h.part = (uint32_t)cur_get_int(in, 4);
	h.batch = cur_get_int(in, 8);
	h.batch_us = (int64_t)cur_get_int(in, 8);
	h.arrival_us = (int64_t)cur_get_int(in, 8);
	m.name = cur_get_str(in, &m.name_len, NOTE_MAX_TEXT);
	if (m.name == NULL || (m.what != MARK_OPEN && m.what != MARK_CLOSE))
		return -1;
	chain_keep_note(c, &h, &m);
	return 0;
}

int
chain_load(struct chain *c, struct cur *in)
{
	uint64_t n;

	c->n_rows = cur_get_int(in, 8);
	c->answered = cur_get_int(in, 1) != 0;
	n = cur_get_int(in, 4);
	for (uint64_t i = 0; i < n; i++)
		if (get_note(c, in) == -1)
			return -1;
	for (size_t i = 0; i < c->n; i++)
		if (c->steps[i]->kind->load != NULL
		    && c->steps[i]->kind->load(c->steps[i], in) == -1)
			return -1;
	return in->failed ? -1 : 0;
}
