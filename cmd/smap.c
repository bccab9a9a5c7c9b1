/* SPDX-License-Identifier: ISC */
/* smap: choose rows and compute columns, frame by frame.  smap(1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "step/chain.h"
#include "tool/stage.h"
#include "tool/tool.h"

enum long_opt {
	OPT_RENAME = TOOL_LONG,
	OPT_DROP,
	OPT_EXPLODE,
	OPT_SAMPLE,
	OPT_HEAD,
	OPT_TAIL,
};

static const struct tool_opt options[] = {
    {'w', "where", "PRED", "pass the rows for which PRED is true"},
    {'s', "select", "LIST", "make LIST the columns"},
    {'a', "add", "LIST", "add or replace columns"},
    {OPT_RENAME, "rename", "OLD=NEW,...", "give columns other names"},
    {OPT_DROP, "drop", "COLS", "leave columns out"},
    {OPT_EXPLODE, "explode", "LIST", "a row for each piece of a text"},
    {OPT_SAMPLE, "sample", "P%[:KEYS]", "pass a share of the rows, by hash"},
    {OPT_HEAD, "head", "N", "pass the first N rows of each batch"},
    {OPT_TAIL, "tail", "N", "pass the last N rows of each batch"},
};

static const struct tool_hint hints[] = {
    {"e", "write -w for a condition, -s or -a for columns"},
    {"f", "write -w for a condition; formats belong to sbatch and ssink"},
    {"n", "write -w for a condition, --head for a number of rows"},
    {"S", "only sbatch takes a directory; the stream tells the stages"},
    {"filter", "write -w or --where"},
    {"columns", "write -s or --select"},
    {NULL, NULL},
};

/* The step that an option adds. */
static const struct {
	int ch;
	const struct step_kind *kind;
} steps[] = {
    {'w', &where_step},
    {'s', &columns_select},
    {'a', &columns_add},
    {OPT_RENAME, &names_rename},
    {OPT_DROP, &names_drop},
    {OPT_EXPLODE, &explode_step},
    {OPT_SAMPLE, &sample_step},
    {OPT_HEAD, &ends_head},
    {OPT_TAIL, &ends_tail},
};

#define N_STEPS (sizeof(steps) / sizeof(steps[0]))

struct smap {
	struct chain chain;
	struct stage_ops ops;
};

static int
on_head(struct stage *st, void *arg)
{
	struct smap *m = arg;

	return chain_head(&m->chain, st, &m->ops.cls);
}

static int
on_rows(struct stage *st, void *arg, const struct frame *f, struct batch *b)
{
	(void)st;
	return chain_rows(&((struct smap *)arg)->chain, f, b);
}

static int
on_mark(
    struct stage *st, void *arg, const struct frame *f, const struct mark *m)
{
	(void)st;
	return chain_mark(&((struct smap *)arg)->chain, f, m);
}

static int
on_end(struct stage *st, void *arg, enum end_reason reason)
{
	(void)st;
	(void)reason;
	return chain_end(&((struct smap *)arg)->chain);
}

static void
add_option(struct smap *m, int ch, const char *arg)
{
	for (size_t i = 0; i < N_STEPS; i++) {
		if (steps[i].ch == ch)
			chain_add(&m->chain, steps[i].kind, arg);
	}
}

int
main(int argc, char *argv[])
{
	struct smap m = {.ops = {.cls = CLASS_FRAME,
			     .head = on_head,
			     .rows = on_rows,
			     .mark = on_mark,
			     .end = on_end}};
	struct tool t;
	struct stage st = {0};
	const char *arg;
	int ch, status;

	chain_init(&m.chain);
	tool_init(&t, "smap", "[options] [-w PRED | -s LIST | -a LIST]...",
	    "Choose rows and compute columns; options apply left to right.",
	    options, sizeof(options) / sizeof(options[0]));
	t.hints = hints;
	while ((ch = tool_next(&t, argc, argv, &arg)) != -1)
		add_option(&m, ch, arg);
	if (optind < argc)
		tool_die(TOOL_USAGE,
		    "smap reads a stream: sbatch %s | smap ...", argv[optind]);
	if (m.chain.n == 0 && !t.schema_only)
		tool_die(TOOL_USAGE, "nothing to do: give -w, -s or -a");
	status = stage_run(&st, &t, &m.ops, &m);
	chain_release(&m.chain);
	return status;
}
