/* SPDX-License-Identifier: ISC */
/* sreduce: what HEAD says, and which way of answering it leads to. */
#include "group/group.h"

#include <stdlib.h>
#include <string.h>

#include "group/group_int.h"

#define PARTS_VERSION 2 /* of what is saved with --partial and --merge */

int
group_fail_expr(struct stage *st, const char *what,
    const struct expr_error *err, const char *source)
{
	struct buf b;
	int len;

	if (source == NULL)
		return stage_fail(st, TOOL_USAGE, "%s", err->text);
	buf_init(&b, 0);
	expr_error_print(&b, err, source);
	len = b.len > 0 ? (int)b.len - 1 : 0;
	stage_fail(st, TOOL_USAGE, "%s%.*s", what, len, (const char *)b.data);
	buf_release(&b);
	return -1;
}

int
group_fail_run(struct stage *st, const struct expr_error *err)
{
	return stage_fail(st, TOOL_DATA, "%s", err->text);
}

int
group_fail_reduce(struct stage *st, const struct group *g, const char *why)
{
	bool io = reduce_failed_io(g->reduce);

	return stage_fail(
	    st, io ? TOOL_IO : TOOL_DATA, "%s%s", io ? "--mem: " : "", why);
}

/* A system column of the input, or -1. */
static int
system_col(const struct schema *s, const char *name)
{
	int c = schema_find(s, name, strlen(name));

	return c >= 0 && s->fields[c].system ? c : -1;
}

static int
check_input(struct stage *st, struct group *g)
{
	const struct head *in = &st->in;
	struct group_input *i = &g->in;

	if (in->mode != MODE_APPEND)
		return stage_fail(st, TOOL_DATA,
		    "the input changes rows it has sent; only rows that stay "
		    "can be reduced");
	if (in->n_partials > 0 && !g->opts->merge)
		return stage_fail(st, TOOL_DATA,
		    "the input has partial states already; write sreduce "
		    "--merge");
	if (in->n_partials == 0 && g->opts->merge)
		return stage_fail(st, TOOL_DATA,
		    "the input has no partial states to merge; write sreduce "
		    "--partial before it, or leave out --merge");
	i->windowed = in->window.kind != WINDOW_NONE;
	i->per_window = in->window.kind == WINDOW_ROWS ? in->window.size : 0;
	i->bounds = i->per_window > 0 ? TYPE_INT : TYPE_TIME;
	i->pane_col = i->windowed ? system_col(&in->schema, "pane") : -1;
	i->part_col = system_col(&in->schema, "part");
	i->time_col = in->schema.time_col;
	i->time_off = in->schema.time_off;
	if (i->windowed
	    && (i->pane_col == -1
		|| in->schema.fields[i->pane_col].type != i->bounds))
		return stage_fail(
		    st, TOOL_DATA, "the input has windows but no panes");
	return 0;
}

/* Which of -k the sessions are of: all of swindow's keys must be there. */
static int
find_session_keys(struct stage *st, struct group *g)
{
	const char *names = st->in.window.keys, *comma;
	const struct expr_list *keys = &g->query.keys;
	struct pane_plan *plan = &g->query.plan;
	size_t len, i;

	for (; *names != '\0'; names += len + (comma != NULL)) {
		comma = strchr(names, ',');
		len = comma != NULL ? (size_t)(comma - names) : strlen(names);
		for (i = 0; i < keys->n; i++) {
			int c = expr_is_column(keys->items[i].expr);

			if (c != -1
			    && c == schema_find(&st->in.schema, names, len))
				break;
		}
		if (i == keys->n)
			return stage_fail(st, TOOL_USAGE,
			    "sessions are of %s: write -k %s",
			    st->in.window.keys, st->in.window.keys);
		g->session_keys = mem_resize(g->session_keys,
		    plan->n_session_keys + 1, sizeof(*g->session_keys));
		g->session_keys[plan->n_session_keys++] = i;
	}
	plan->session_keys = g->session_keys;
	return 0;
}

static int
compile(struct stage *st, struct group *g)
{
	const struct group_opts *o = g->opts;
	struct expr_error err;
	const char *source;

	g->ready = true;
	if (o->fold != NULL) {
		g->fold = mem_zero(1, sizeof(*g->fold));
		if (query_init_keys(
			&g->query, &err, &source, &st->in.schema, o->keys)
		    == -1)
			return group_fail_expr(st, "-k: ", &err, source);
		return fold_plan(g->fold, st, g);
	}
	if (o->merge && group_merge_plan(st, g) == -1)
		return -1;
	if (!o->merge
	    && query_init(&g->query, &err, &source, &st->in.schema,
		   g->in.bounds, o->keys, o->aggs)
		   == -1)
		return group_fail_expr(
		    st, source == o->keys ? "-k: " : "", &err, source);
	g->query.plan.track = g->emit == GROUP_UPDATE;
	return find_session_keys(st, g);
}

static int
make_tables(struct stage *st, struct group *g)
{
	char *why = NULL;

	g->query.plan.measured = g->opts->mem > 0;
	g->reduce = reduce_new(&st->in.window, &g->query.plan, &why);
	if (g->reduce != NULL && g->opts->mem > 0)
		reduce_bound(g->reduce, g->opts->mem);
	if (g->reduce != NULL)
		return 0;
	stage_fail(st, TOOL_DATA, "%s", why);
	free(why);
	return -1;
}

/* Which keys a file lists is what the answer depends on, not its name. */
static void
add_roster(struct group *g)
{
	char *digest = fill_digest(&g->fill);

	free(g->text);
	g->text = mem_printf("%s (keys %s)", g->opts->text, digest);
	free(digest);
}

static int
on_head(struct stage *st, void *arg)
{
	struct group *g = arg;

	if (check_input(st, g) == -1 || group_check(st, g) == -1)
		return -1;
	g->way = g->opts->partial   ? &group_partial
		 : g->opts->running ? &group_running
		 : g->in.windowed   ? &group_window
				    : &group_batch;
	g->ops.cls = g->way->cls;
	if (g->opts->partial || g->opts->merge)
		g->ops.version = PARTS_VERSION;
	g->has_batch_time = g->way == &group_batch && st->in.endless;
	g->early.every_us = g->opts->early_us;
	if (compile(st, g) == -1
	    || (g->way->plan != NULL && g->way->plan(st, g) == -1)
	    || (g->opts->partial ? group_partial_schema(st, g)
				 : group_schema(st, g))
		   == -1
	    || (g->opts->fill && fill_plan(&g->fill, st, g) == -1)
	    || rank_plan(&g->rank, st, g->opts) == -1
	    || make_tables(st, g) == -1)
		return -1;
	if (g->fill.listed)
		add_roster(g);
	st->options = g->text != NULL ? g->text : g->opts->text;
	group_describe_state(st, g);
	return 0;
}

static int
on_rows(struct stage *st, void *arg, const struct frame *f, struct batch *b)
{
	struct group *g = arg;

	return g->way->rows(st, g, f, b);
}

static int
on_mark(
    struct stage *st, void *arg, const struct frame *f, const struct mark *m)
{
	struct group *g = arg;

	if (g->way->mark != NULL
	    && g->way->mark(st, g, f, m->what == MARK_EOF) == -1)
		return -1;
	return stage_mark(st, &f->h, m, f->h.watermark);
}

static const struct stage_ops ops_template = {
    .cls = CLASS_STATEFUL,
    .head = on_head,
    .rows = on_rows,
    .mark = on_mark,
    .begin = group_begin,
    .save = group_save,
    .load = group_load,
    .version = 1,
};

static void
release(struct group *g)
{
	if (g->way != NULL && g->way->release != NULL)
		g->way->release(g);
	reduce_free(g->reduce);
	free(g->session_keys);
	free(g->loads);
	free(g->text);
	fill_release(&g->fill);
	fold_release(g->fold);
	if (g->ready)
		query_release(&g->query);
	rank_release(&g->rank);
	update_release(&g->update);
	batch_release(&g->early.part);
	batch_release(&g->out);
	batch_release(&g->picked);
	build_release(&g->kept);
}

int
group_run(struct tool *t, const struct group_opts *o)
{
	struct group g = {.opts = o, .ops = ops_template};
	struct stage st = {.sink = false};
	int status;

	batch_init(&g.out);
	batch_init(&g.picked);
	batch_init(&g.early.part);
	status = stage_run(&st, t, &g.ops, &g);
	release(&g);
	return status;
}
