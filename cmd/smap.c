/* SPDX-License-Identifier: ISC */
/* smap: choose rows and compute columns, frame by frame.  smap(1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "step/chain.h"
#include "tool/stage.h"
#include "tool/tool.h"

#define TIMEOUT_US (60 * TIME_US)

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
	OPT_TZ,
	OPT_YEAR,
	OPT_FRAME,
	OPT_OK,
	OPT_TIMEOUT,
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
    {'k', "keys", "KEYS", "aggregates and lag are of the key's rows so far"},
    {OPT_OVER, "over", "D|Nrows", "aggregates look at the last rows only"},
    {OPT_CHANGED, "changed", "EXPR", "pass rows unlike their key's last one"},
    {OPT_TTL, "ttl", "D", "forget keys that were silent for D"},
    {'p', "parse", "FORMAT", "parse text, or column COL by COL=FORMAT"},
    {'x', "exec", NULL, "a batch through the command behind --"},
    {'X', "coprocess", NULL, "line by line through the command behind --"},
    {'f', "format", "FORMAT", "what -x and -X write and read (tsv)"},
    {'c', "columns", "COLS", "columns that -p, -x or -X make"},
    {'t', "time", "COL[:FORMAT]", "which of them is the event time"},
    {'N', "no-header", NULL, "csv and tsv have no line of names"},
    {OPT_TZ, "tz", "ZONE", "zone of times that -p reads and that name none"},
    {OPT_YEAR, "year", "Y", "year of the first such time that has none"},
    {OPT_FRAME, "frame", NULL, "-x runs the command for each frame"},
    {OPT_OK, "ok", "N,...", "exit statuses of the command that are well (0)"},
    {OPT_TIMEOUT, "timeout", "D", "how long -X waits for a line (60s)"},
    {OPT_BAD, "bad", "stop|skip|FILE", "what -p does with bad records"},
    {OPT_MAX_BAD, "max-bad", "N|P%", "fail when more records are bad"},
};

static const struct tool_hint hints[] = {
    {"e", "write -w for a condition, -s or -a for columns"},
    {"n", "write -w for a condition, --head for a number of rows"},
    {"S", "only sbatch takes a directory; the stream tells the stages"},
    {"filter", "write -w or --where"},
    {"F", "sbatch has it: sbatch -F FILE | smap ..."},
    {"follow", "sbatch has it: sbatch -F FILE | smap ..."},
    {"late", "swindow has it: smap ... | swindow 1m --late 5s"},
    {"sort", "sreduce has it, and swindow sorts by time"},
    {"top", "sreduce has it: sreduce -k KEYS count --top 3:count"},
    {"o", "ssink writes: smap ... | ssink out.csv"},
    {"append", "ssink has it: smap ... | ssink --append FILE"},
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
    {'x', &pipe_batch},
    {'X', &pipe_lines},
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
	m->ops.no_resume = chain_no_resume(&m->chain);
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

static void
on_save(struct stage *st, void *arg, struct buf *out)
{
	(void)st;
	chain_save(&((struct smap *)arg)->chain, out);
}

static int
on_load(struct stage *st, void *arg, struct cur *in)
{
	(void)st;
	return chain_load(&((struct smap *)arg)->chain, in);
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

/* What takes a modifier that belongs to one step. */
struct taker {
	int ch;
	const struct step_kind *kinds[3];
	const char *text; /* for the message when there is none */
};

static const struct taker takers[] = {
    {OPT_WITHIN, {&dedup_step}, "--within goes with --dedup"},
    {'c', {&parse_step, &pipe_batch, &pipe_lines},
	"-c goes with -p, -x or -X; write -s LIST"},
    {'t', {&parse_step, &pipe_batch, &pipe_lines}, "-t goes with -p, -x or -X"},
    {'N', {&parse_step, &pipe_batch, &pipe_lines}, "-N goes with -p, -x or -X"},
    {'f', {&pipe_batch, &pipe_lines},
	"-f goes with -x or -X; formats belong to sbatch and ssink, and a "
	"condition to -w"},
    {OPT_BAD, {&parse_step}, "--bad goes with -p"},
    {OPT_MAX_BAD, {&parse_step}, "--max-bad goes with -p"},
    {OPT_TZ, {&parse_step}, "--tz goes with -p"},
    {OPT_YEAR, {&parse_step}, "--year goes with -p"},
    {OPT_FRAME, {&pipe_batch}, "--frame goes with -x"},
    {OPT_OK, {&pipe_batch, &pipe_lines}, "--ok goes with -x or -X"},
    {OPT_TIMEOUT, {&pipe_lines}, "--timeout goes with -X"},
};

static const struct taker *
find_taker(int ch)
{
	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
		if (takers[i].ch == ch)
			return &takers[i];
	}
	return NULL;
}

static bool
takes(const struct taker *t, const struct step_kind *kind)
{
	return kind == t->kinds[0] || kind == t->kinds[1]
	       || kind == t->kinds[2];
}

/* The step that a modifier belongs to: the last before it, else the first. */
static struct step *
owner(const struct smap *m, const struct modifier *mod, const struct taker *t)
{
	struct step *found = NULL;

	for (size_t i = 0; i < m->chain.n; i++) {
		if (takes(t, m->chain.steps[i]->kind)
		    && (found == NULL || i < mod->at))
			found = m->chain.steps[i];
	}
	if (found == NULL)
		tool_die(TOOL_USAGE, "%s", t->text);
	return found;
}

static void
set_one(struct step_opts *o, int ch, const char *arg)
{
	switch (ch) {
	case OPT_WITHIN:
		o->within_us = tool_dur("within", arg);
		break;
	case 'c':
		o->columns = arg;
		break;
	case 't':
		o->time = arg;
		break;
	case 'N':
		o->no_header = true;
		break;
	case 'f':
		o->format = arg;
		break;
	case OPT_BAD:
		o->bad = arg;
		break;
	case OPT_MAX_BAD:
		o->max_bad = arg;
		break;
	case OPT_TZ:
		o->tz = arg;
		break;
	case OPT_YEAR:
		o->year = (int)tool_int("year", arg, 1, 9999);
		break;
	case OPT_FRAME:
		o->by_frame = true;
		break;
	case OPT_OK:
		o->ok = arg;
		break;
	case OPT_TIMEOUT:
		o->timeout_us = above_zero("timeout", arg);
		break;
	}
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
		o->timeout_us = TIMEOUT_US;
		o->keys = keys == NULL ? NULL : keys->arg;
		if (over != NULL)
			set_over(o, over->arg);
		if (ttl != NULL)
			o->ttl_us = above_zero("ttl", ttl->arg);
	}
	for (size_t i = 0; i < m->n_modifiers; i++) {
		const struct modifier *mod = &m->modifiers[i];

		const struct taker *taker = find_taker(mod->ch);

		if (taker != NULL)
			set_one(&owner(m, mod, taker)->opts, mod->ch, mod->arg);
		else if (mod->ch != 'k' && find_modifier(m, 'k', 0) == NULL)
			tool_die(TOOL_USAGE, "--%s goes with -k KEYS",
			    mod->ch == OPT_OVER ? "over" : "ttl");
	}
}

/* The words behind -- are the command of the one step that runs one. */
static void
set_command(struct smap *m, char *argv[], const char *before)
{
	struct step *found = NULL;

	for (size_t i = 0; i < m->chain.n; i++) {
		struct step *s = m->chain.steps[i];

		if (s->kind != &pipe_batch && s->kind != &pipe_lines)
			continue;
		if (found != NULL)
			tool_die(TOOL_USAGE,
			    "one command only: put another smap behind this");
		found = s;
	}
	if (argv[0] == NULL)
		return;
	if (found == NULL && strpbrk(argv[0], " <>=!()") == NULL)
		tool_die(TOOL_USAGE,
		    "smap reads a stream: sbatch %s | smap ...", argv[0]);
	if (found == NULL)
		tool_die(TOOL_USAGE,
		    "'%s' belongs to no option: a condition stands behind -w, "
		    "columns behind -s or -a, files behind sbatch",
		    argv[0]);
	if (strcmp(before, "--") != 0)
		tool_die(TOOL_USAGE,
		    "the command stands behind --: smap %s -- %s ...",
		    found->kind->opt, argv[0]);
	found->opts.argv = argv;
}

static void
add_option(struct smap *m, int ch, const char *arg)
{
	for (size_t i = 0; i < N_STEPS; i++) {
		if (steps[i].ch == ch) {
			chain_add(
			    &m->chain, steps[i].kind, arg == NULL ? "" : arg);
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
			     .end = on_end,
			     .save = on_save,
			     .load = on_load}};
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
	set_command(&m, argv + optind, argv[optind - 1]);
	if (m.chain.n == 0 && !t.schema_only)
		tool_die(TOOL_USAGE, "nothing to do: give -w, -s or -a");
	settle(&m);
	status = stage_run(&st, &t, &m.ops, &m);
	chain_release(&m.chain);
	free(m.modifiers);
	return status;
}
