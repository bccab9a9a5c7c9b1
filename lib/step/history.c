/* SPDX-License-Identifier: ISC */
/* Values that depend on the rows of a key so far. */
#include "step/history.h"

#include <stdlib.h>
#include <string.h>

#include "agg/agg.h"
#include "step/call.h"
#include "step/chain.h"
#include "step/over.h"

struct history_call {
	const struct call_kind *kind;
	void *state; /* owned */
	struct colbuf out;
};

struct history {
	const struct expr_agg_list *list; /* borrowed */
	struct keyed keyed;
	bool keyed_ready;
	struct over over;
	bool bounded; /* --over is given */
	struct history_call *calls;
	size_t n;
	uint64_t order; /* rows so far */
	struct batch out;
};

static bool
is_call(const char *name)
{
	return agg_is_name(name) || past_kind(name) != NULL;
}

static int
check_call(struct expr_call *call, char *why, size_t why_cap)
{
	if (past_kind(call->name) != NULL)
		return past_check(call, why, why_cap);
	return agg_check(call, why, why_cap);
}

const struct expr_aggs history_calls = {.is_agg = is_call, .check = check_call};

static void
add_call(struct history *h, const struct expr_call *call)
{
	const struct call_kind *past = past_kind(call->name);
	struct history_call *c = &h->calls[h->n++];

	c->kind = past != NULL ? past : h->bounded ? &span_call : &running_call;
	c->state = mem_zero(1, c->kind->size);
	c->kind->begin(c->state, call);
	colbuf_init(&c->out, call->result);
}

static bool
needs_time(const struct expr_call *call)
{
	return past_kind(call->name) != NULL
		   ? past_needs_time(call->name)
		   : agg_needs_time(agg_of_call(call));
}

static int
check_options(struct history *h, struct step *s)
{
	const char *name = h->list->calls[0].name;

	if (s->opts.keys == NULL)
		return step_fail(s, TOOL_USAGE,
		    "%s looks at the rows of a key so far: write -k KEYS, or "
		    "-k '' for all rows; one row a key is sreduce's",
		    name);
	if (h->over.us > 0 && !h->keyed.timed)
		return step_fail(s, TOOL_USAGE,
		    "--over goes by event time, and the stream has none; write "
		    "sbatch -t COL, or --over 500rows");
	for (size_t i = 0; i < h->list->n_calls; i++) {
		name = h->list->calls[i].name;
		if (needs_time(&h->list->calls[i]) && !h->keyed.timed)
			return step_fail(s, TOOL_USAGE,
			    "%s goes by event time, and the stream has none; "
			    "write sbatch -t COL",
			    name);
	}
	return 0;
}

int
history_new(struct history **out, struct step *s, const struct schema *schema,
    const struct expr_agg_list *list)
{
	struct history *h = mem_zero(1, sizeof(*h));

	*out = h;
	h->list = list;
	h->over.us = s->opts.over_us;
	h->over.rows = s->opts.over_rows;
	h->bounded = h->over.us > 0 || h->over.rows > 0;
	h->keyed.keep_us = s->opts.ttl_us > 0 ? s->opts.ttl_us : -1;
	h->keyed.extend = true;
	s->cls = CLASS_STATEFUL;
	s->chain->keys_used = true;
	h->keyed_ready = true;
	if (keyed_plan(&h->keyed, s, schema, s->opts.keys) == -1
	    || check_options(h, s) == -1)
		return -1;
	h->calls = mem_zero(list->n_calls, sizeof(*h->calls));
	for (size_t i = 0; i < list->n_calls; i++)
		add_call(h, &list->calls[i]);
	return 0;
}

void
history_free(struct history *h)
{
	if (h == NULL)
		return;
	if (h->keyed_ready)
		keyed_release(&h->keyed);
	for (size_t i = 0; i < h->n; i++) {
		h->calls[i].kind->release(h->calls[i].state);
		free(h->calls[i].state);
		colbuf_release(&h->calls[i].out);
	}
	free(h->calls);
	over_release(&h->over);
	batch_release(&h->out);
	free(h);
}

/* What a call takes as columns, *n of them. */
static struct expr *const *
columns_of(const struct expr_call *call, size_t *n)
{
	if (past_kind(call->name) == NULL)
		return agg_args(call, n);
	*n = call->n_args > 0;
	return call->args;
}

/* The columns of a call for all rows; *out is NULL when it has none. */
static int
eval_columns(struct history *h, struct step *s, const struct expr_call *call,
    const struct batch *b, const struct col **out)
{
	struct arena *a = &h->out.arena;
	struct expr_env *env = &s->chain->env;
	struct expr_error err;
	struct col *c = NULL, filter;
	size_t n;
	struct expr *const *args = columns_of(call, &n);

	if (n > 0 || call->filter != NULL)
		c = arena_alloc(a, (n + 1) * sizeof(*c));
	*out = c;
	for (size_t i = 0; i < n; i++) {
		if (expr_eval(args[i], &c[i], &err, a, env, b) == -1)
			return step_fail_run(s, &err, b);
	}
	if (call->filter != NULL) {
		if (expr_eval(call->filter, &filter, &err, a, env, b) == -1)
			return step_fail_run(s, &err, b);
		agg_filter(c, n, &filter, a);
	}
	for (size_t i = 0; i < n; i++) {
		if (c[i].enc != COL_PLAIN && type_is_wide(c[i].type))
			col_flatten(&c[i], a, &c[i]);
	}
	return 0;
}

static int
run_call(struct history *h, struct step *s, size_t i, const struct batch *b)
{
	const struct expr_call *call = &h->list->calls[i];
	struct history_call *c = &h->calls[i];
	struct call_rows in = {.keyed = &h->keyed,
	    .leave = h->bounded ? h->over.leave : NULL,
	    .n = b->n_rows,
	    .order = h->order};
	const char *why = "";

	if (eval_columns(h, s, call, b, &in.arg) == -1)
		return -1;
	colbuf_reset(&c->out);
	if (c->kind->rows(c->state, &c->out, &why, &in) == -1)
		return step_fail(
		    s, TOOL_DATA, "%s: %s: %s", s->source, call->text, why);
	return 0;
}

static void
purge(struct history *h, struct step *s)
{
	uint32_t n;
	const uint32_t *keep =
	    keyed_purge(&h->keyed, &n, s->chain->st->now.watermark);

	if (keep == NULL)
		return;
	for (size_t i = 0; i < h->n; i++)
		h->calls[i].kind->keep(h->calls[i].state, keep, n);
	if (h->bounded)
		over_keep(&h->over, keep, n);
}

int
history_rows(struct history *h, struct step *s, const struct batch **b)
{
	const struct batch *in = *b;

	batch_reset(&h->out, in->n_cols + h->n);
	memcpy(h->out.cols, in->cols, in->n_cols * sizeof(*in->cols));
	h->out.n_rows = in->n_rows;
	if (keyed_rows(&h->keyed, s, in) == -1)
		return -1;
	if (h->bounded)
		over_rows(&h->over, &h->keyed, in->n_rows);
	for (size_t i = 0; i < h->n; i++) {
		if (run_call(h, s, i, in) == -1)
			return -1;
		colbuf_view(&h->out.cols[in->n_cols + i], &h->calls[i].out);
	}
	h->order += in->n_rows;
	purge(h, s);
	*b = &h->out;
	return 0;
}

void
history_save(const struct history *h, struct buf *out)
{
	keyed_save(&h->keyed, out);
	buf_put_int(out, h->order, 8);
	if (h->bounded)
		over_save(&h->over, out);
	for (size_t i = 0; i < h->n; i++)
		h->calls[i].kind->save(h->calls[i].state, out);
}

int
history_load(struct history *h, struct cur *in)
{
	if (keyed_load(&h->keyed, in) == -1)
		return -1;
	h->order = cur_get_int(in, 8);
	if (h->bounded && over_load(&h->over, in) == -1)
		return -1;
	for (size_t i = 0; i < h->n; i++)
		if (h->calls[i].kind->load(h->calls[i].state, in) == -1)
			return -1;
	return 0;
}
