/* SPDX-License-Identifier: ISC */
/*
 * An aggregate over the last rows of a key: --over.  Nothing is ever
 * subtracted.  Small states are kept for every row that will leave, each of
 * it and all behind it, and one more for the rows since (two stacks): a row
 * costs two merges whatever the length.  Large states are made anew.
 */
#include <stdlib.h>

#include "agg/agg.h"
#include "step/call.h"
#include "window/packed.h"
#include "wire/pack.h"

/* The window of one group. */
struct span {
	struct agg_set front; /* front[i]: rows i.. of those that leave first */
	uint32_t first; /* of front that has not left */
	struct agg_set back; /* one state: the rows since */
	struct colbuf *vals; /* columns of the rows since, from head on */
	uint32_t head; /* only with large states */
	uint32_t n_back; /* rows since */
	uint64_t order; /* of the first row since, among the group's */
};

struct spans {
	const struct agg_fn *fn;
	bool small;
	enum type *types; /* of the columns; the last one is their times
			     where those are needed */
	size_t n_cols;
	bool timed;
	struct col *view; /* of vals, scratch */
	struct span *spans; /* by group */
	uint32_t n;
	size_t cap;
	struct agg_set result; /* one state */
};

static void
begin(void *state, const struct expr_call *call)
{
	struct spans *s = state;

	size_t n;
	struct expr *const *args = agg_args(call, &n);

	s->fn = agg_of_call(call);
	s->small = agg_is_small(s->fn);
	s->timed = agg_needs_time(s->fn);
	s->types = mem_zero(n + 2, sizeof(*s->types));
	s->view = mem_zero(n + 2, sizeof(*s->view));
	for (size_t i = 0; i < n; i++)
		s->types[s->n_cols++] = expr_type(args[i]);
	/* A filter without an argument makes a column of bools. */
	if (n == 0 && call->filter != NULL)
		s->types[s->n_cols++] = TYPE_BOOL;
	if (s->timed)
		s->types[s->n_cols++] = TYPE_TIME;
	agg_set_init(&s->result, s->fn);
	agg_set_grow(&s->result, 1);
}

static void
span_release(const struct spans *s, struct span *w)
{
	agg_set_release(&w->front);
	agg_set_release(&w->back);
	for (size_t i = 0; i < s->n_cols; i++)
		colbuf_release(&w->vals[i]);
	free(w->vals);
}

static void
forget_values(const struct spans *s, struct span *w)
{
	for (size_t i = 0; i < s->n_cols; i++)
		colbuf_reset(&w->vals[i]);
}

static void
span_reset(const struct spans *s, struct span *w)
{
	agg_set_reset(&w->front);
	agg_clear(&w->back, 0);
	forget_values(s, w);
	w->first = w->head = w->n_back = 0;
}

static void
grow(struct spans *s, uint32_t n)
{
	s->spans = mem_grow(s->spans, &s->cap, n, sizeof(*s->spans));
	for (; s->n < n; s->n++) {
		struct span *w = &s->spans[s->n];

		*w = (struct span){.first = 0};
		agg_set_init(&w->front, s->fn);
		agg_set_init(&w->back, s->fn);
		agg_set_grow(&w->back, 1);
		w->vals = mem_zero(s->n_cols, sizeof(*w->vals));
		for (size_t i = 0; i < s->n_cols; i++)
			colbuf_init(&w->vals[i], s->types[i]);
	}
}

/*
 * The columns of the rows since, NULL for none; rows learns of their times.
 * Valid until the next call.
 */
static const struct col *
view(struct spans *s, const struct span *w, struct agg_rows *rows)
{
	for (size_t i = 0; i < s->n_cols; i++)
		colbuf_view(&s->view[i], &w->vals[i]);
	if (s->timed)
		rows->time_us = s->view[s->n_cols - 1].i;
	return s->n_cols == 0 ? NULL : s->view;
}

/* The rows since become those that leave first. */
static int
flip(struct spans *s, struct span *w, const char **why)
{
	struct agg_rows one = {.order = w->order};
	const struct col *vals = view(s, w, &one);

	agg_set_reset(&w->front);
	agg_set_grow(&w->front, w->n_back);
	w->first = 0;
	for (uint32_t i = w->n_back; i-- > 0;) {
		one.one = i;
		if (agg_one(&w->front, why, &one, vals, i) == -1)
			return -1;
		if (i + 1 < w->n_back
		    && agg_merge_one(&w->front, i, why, &w->front, i + 1) == -1)
			return -1;
	}
	agg_clear(&w->back, 0);
	forget_values(s, w);
	w->order += w->n_back;
	w->n_back = 0;
	return 0;
}

/* Let the n oldest rows go. */
static int
leave(struct spans *s, struct span *w, const char **why, uint32_t n)
{
	if (!s->small) {
		w->head += n;
		w->n_back -= n;
		w->order += n;
		return 0;
	}
	for (; n > 0; n--) {
		if (w->first == w->front.n && flip(s, w, why) == -1)
			return -1;
		agg_clear(&w->front, w->first++);
	}
	return 0;
}

/* Half of the values have left: move the others to the front. */
static void
compact(const struct spans *s, struct span *w)
{
	struct colbuf fresh;
	struct col vals;

	for (size_t c = 0; c < s->n_cols; c++) {
		colbuf_view(&vals, &w->vals[c]);
		colbuf_init(&fresh, s->types[c]);
		for (uint32_t i = w->head; i < vals.n; i++)
			colbuf_push_cell(&fresh, &vals, i);
		colbuf_release(&w->vals[c]);
		w->vals[c] = fresh;
	}
	w->head = 0;
}

static int
come(struct spans *s, struct span *w, const char **why,
    const struct call_rows *in, uint32_t row)
{
	/* Places count within the group. */
	struct agg_rows one = {.order = w->order + w->n_back - row};
	size_t n = s->timed ? s->n_cols - 1 : s->n_cols;

	for (size_t i = 0; i < n; i++)
		colbuf_push_cell(&w->vals[i], &in->arg[i], row);
	if (s->timed) {
		colbuf_push_int(&w->vals[n], in->keyed->times[row]);
		one.time_us = in->keyed->times;
	}
	w->n_back++;
	return s->small ? agg_one(&w->back, why, &one, in->arg, row) : 0;
}

/* The state of all rows in the window, in s->result. */
static int
sum_up(struct spans *s, struct span *w, const char **why)
{
	struct agg_rows one = {.order = w->order - w->head};
	const struct col *vals;

	agg_clear(&s->result, 0);
	if (s->small) {
		if (w->first < w->front.n
		    && agg_merge_one(&s->result, 0, why, &w->front, w->first)
			   == -1)
			return -1;
		return agg_merge_one(&s->result, 0, why, &w->back, 0);
	}
	if (w->head > 64 && w->head > w->n_back)
		compact(s, w);
	vals = view(s, w, &one);
	for (uint32_t i = w->head; i < w->head + w->n_back; i++) {
		if (agg_one(&s->result, why, &one, vals, i) == -1)
			return -1;
	}
	return 0;
}

static int
rows(void *state, struct colbuf *out, const char **why,
    const struct call_rows *in)
{
	struct spans *s = state;

	grow(s, in->keyed->n);
	for (uint32_t r = 0; r < in->n; r++) {
		struct span *w = &s->spans[in->keyed->group[r]];

		if (in->keyed->begins[r])
			span_reset(s, w);
		if (leave(s, w, why, in->leave[r]) == -1
		    || come(s, w, why, in, r) == -1 || sum_up(s, w, why) == -1)
			return -1;
		if (agg_final(out, s->fn, &s->result, 0) == -1) {
			*why = agg_limit(s->fn);
			return -1;
		}
		if (call_too_long(out, why))
			return -1;
	}
	return 0;
}

static void
keep(void *state, const uint32_t *old, uint32_t n)
{
	struct spans *s = state;
	uint32_t at = 0;

	for (uint32_t g = 0; g < s->n; g++) {
		if (at < n && old[at] == g)
			s->spans[at++] = s->spans[g];
		else
			span_release(s, &s->spans[g]);
	}
	s->n = at;
}

static void
release(void *state)
{
	struct spans *s = state;

	for (uint32_t g = 0; g < s->n; g++)
		span_release(s, &s->spans[g]);
	free(s->spans);
	free(s->types);
	free(s->view);
	if (s->fn != NULL)
		agg_set_release(&s->result);
}

static void
save(const void *state, struct buf *out)
{
	const struct spans *s = state;

	buf_put_int(out, s->n, 4);
	for (uint32_t g = 0; g < s->n; g++) {
		const struct span *w = &s->spans[g];

		packed_put_set(out, &w->front);
		packed_put_set(out, &w->back);
		buf_put_int(out, w->first, 4);
		buf_put_int(out, w->head, 4);
		buf_put_int(out, w->n_back, 4);
		buf_put_int(out, w->order, 8);
		if (s->n_cols > 0)
			pack_cols(out, w->vals, s->n_cols, w->vals[0].n);
	}
}

static int
load_span(const struct spans *s, struct span *w, struct cur *in)
{
	uint32_t n = 0;

	agg_set_reset(&w->back);
	if (packed_get_set(&w->front, in) == -1
	    || packed_get_set(&w->back, in) == -1 || w->back.n != 1)
		return -1;
	w->first = (uint32_t)cur_get_int(in, 4);
	w->head = (uint32_t)cur_get_int(in, 4);
	w->n_back = (uint32_t)cur_get_int(in, 4);
	w->order = cur_get_int(in, 8);
	if (s->n_cols > 0 && unpack_cols(w->vals, s->n_cols, &n, in) == -1)
		return -1;
	if (in->failed || w->first > w->front.n
	    || (s->n_cols > 0 && (uint64_t)w->head + w->n_back != n))
		return -1;
	return 0;
}

static int
load(void *state, struct cur *in)
{
	struct spans *s = state;
	uint64_t n = cur_get_int(in, 4);

	if (in->failed || n > in->left)
		return -1;
	grow(s, (uint32_t)n);
	for (uint32_t g = 0; g < n; g++)
		if (load_span(s, &s->spans[g], in) == -1)
			return -1;
	return 0;
}

const struct call_kind span_call = {
    sizeof(struct spans), begin, rows, keep, release, save, load};
