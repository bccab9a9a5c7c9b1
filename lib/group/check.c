/* SPDX-License-Identifier: ISC */
/* What does not go together, with what to write instead.  sreduce(1). */
#include <string.h>

#include "group/group_int.h"

static bool
has_keys(const struct stage *st, const struct group *g)
{
	const struct schema *s = &st->in.schema;
	size_t n = 0;

	if (!g->opts->merge)
		return g->opts->keys[0] != '\0';
	for (size_t i = 0; i < s->n; i++)
		n += !s->fields[i].system;
	return n > st->in.n_partials;
}

/* What looks at rows one by one, where they are reduced frame by frame. */
static int
check_parts(struct stage *st, const struct group *g)
{
	const struct group_opts *o = g->opts;
	const char *opt = o->early_us > 0 ? "--early"
			  : o->ttl_us > 0 ? "--ttl"
					  : NULL;

	if (opt == NULL || (!o->partial && !o->merge))
		return 0;
	return stage_fail(st, TOOL_USAGE,
	    "%s goes by the time of each row, and states are of whole frames; "
	    "reduce the rows without --partial and --merge",
	    opt);
}

/* Windows that answer before they are closed. */
static int
check_windows(struct stage *st, const struct group *g)
{
	enum window_kind kind = st->in.window.kind;

	if (g->emit == GROUP_FINAL)
		return 0;
	if (kind == WINDOW_SESSION)
		return stage_fail(st, TOOL_USAGE,
		    "a row may make one session of two that were sent: "
		    "sessions have final answers alone; write --emit final");
	if (kind == WINDOW_CUMULATE)
		return stage_fail(st, TOOL_USAGE,
		    "cumulative windows are intermediate results already; "
		    "write --emit final");
	return 0;
}

static int
check_running(struct stage *st, const struct group *g)
{
	const struct group_opts *o = g->opts;

	if (g->in.windowed)
		return stage_fail(st, TOOL_USAGE,
		    "%s keeps one state for all batches, and windows "
		    "have states of their own; leave the window out: swindow "
		    "--late 5s makes watermarks alone",
		    o->fold != NULL ? "--fold" : "--running");
	if (g->emit == GROUP_FINAL && st->in.endless)
		return stage_fail(st, TOOL_USAGE,
		    "--emit final answers at the end of the data, and this "
		    "source has none; write --emit update or --emit complete");
	if (o->ttl_us > 0 && !has_keys(st, g))
		return stage_fail(st, TOOL_USAGE,
		    "--ttl forgets keys, and there are none; write -k KEYS");
	return 0;
}

/* Tables that groups move out of, and come back from only once. */
static int
check_mem(struct stage *st, const struct group *g)
{
	const struct group_opts *o = g->opts;

	if (o->mem == 0)
		return 0;
	if (st->in.window.kind == WINDOW_SESSION)
		return stage_fail(st, TOOL_USAGE,
		    "--mem: sessions are merged in memory; leave it out");
	if (o->running || g->emit != GROUP_FINAL)
		return stage_fail(st, TOOL_USAGE,
		    "--mem: states that are looked at again and again stay in "
		    "memory; write --max-state N to bound them");
	if (o->fill)
		return stage_fail(st, TOOL_USAGE,
		    "--mem: the keys of --fill stay in memory; write "
		    "--max-state N to bound them");
	if (o->max_state != UINT64_MAX)
		return stage_fail(st, TOOL_USAGE,
		    "--mem has no bound on keys; leave out --max-state");
	return 0;
}

static int
check_early(struct stage *st, const struct group *g)
{
	if (g->opts->early_us == 0)
		return 0;
	if (g->emit != GROUP_UPDATE)
		return stage_fail(st, TOOL_USAGE,
		    "--early sends rows that later ones replace; write --emit "
		    "update");
	if (g->in.time_col == -1)
		return stage_fail(st, TOOL_USAGE,
		    "--early goes by event time, and the stream has none; "
		    "write sbatch -t COL, or sbatch -i D for an answer each "
		    "D");
	return 0;
}

static int
check_fill(struct stage *st, const struct group *g)
{
	const struct group_opts *o = g->opts;
	enum window_kind kind = st->in.window.kind;

	if (!o->fill)
		return 0;
	if (!g->in.windowed)
		return stage_fail(st, TOOL_USAGE,
		    "--fill is for windows; put swindow 1m before");
	if (kind == WINDOW_SESSION || kind == WINDOW_ROWS
	    || kind == WINDOW_CUMULATE)
		return stage_fail(st, TOOL_USAGE,
		    "--fill: %s; it is for windows such as 1m, 5m/1m or 1d",
		    kind == WINDOW_SESSION ? "no session is without rows"
		    : kind == WINDOW_ROWS  ? "windows of rows are never empty"
					   : "cumulative windows overlap");
	if (g->emit != GROUP_FINAL)
		return stage_fail(st, TOOL_USAGE,
		    "--fill knows what a window lacks when it is closed; "
		    "write --emit final");
	if (o->roster != NULL && !has_keys(st, g))
		return stage_fail(st, TOOL_USAGE,
		    "--fill lists keys, and there are none; write -k KEYS");
	if (o->roster != NULL && strcmp(o->roster, "-") == 0)
		return stage_fail(st, TOOL_USAGE,
		    "--fill: standard input is the stream already; write the "
		    "name of a file");
	return 0;
}

int
group_check(struct stage *st, struct group *g)
{
	const struct group_opts *o = g->opts;

	if (check_parts(st, g) == -1)
		return -1;
	g->emit = o->emit != GROUP_EMIT_UNSAID ? o->emit
		  : o->running                 ? GROUP_UPDATE
					       : GROUP_FINAL;
	if (!o->running && !g->in.windowed && g->emit != GROUP_FINAL)
		return stage_fail(st, TOOL_USAGE,
		    "each batch has an answer of its own; --emit %s is for "
		    "windows and for --running",
		    g->emit == GROUP_UPDATE ? "update" : "complete");
	if (o->partial && group_check_partial(st, g) == -1)
		return -1;
	if (o->ttl_us > 0 && !o->running)
		return stage_fail(st, TOOL_USAGE,
		    "--ttl is for --running; windows and batches forget by "
		    "themselves");
	if (o->top > 0 && g->emit == GROUP_UPDATE)
		return stage_fail(st, TOOL_USAGE,
		    "--top would have to take rows back that others overtake; "
		    "write --emit complete, or --having");
	if (g->in.windowed && check_windows(st, g) == -1)
		return -1;
	if (o->running && check_running(st, g) == -1)
		return -1;
	if (check_fill(st, g) == -1 || check_mem(st, g) == -1)
		return -1;
	return check_early(st, g);
}
