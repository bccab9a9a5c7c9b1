/* SPDX-License-Identifier: ISC */
/* Where the rows went inside of the workers. */
#include "fan/ledger.h"

#define N_COUNTS 7

static uint64_t *
count(struct ledger *l, int i)
{
	uint64_t *const counts[N_COUNTS] = {&l->in, &l->in_frames, &l->out,
	    &l->out_frames, &l->filtered, &l->invalid, &l->set_aside};

	return counts[i];
}

void
ledger_add(struct ledger *l, const struct ledger *other)
{
	struct ledger more = *other;

	for (int i = 0; i < N_COUNTS; i++)
		*count(l, i) += *count(&more, i);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void
ledger_answer(struct ledger *l, const struct job *j)
{
	const struct frame_header *last = &j->pieces[j->n_pieces - 1].h;
	uint64_t filtered, invalid;

	l->in += j->h.rows + j->set_aside;
	l->in_frames++;
	for (size_t i = 0; i < j->n_pieces; i++)
		l->out += j->pieces[i].h.rows;
	l->out_frames += j->n_pieces;
	/* Several stages may drop more rows than came into the first one. */
	filtered = least(last->filtered - j->h.filtered, j->h.rows);
	invalid = least(last->invalid - j->h.invalid, j->h.rows - filtered);
	l->filtered += filtered;
	/* What is set aside stands in the header of the job already. */
	l->invalid += invalid + j->set_aside;
	l->set_aside += j->set_aside;
}

bool
ledger_fits(const struct ledger *l, const struct account *v, size_t n)
{
	return n == 0
	       || (v[0].in == l->in - l->set_aside
		   && v[0].in_frames == l->in_frames && v[n - 1].out == l->out
		   && v[n - 1].out_frames == l->out_frames);
}

static void
add_account(struct account *to, const struct account *a)
{
	to->in += a->in;
	to->used += a->used;
	to->filtered += a->filtered;
	to->late += a->late;
	to->invalid += a->invalid;
	to->out += a->out;
	to->in_frames += a->in_frames;
	to->out_frames += a->out_frames;
}

void
ledger_sum(struct account *sums, size_t n, const struct ledger *l,
    const struct account *v)
{
	struct account a = {.in = l->in,
	    .used = l->in - l->filtered - l->invalid,
	    .filtered = l->filtered,
	    .invalid = l->invalid,
	    .out = l->out,
	    .in_frames = l->in_frames,
	    .out_frames = l->out_frames};

	for (size_t i = 0; i < n; i++) {
		add_account(&sums[i], v != NULL ? &v[i] : &a);
		/* From the second stage on: what came out, as it is. */
		a.in = a.used = a.out;
		a.in_frames = a.out_frames;
		a.filtered = a.invalid = 0;
	}
	if (v != NULL && n > 0) {
		sums[0].in += l->set_aside;
		sums[0].invalid += l->set_aside;
	}
}

void
ledger_save(const struct ledger *l, struct buf *out)
{
	struct ledger copy = *l;

	for (int i = 0; i < N_COUNTS; i++)
		buf_put_int(out, *count(&copy, i), 8);
}

void
ledger_load(struct ledger *l, struct cur *in)
{
	for (int i = 0; i < N_COUNTS; i++)
		*count(l, i) = cur_get_int(in, 8);
}
