/* SPDX-License-Identifier: ISC */
/* smap: choose rows and compute columns, frame by frame.  smap(1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
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
	OPT_DEDUP,
	OPT_WITHIN,
	OPT_CHANGED,
	OPT_OVER,
	OPT_TTL,
	OPT_BAD,
	OPT_MAX_BAD,
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
    {OPT_DEDUP, "dedup", "KEYS", "pass the first row of each key"},
    {OPT_WITHIN, "within", "D", "how long --dedup remembers a key"},
    {'k', "keys", "KEYS", "aggregates, lag, ... are of the key's rows so far"},
    {OPT_OVER, "over", "D|Nrows", "aggregates look at the last rows only"},
    {OPT_CHANGED, "changed", "EXPR", "pass rows unlike their key's last one"},
    {OPT_TTL, "ttl", "D", "forget keys that were silent for D"},
    {'p', "parse", "FORMAT", "parse text, or column COL by COL=FORMAT"},
    {'c', "columns", "COLS", "columns that -p makes"},
    {'t', "time", "COL[:FORMAT]", "which of them is the event time"},
    {'N', "no-header", NULL, "blocks of csv and tsv begin with a row"},
    {OPT_BAD, "bad", "stop|skip|FILE", "what -p does with bad records"},
    {OPT_MAX_BAD, "max-bad", "N|P%", "fail when more records are bad"},
};

static const struct tool_hint hints[] = {
    {"e", "write -w for a condition, -s or -a for columns"},
    {"f", "write -w for a condition; formats belong to sbatch and ssink"},
    {"n", "write -w for a condition, --head for a number of rows"},
    {"S", "only sbatch takes a directory; the stream tells the stages"},
    {"filter", "write -w or --where"},
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
    {OPT_DEDUP, &dedup_step},
    {OPT_CHANGED, &dedup_changed},
    {'p', &parse_step},
};

#define N_STEPS (sizeof(steps) / sizeof(steps[0]))

/* An option that says more about steps; so many of them stand before it. */
struct modifier {
	int ch;
	const char *arg;
	size_t at;
};

struct smap {
	struct chain chain;
	struct stage_ops ops;
	struct modifier *modifiers;
	size_t n_modifiers;
	size_t cap_modifiers;
};

static int
on_head(struct stage *st, void *arg)
{
	struct smap *m = arg;

	if (chain_head(&m->chain, st, &m->ops.cls) == -1)
		return -1;
	for (size_t i = 0; i < m->n_modifiers; i++) {
		if (m->modifiers[i].ch == 'k' && !m->chain.keys_used)
			return stage_fail(st, TOOL_USAGE,
			    "-k: nothing looks at keys; write an aggregate, "
			    "lag(x) and their like into -s, -a or -w, or "
			    "--changed");
	}
	return 0;
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

/* The modifier that holds for step i: the last before it, or the first. */
static const struct modifier *
find_modifier(const struct smap *m, int ch, size_t i)
{
	const struct modifier *found = NULL;

	for (size_t k = 0; k < m->n_modifiers; k++) {
		const struct modifier *mod = &m->modifiers[k];

		if (mod->ch == ch && (found == NULL || mod->at <= i))
			found = mod;
	}
	return found;
}

static int64_t
above_zero(const char *opt, const char *arg)
{
	int64_t us = tool_dur(opt, arg);

	if (us == 0)
		tool_die(TOOL_USAGE, "--%s: it must be above 0", opt);
	return us;
}

/* --over: a duration, or a number of rows. */
static void
set_over(struct step_opts *o, const char *arg)
{
	size_t len = strlen(arg), digits = strspn(arg, "0123456789");
	const char *unit = arg + digits + strspn(arg + digits, " ");

	if (digits == 0
	    || (strcmp(unit, "rows") != 0 && strcmp(unit, "row") != 0)) {
		if (num_parse_dur(&o->over_us, arg, len) == -1
		    || o->over_us <= 0)
			tool_die(TOOL_USAGE,
			    "--over: %s is neither a duration nor a number of "
			    "rows; write 10m or 500rows",
			    arg);
		return;
	}
	if (num_parse_int(&o->over_rows, arg, digits) == -1 || o->over_rows < 1
	    || o->over_rows > UINT32_MAX)
		tool_die(TOOL_USAGE, "--over: %s: too many or too few", arg);
}

/* The step of a kind that a modifier belongs to: behind it, else before it. */
static struct step *
owner(const struct smap *m, const struct modifier *mod,
    const struct step_kind *kind)
{
	struct step *found = NULL;

	for (size_t i = 0; i < m->chain.n; i++) {
		if (m->chain.steps[i]->kind == kind
		    && (found == NULL || i < mod->at))
			found = m->chain.steps[i];
	}
	return found;
}

/* Options of -p. */
static bool
set_parse(const struct smap *m, const struct modifier *mod)
{
	struct step *s = owner(m, mod, &parse_step);
	struct step_opts none, *o = s == NULL ? &none : &s->opts;

	switch (mod->ch) {
	case 'c':
		o->columns = mod->arg;
		break;
	case 't':
		o->time = mod->arg;
		break;
	case 'N':
		o->no_header = true;
		break;
	case OPT_BAD:
		o->bad = mod->arg;
		break;
	case OPT_MAX_BAD:
		o->max_bad = mod->arg;
		break;
	default:
		return false;
	}
	if (s == NULL)
		tool_die(
		    TOOL_USAGE, "-c, -t, -N, --bad and --max-bad go with -p");
	return true;
}

static void
set_within(const struct smap *m, const struct modifier *mod)
{
	struct step *s = owner(m, mod, &dedup_step);

	if (s != NULL)
		s->opts.within_us = tool_dur("within", mod->arg);
	else
		tool_die(TOOL_USAGE, "--within goes with --dedup");
}

/* Tell the steps what the other options say of them. */
static void
settle(struct smap *m)
{
	for (size_t i = 0; i < m->chain.n; i++) {
		struct step_opts *o = &m->chain.steps[i]->opts;
		const struct modifier *keys = find_modifier(m, 'k', i);
		const struct modifier *over = find_modifier(m, OPT_OVER, i);
		const struct modifier *ttl = find_modifier(m, OPT_TTL, i);

		o->within_us = -1;
		o->keys = keys == NULL ? NULL : keys->arg;
		if (over != NULL)
			set_over(o, over->arg);
		if (ttl != NULL)
			o->ttl_us = above_zero("ttl", ttl->arg);
	}
	for (size_t i = 0; i < m->n_modifiers; i++) {
		const struct modifier *mod = &m->modifiers[i];

		if (set_parse(m, mod))
			continue;
		if (mod->ch == OPT_WITHIN)
			set_within(m, mod);
		else if (mod->ch != 'k' && find_modifier(m, 'k', 0) == NULL)
			tool_die(TOOL_USAGE, "--%s goes with -k KEYS",
			    mod->ch == OPT_OVER ? "over" : "ttl");
	}
}

static void
add_option(struct smap *m, int ch, const char *arg)
{
	for (size_t i = 0; i < N_STEPS; i++) {
		if (steps[i].ch == ch) {
			chain_add(&m->chain, steps[i].kind, arg);
			return;
		}
	}
	m->modifiers = mem_grow(m->modifiers, &m->cap_modifiers,
	    m->n_modifiers + 1, sizeof(*m->modifiers));
	m->modifiers[m->n_modifiers++] = (struct modifier){ch, arg, m->chain.n};
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
	settle(&m);
	status = stage_run(&st, &t, &m.ops, &m);
	chain_release(&m.chain);
	free(m.modifiers);
	return status;
}
