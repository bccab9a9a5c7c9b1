/* SPDX-License-Identifier: ISC */
/*
 * sreduce --partial: each frame to one row of states a pane and key, in order
 * of first appearance.  millrace-frame(5), PARTIAL.
 */
#include <stdlib.h>
#include <string.h>

#include "group/group_int.h"

#define ANSWER_BYTES (8u << 20) /* states of one frame of the answer */

/* plan is that of the query with the pane as first key. */
struct partial {
	struct pane_plan plan;
	enum type *types;
	struct pane *table;
	struct build out;
	struct buf state;
};

int
group_check_partial(struct stage *st, const struct group *g)
{
	const struct group_opts *o = g->opts;
	const char *later = o->top > 0               ? "--top"
			    : o->n_sorts > 0         ? "--sort"
			    : o->having != NULL      ? "--having"
			    : o->running             ? "--running"
			    : g->emit != GROUP_FINAL ? "--emit"
			    : o->fill                ? "--fill"
			    : o->mem > 0             ? "--mem"
						     : NULL;

	if (o->fold != NULL)
		return stage_fail(st, TOOL_USAGE,
		    "--partial: a fold takes the rows of a key one after the "
		    "other, and two of its states make none; leave --partial "
		    "out");
	if (later != NULL)
		return stage_fail(st, TOOL_USAGE,
		    "--partial reduces each frame, which has no answer yet; "
		    "%s goes with --merge",
		    later);
	if (st->in.window.kind == WINDOW_SESSION)
		return stage_fail(st, TOOL_USAGE,
		    "--partial: which session a row is in shows only when all "
		    "rows of its key are together; leave --partial out");
	return 0;
}

/* Whether all states may leave the process. */
static int
check_states(struct stage *st, const struct group *g)
{
	for (size_t i = 0; i < g->query.aggs.n_calls; i++) {
		const char *why = agg_no_partial(g->query.call_fns[i]);

		if (why != NULL)
			return stage_fail(st, TOOL_USAGE, "--partial: %s: %s",
			    g->query.aggs.calls[i].text, why);
	}
	return 0;
}

static int
plan(struct stage *st, struct group *g)
{
	struct partial *p = mem_zero(1, sizeof(*p));
	const struct pane_plan *q = &g->query.plan;
	size_t n = q->n_keys + g->in.windowed;

	g->way_state = p;
	p->types = mem_resize(NULL, n, sizeof(*p->types));
	if (g->in.windowed)
		p->types[0] = g->in.bounds;
	for (size_t i = 0; i < q->n_keys; i++)
		p->types[g->in.windowed + i] = q->key_types[i];
	p->plan = *q;
	p->plan.key_types = p->types;
	p->plan.n_keys = n;
	p->table = pane_new(&p->plan);
	p->out.n_cols = n + q->n_states;
	p->out.cols = mem_resize(NULL, p->out.n_cols, sizeof(*p->out.cols));
	for (size_t i = 0; i < p->out.n_cols; i++)
		colbuf_init(&p->out.cols[i], i < n ? p->types[i] : TYPE_BIN);
	return check_states(st, g);
}

static void
release(struct group *g)
{
	struct partial *p = g->way_state;

	if (p == NULL)
		return;
	pane_free(p->table);
	build_release(&p->out);
	buf_release(&p->state);
	free(p->types);
	free(p);
}

/* What --merge needs to compile the aggregates again. */
static char *
describe(const struct stage *st, const struct group *g)
{
	const struct schema *s = &st->in.schema;
	struct buf b;
	char *text;

	buf_init(&b, 0);
	buf_printf(
	    &b, "--partial\n%zu %s", strlen(g->opts->aggs), g->opts->aggs);
	for (size_t i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];

		if (!f->system)
			buf_printf(&b, "\n%s%s %zu %s", type_name(f->type),
			    f->untyped ? "?" : "", strlen(f->name), f->name);
	}
	/* The columns of keys tell their types, and not what they are of. */
	buf_printf(&b, "\n-k %s", g->opts->keys);
	text = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return text;
}

/* The column of state number i; named after the call that made it. */
static int
add_state(struct stage *st, const struct group *g, size_t i)
{
	struct schema *s = &st->out.schema;
	struct head *h = &st->out;
	const struct expr_call *calls = g->query.aggs.calls;
	struct head_partial *p;
	char *name;
	size_t k = 0;

	while (g->query.call_states[k] != i)
		k++;
	name = mem_printf("%.200s #%zu", calls[k].text, i + 1);
	if (schema_add(s, name, strlen(name), TYPE_BIN) == NULL) {
		free(name);
		return stage_fail(
		    st, TOOL_USAGE, "--partial: too many columns");
	}
	free(name);
	h->partials =
	    mem_resize(h->partials, h->n_partials + 1, sizeof(*h->partials));
	p = &h->partials[h->n_partials++];
	*p = (struct head_partial){.text = mem_strdup(calls[k].text),
	    .col = (uint32_t)(s->n - 1),
	    .version = agg_version(g->query.state_fns[i])};
	return 0;
}

int
group_partial_schema(struct stage *st, struct group *g)
{
	struct schema *s = &st->out.schema;
	const struct schema *keys = &g->query.key_schema;

	schema_release(s);
	schema_init(s);
	if (g->in.windowed)
		schema_add(s, "pane", 4, g->in.bounds)->system = true;
	for (size_t i = 0; i < keys->n; i++) {
		const struct field *from = &keys->fields[i];
		struct field *f =
		    schema_add(s, from->name, strlen(from->name), from->type);

		if (f == NULL)
			return stage_fail(st, TOOL_USAGE,
			    "--partial: a key is named %s; write \"as\" and "
			    "another name",
			    from->name);
		f->untyped = from->untyped;
	}
	for (size_t i = 0; i < g->query.plan.n_states; i++)
		if (add_state(st, g, i) == -1)
			return -1;
	g->text = describe(st, g);
	return 0;
}

/* Send the rows made so far. */
static int
answer(struct stage *st, struct group *g, struct partial *p, bool more)
{
	int rc;

	build_view(&g->out, &p->out);
	rc = stage_answer(st, &g->out, more, 0, 0);
	build_reset(&p->out);
	return rc;
}

static int
send_groups(struct stage *st, struct group *g, struct partial *p)
{
	uint32_t n = pane_n_groups(p->table);
	size_t n_keys = p->plan.n_keys, len = 0;
	struct col c;

	for (uint32_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n_keys; k++) {
			colbuf_view(&c, &p->table->keys.cols[k]);
			colbuf_push_cell(&p->out.cols[k], &c, i);
			if (type_is_bytes(c.type))
				len += c.off[i + 1] - c.off[i];
		}
		for (size_t k = 0; k < p->plan.n_states; k++) {
			buf_reset(&p->state);
			agg_save(&p->state, &p->table->sets[k], i);
			len += p->state.len;
			if (p->state.len > COL_MAX_BYTES / 2)
				return stage_fail(st, TOOL_DATA,
				    "--partial: a state does not fit into a "
				    "frame");
			colbuf_push_str(&p->out.cols[n_keys + k],
			    (const char *)p->state.data, p->state.len);
		}
		p->out.n_rows++;
		if (len > ANSWER_BYTES && i + 1 < n) {
			if (answer(st, g, p, true) == -1)
				return -1;
			len = 0;
		}
	}
	return answer(st, g, p, false);
}

/* The pane in front of the keys. */
static void
add_pane_key(
    struct group *g, struct partial *p, struct group_rows *r, struct batch *b)
{
	size_t n = p->plan.n_keys;
	struct col *cols = arena_alloc(&b->arena, n * sizeof(*cols));
	struct keys_rows *kr = arena_alloc(&b->arena, sizeof(*kr));

	if (!g->in.windowed)
		return;
	cols[0] = b->cols[g->in.pane_col];
	for (size_t i = 1; i < n; i++)
		cols[i] = r->in.keys->cols[i - 1];
	keys_prepare(kr, cols, n, b->n_rows, &b->arena);
	kr->order = r->rows.order;
	r->in.keys = kr;
	r->in.group = arena_alloc(&b->arena, b->n_rows * sizeof(*r->in.group));
}

static int
rows(struct stage *st, struct group *g, const struct frame *f, struct batch *b)
{
	struct partial *p = g->way_state;
	struct group_rows r;
	const char *why = "";

	if (b->n_rows == 0)
		return answer(st, g, p, false);
	/* The states are the same whichever process had the frames before. */
	g->order_base = 0 - g->order;
	if (group_eval(st, g, f, b, &r) == -1)
		return -1;
	add_pane_key(g, p, &r, b);
	pane_reset(p->table);
	if (pane_add(p->table, &why, &r.in, NULL, b->n_rows) == -1)
		return stage_fail(st, TOOL_DATA, "%s", why);
	if (group_added(st, g, b->n_rows, pane_n_groups(p->table)) == -1)
		return -1;
	return send_groups(st, g, p);
}

const struct group_way group_partial = {
    .cls = CLASS_FRAME,
    .plan = plan,
    .rows = rows,
    .release = release,
};
