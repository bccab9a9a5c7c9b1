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

/* Runs of groups outlast this start. */
static void
keep_runs(struct stage *st, struct group *g)
{
	const struct checkpoint *c = &st->resume.dir;
	const struct runs_place place = {.dir = c->path,
	    .stage = c->stage,
	    .dir_fd = c->fd,
	    .generation = c->generation};

	g->keeps_runs = true;
	reduce_keep(g->reduce, &place);
}

static void
save_runs(struct stage *st, struct group *g, struct buf *out)
{
	const struct resume *r = &st->resume;
	uint64_t last = r->dir.last.epoch;
	const char *why;

	/* The states of the last two committed epochs are kept. */
	if (reduce_save_runs(
		g->reduce, &why, out, r->epoch + 1, last > 0 ? last - 1 : 0)
	    == -1)
		group_fail_reduce(st, g, why);
}

static int
load_runs(struct stage *st, struct group *g, struct cur *in)
{
	const char *why;

	if (!g->keeps_runs && in->left > 0)
		return stage_fail(st, TOOL_USAGE,
		    "what is kept in %s is partly in files: write --mem SIZE",
		    st->in.path);
	if (!g->keeps_runs
	    || reduce_load_runs(g->reduce, &why, in, st->resume.epoch) == 0)
		return 0;
	return why == NULL ? -1 : group_fail_reduce(st, g, why);
}

int
group_begin(struct stage *st, void *arg)
{
	struct group *g = arg;
	struct cur none;

	if (!st->resume.active || g->opts->mem == 0 || g->keeps_runs)
		return 0;
	keep_runs(st, g);
	cur_init(&none, NULL, 0);
	return load_runs(st, g, &none);
}

void
group_save(struct stage *st, void *arg, struct buf *out)
{
	struct group *g = arg;
	const char *why;

	assert(group_n_waiting(g) == 0);
	buf_put_int(out, g->order, 8);
	buf_put_int(out, (uint64_t)g->early.until_us, 8);
	buf_put_int(out, g->early.begun, 1);
	if (g->opts->merge)
		buf_put_int(out, g->n_frames, 8);
	if (g->way->save != NULL)
		g->way->save(g, out);
	if (reduce_save(g->reduce, &why, out) == -1) {
		group_fail_reduce(st, g, why);
		return;
	}
	if (g->emit == GROUP_COMPLETE)
		buf_put_int(out, g->kept.cols != NULL, 1);
	if (g->emit == GROUP_COMPLETE && g->kept.cols != NULL)
		pack_build(out, &g->kept);
	if (g->update.choosy)
		update_save(&g->update, out);
	if (g->fill.on)
		fill_save(&g->fill, out);
	if (g->keeps_runs)
		save_runs(st, g, out);
}

int
group_load(struct stage *st, void *arg, struct cur *in)
{
	struct group *g = arg;

	if (g->opts->mem > 0)
		keep_runs(st, g);
	g->order = cur_get_int(in, 8);
	g->early.until_us = (int64_t)cur_get_int(in, 8);
	g->early.begun = cur_get_int(in, 1) != 0;
	if (g->opts->merge)
		g->n_frames = cur_get_int(in, 8);
	if (g->way->load != NULL && g->way->load(st, g, in) == -1)
		return -1;
	if (reduce_load(g->reduce, in) == -1)
		return -1;
	if (g->emit == GROUP_COMPLETE && cur_get_int(in, 1) != 0) {
		group_begin_kept(g);
		if (unpack_build(&g->kept, in) == -1)
			return -1;
	}
	if (g->update.choosy && update_load(&g->update, in) == -1)
		return -1;
	if (g->fill.on && fill_load(&g->fill, st, g, in) == -1)
		return -1;
	return load_runs(st, g, in);
}
