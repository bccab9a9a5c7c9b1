/* SPDX-License-Identifier: ISC */
/*
 * The state of sreduce at a barrier.  millrace-checkpoint(5).  No result waits
 * then: each frame has been answered.
 */
#include <assert.h>

#include "agg/fn.h"
#include "group/group_int.h"
#include "wire/pack.h"

static void
describe_window(struct buf *b, const struct window_spec *w)
{
	buf_printf(b, "%s --origin %jdus ", w->text, (intmax_t)w->origin);
	if (w->tz[0] != '\0')
		buf_printf(b, "--tz %s ", w->tz);
	if (w->keys[0] != '\0')
		buf_printf(b, "of %s ", w->keys);
}

/* A call whose state serves an earlier one too is no state of its own. */
static void
describe_calls(struct buf *b, const struct query *q)
{
	size_t n = 0;

	for (size_t i = 0; i < q->aggs.n_calls; i++) {
		const struct expr_call *c = &q->aggs.calls[i];

		if (q->call_states[i] != n)
			continue;
		n++;
		buf_printf(b, ", %s", c->text);
		for (size_t k = 0; k < c->n_args; k++)
			buf_printf(b, " %s", type_name(expr_type(c->args[k])));
		if (c->filter != NULL)
			buf_printf(b, " where %s", c->filter_text);
		buf_printf(b, " v%u", (unsigned)agg_version(q->call_fns[i]));
	}
}

/* The rows that go out again, and what is known of those that went out. */
static void
describe_results(struct stage *st, const struct group *g)
{
	struct buf *b = &st->keeps;

	if (g->emit == GROUP_UPDATE)
		buf_printf(
		    b, " --emit update%s", g->update.choosy ? " --having" : "");
	if (g->emit == GROUP_COMPLETE) {
		buf_puts(b, " --emit complete of ");
		schema_put_types(b, &st->out.schema);
	}
}

void
group_describe_state(struct stage *st, const struct group *g)
{
	struct buf *b = &st->keeps;

	/* The answer to a frame goes out with it. */
	if (g->opts->partial)
		return;
	if (g->in.windowed)
		describe_window(b, &st->in.window);
	buf_printf(b, "%s-k %s: ", g->opts->running ? "--running " : "",
	    g->opts->keys);
	schema_put_types(b, &g->query.key_schema);
	if (g->fold != NULL) {
		buf_puts(b, " --fold ");
		schema_put_types(b, &g->fold->states);
	} else {
		describe_calls(b, &g->query);
	}
	describe_results(st, g);
	if (g->fill.on)
		buf_puts(b, g->fill.listed ? " --fill FILE" : " --fill");
}

void
group_save(struct stage *st, void *arg, struct buf *out)
{
	struct group *g = arg;

	(void)st;
	assert(group_n_waiting(g) == 0);
	buf_put_int(out, g->order, 8);
	buf_put_int(out, (uint64_t)g->early.until_us, 8);
	buf_put_int(out, g->early.begun, 1);
	g->way->save(g, out);
	reduce_save(g->reduce, out);
	if (g->emit == GROUP_COMPLETE)
		buf_put_int(out, g->kept.cols != NULL, 1);
	if (g->emit == GROUP_COMPLETE && g->kept.cols != NULL)
		pack_build(out, &g->kept);
	if (g->update.choosy)
		update_save(&g->update, out);
	if (g->fill.on)
		fill_save(&g->fill, out);
}

int
group_load(struct stage *st, void *arg, struct cur *in)
{
	struct group *g = arg;

	g->order = cur_get_int(in, 8);
	g->early.until_us = (int64_t)cur_get_int(in, 8);
	g->early.begun = cur_get_int(in, 1) != 0;
	if (g->way->load(st, g, in) == -1 || reduce_load(g->reduce, in) == -1)
		return -1;
	if (g->emit == GROUP_COMPLETE && cur_get_int(in, 1) != 0) {
		group_begin_kept(g);
		if (unpack_build(&g->kept, in) == -1)
			return -1;
	}
	if (g->update.choosy && update_load(&g->update, in) == -1)
		return -1;
	return g->fill.on ? fill_load(&g->fill, st, g, in) : 0;
}
