/* SPDX-License-Identifier: ISC */
/* --head and --tail: the first or the last rows of each batch. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "step/chain.h"
#include "wire/pack.h"

#define HELD_ROWS 8192 /* of one piece that is held, about */

/* Rows of one part that are held; the first skip of them are gone. */
struct held {
	struct build rows;
	uint32_t part;
	uint32_t skip;
};

struct ends {
	struct step step;
	uint64_t max;
	uint64_t n; /* rows of this batch passed, or held */
	struct schema schema;
	struct held *held; /* held[first..n_held) */
	size_t first;
	size_t n_held;
	size_t cap;
	struct batch out;
};

static int
plan(struct step *s, struct schema *schema)
{
	struct ends *e = (struct ends *)s;
	int64_t n;

	if (num_parse_int(&n, s->source, strlen(s->source)) == -1 || n < 0)
		return step_fail(
		    s, TOOL_USAGE, "%s is no number of rows", s->source);
	e->max = (uint64_t)n;
	schema_copy(&e->schema, schema);
	return 0;
}

/* Rows from..n of b as e->out. */
static void
take(struct ends *e, const struct batch *b, uint32_t from)
{
	uint32_t n = b->n_rows - from;
	uint32_t *sel = mem_resize(NULL, n, sizeof(*sel));

	for (uint32_t i = 0; i < n; i++)
		sel[i] = from + i;
	batch_gather(&e->out, b, sel, n);
	free(sel);
}

static int
head_rows(struct step *s, const struct batch *b, bool more)
{
	struct ends *e = (struct ends *)s;
	uint64_t left = e->max - e->n;

	if (b->n_rows <= left) {
		e->n += b->n_rows;
		return step_pass(s, b, more);
	}
	e->n = e->max;
	step_filtered(s, b->n_rows - left);
	batch_reset(&e->out, b->n_cols);
	for (size_t i = 0; i < b->n_cols; i++)
		col_slice(&e->out.cols[i], &b->cols[i], 0, (uint32_t)left);
	e->out.n_rows = (uint32_t)left;
	return step_pass(s, &e->out, more);
}

static int
head_end(struct step *s)
{
	((struct ends *)s)->n = 0;
	return 0;
}

/* Where rows of the part at hand are added. */
static struct held *
last_held(struct ends *e, uint32_t part)
{
	struct held *h;

	if (e->n_held > e->first) {
		h = &e->held[e->n_held - 1];
		if (h->part == part && h->rows.n_rows < HELD_ROWS)
			return h;
	}
	if (e->first > 0 && e->n_held == e->cap) {
		memmove(e->held, e->held + e->first,
		    (e->n_held - e->first) * sizeof(*e->held));
		e->n_held -= e->first;
		e->first = 0;
	}
	e->held = mem_grow(e->held, &e->cap, e->n_held + 1, sizeof(*e->held));
	h = &e->held[e->n_held++];
	*h = (struct held){.part = part};
	build_init(&h->rows, &e->schema);
	return h;
}

/* Forget the first rows until no more are held than wanted. */
static void
drop_first(struct ends *e)
{
	while (e->n > e->max) {
		struct held *h = &e->held[e->first];
		uint64_t have = h->rows.n_rows - h->skip;

		if (e->n - have < e->max) {
			h->skip += (uint32_t)(e->n - e->max);
			step_filtered(&e->step, e->n - e->max);
			e->n = e->max;
			return;
		}
		step_filtered(&e->step, have);
		e->n -= have;
		build_release(&h->rows);
		e->first++;
	}
}

static int
tail_rows(struct step *s, const struct batch *b, bool more)
{
	struct ends *e = (struct ends *)s;
	uint32_t from = b->n_rows > e->max ? b->n_rows - (uint32_t)e->max : 0;
	struct held *h;

	(void)more;
	step_filtered(s, from);
	if (from == b->n_rows)
		return 0;
	h = last_held(e, s->chain->part);
	for (size_t i = 0; i < b->n_cols; i++) {
		for (uint32_t r = from; r < b->n_rows; r++)
			colbuf_push_cell(&h->rows.cols[i], &b->cols[i], r);
	}
	h->rows.n_rows += b->n_rows - from;
	e->n += b->n_rows - from;
	drop_first(e);
	return 0;
}

/* Pass what is held of one piece; it is then empty. */
static int
pass_held(struct ends *e, struct held *h, bool more)
{
	struct batch view;
	int rc;

	batch_init(&view);
	build_view(&view, &h->rows);
	take(e, &view, h->skip);
	e->step.chain->part = h->part;
	rc = step_pass(&e->step, &e->out, more);
	batch_release(&view);
	build_release(&h->rows);
	return rc;
}

static int
tail_end(struct step *s)
{
	struct ends *e = (struct ends *)s;
	int rc = 0;

	/* Without rows an empty answer goes out. */
	if (e->first == e->n_held)
		last_held(e, 0);
	while (e->first < e->n_held && rc == 0) {
		e->first++;
		rc = pass_held(e, &e->held[e->first - 1], e->first < e->n_held);
	}
	if (rc == 0)
		e->first = e->n_held = 0;
	e->n = 0;
	return rc;
}

static void
save(const struct step *s, struct buf *out)
{
	const struct ends *e = (const struct ends *)s;

	buf_put_int(out, e->n, 8);
	buf_put_int(out, e->n_held - e->first, 4);
	for (size_t i = e->first; i < e->n_held; i++) {
		buf_put_int(out, e->held[i].part, 4);
		buf_put_int(out, e->held[i].skip, 4);
		pack_build(out, &e->held[i].rows);
	}
}

static int
load(struct step *s, struct cur *in)
{
	struct ends *e = (struct ends *)s;
	uint64_t n;

	e->n = cur_get_int(in, 8);
	n = cur_get_int(in, 4);
	for (uint64_t i = 0; i < n && !in->failed; i++) {
		struct held *h;

		e->held =
		    mem_grow(e->held, &e->cap, e->n_held + 1, sizeof(*e->held));
		h = &e->held[e->n_held++];
		*h = (struct held){.part = (uint32_t)cur_get_int(in, 4),
		    .skip = (uint32_t)cur_get_int(in, 4)};
		build_init(&h->rows, &e->schema);
		if (unpack_build(&h->rows, in) == -1
		    || h->skip > h->rows.n_rows)
			return -1;
	}
	return in->failed ? -1 : 0;
}

static void
release(struct step *s)
{
	struct ends *e = (struct ends *)s;

	for (size_t i = e->first; i < e->n_held; i++)
		build_release(&e->held[i].rows);
	free(e->held);
	schema_release(&e->schema);
	batch_release(&e->out);
}

const struct step_kind ends_head = {
    .opt = "--head",
    .size = sizeof(struct ends),
    .cls = CLASS_BATCH,
    .plan = plan,
    .rows = head_rows,
    .end = head_end,
    .release = release,
    .save = save,
    .load = load,
};

const struct step_kind ends_tail = {
    .opt = "--tail",
    .size = sizeof(struct ends),
    .cls = CLASS_BATCH,
    .holds = true,
    .plan = plan,
    .rows = tail_rows,
    .end = tail_end,
    .release = release,
    .save = save,
    .load = load,
};
