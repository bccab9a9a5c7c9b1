/* SPDX-License-Identifier: ISC */
/* Reduce each window, or each batch, to one row a key.  sreduce(1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "group/group.h"
#include "tool/tool.h"
#include "window/spill.h"

enum long_opt {
	OPT_MEM = TOOL_LONG,
	OPT_PARTIAL,
	OPT_MERGE,
	OPT_TOP,
	OPT_SORT,
	OPT_HAVING,
	OPT_RUNNING,
	OPT_FOLD,
	OPT_EMIT,
	OPT_TTL,
	OPT_EARLY,
	OPT_FILL,
	OPT_MAX_STATE,
};

static const struct tool_opt options[] = {
    {'k', "keys", "LIST", "expressions that make the groups"},
    {OPT_HAVING, "having", "EXPR", "only rows for which EXPR holds"},
    {OPT_PARTIAL, "partial", NULL, "reduce each frame to states for --merge"},
    {OPT_MERGE, "merge", NULL, "merge the states of sreduce --partial"},
    {OPT_MEM, "mem", "SIZE", "keep groups beyond SIZE bytes in a file"},
    {OPT_TOP, "top", "N:EXPR", "only the N rows with the greatest EXPR"},
    {OPT_SORT, "sort", "EXPR", "sort by EXPR, or \"EXPR desc\"; repeatable"},
    {OPT_RUNNING, "running", NULL, "one state for all batches"},
    {OPT_FOLD, "fold", "INIT", "states of your own: INIT, UPDATE [EMIT]"},
    {OPT_TTL, "ttl", "D", "--running: forget keys that are silent for D"},
    {OPT_EMIT, "emit", "WHEN", "final, update or complete"},
    {OPT_EARLY, "early", "D", "--emit update: also each D of event time"},
    {OPT_FILL, "fill", "[ROSTER]", "rows for keys that a window lacks"},
    {OPT_MAX_STATE, "max-state", "N", "at most N keys at a time"},
};

static const struct tool_hint hints[] = {
    {"by", "-k KEYS"},
    {"group-by", "-k KEYS"},
    {"g", "-k KEYS"},
    {NULL, NULL},
};

/* By enum group_emit. */
static const char *const emits[] = {
    [GROUP_EMIT_UNSAID] = "",
    [GROUP_FINAL] = "final",
    [GROUP_UPDATE] = "update",
    [GROUP_COMPLETE] = "complete",
};

struct opts {
	struct group_opts group;
	char *aggs;
	char *text;
};

static void
add_sort(
    struct group_opts *o, const char *opt, const char *text, bool descending)
{
	size_t len = strlen(text);

	if (o->n_sorts == GROUP_MAX_SORTS)
		tool_die(
		    TOOL_USAGE, "%s: at most %d of them", opt, GROUP_MAX_SORTS);
	if (len > 5 && strcasecmp(text + len - 5, " desc") == 0) {
		descending = true;
		len -= 5;
	} else if (len > 4 && strcasecmp(text + len - 4, " asc") == 0) {
		len -= 4;
	}
	o->sorts[o->n_sorts++] = (struct group_sort){.opt = opt,
	    .text = mem_strndup(text, len),
	    .descending = descending};
}

static void
set_top(struct group_opts *o, const char *arg)
{
	size_t len = strcspn(arg, ":");

	if (num_parse_int(&o->top, arg, len) == -1 || o->top < 1
	    || arg[len] == '\0' || arg[len + 1] == '\0')
		tool_die(TOOL_USAGE, "--top: %s is not N:EXPR, such as 10:hits",
		    arg);
	add_sort(o, "--top", arg + len + 1, true);
}

static enum group_emit
parse_emit(const char *arg)
{
	for (size_t i = 1; i < sizeof(emits) / sizeof(emits[0]); i++)
		if (strcmp(emits[i], arg) == 0)
			return (enum group_emit)i;
	tool_die(
	    TOOL_USAGE, "--emit: %s is not final, update or complete", arg);
}

static int64_t
parse_above_0(const char *opt, const char *arg)
{
	int64_t us = tool_dur(opt, arg);

	if (us == 0)
		tool_die(TOOL_USAGE, "--%s: %s must be above 0", opt, arg);
	return us;
}

/* What --partial was told says it all. */
static void
check_merge(struct opts *o, int n, char *argv[])
{
	if (o->group.partial)
		tool_die(TOOL_USAGE,
		    "--merge makes answers of states, --partial states of "
		    "rows; write one of them");
	if (n > 0 || o->group.keys[0] != '\0' || o->group.fold != NULL)
		tool_die(TOOL_USAGE,
		    "--merge computes what --partial was told; leave out %s, "
		    "and go on with smap -a",
		    o->group.fold != NULL ? "--fold"
		    : n > 0               ? argv[0]
					  : "-k");
	o->group.aggs = "";
}

/* All aggregates as one list; with --fold, UPDATE and perhaps EMIT. */
static void
parse_operands(struct opts *o, int n, char *argv[])
{
	struct buf b;

	if (o->group.merge) {
		check_merge(o, n, argv);
		return;
	}
	if (o->group.fold != NULL) {
		if (n < 1 || n > 2)
			tool_die(TOOL_USAGE,
			    "--fold goes with UPDATE [EMIT], such as: sreduce "
			    "-k user --fold '0 as n' 'n = n + 1'");
		o->group.aggs = argv[0];
		o->group.fold_emit = n == 2 ? argv[1] : NULL;
		return;
	}
	if (n == 0)
		tool_die(TOOL_USAGE,
		    "what to compute? such as: sreduce -k host 'count()'");
	buf_init(&b, 0);
	for (int i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i > 0 ? ", " : "", argv[i]);
	buf_putc(&b, '\0');
	o->aggs = mem_strdup((const char *)b.data);
	o->group.aggs = o->aggs;
	buf_release(&b);
}

static void
parse_options(struct tool *t, struct opts *o, int argc, char *argv[])
{
	const char *arg;
	int ch;

	while ((ch = tool_next(t, argc, argv, &arg)) != -1) {
		switch (ch) {
		case 'k':
			o->group.keys = arg;
			break;
		case OPT_PARTIAL:
			o->group.partial = true;
			break;
		case OPT_MERGE:
			o->group.merge = true;
			break;
		case OPT_MEM:
			o->group.mem = tool_size("mem", arg);
			if (o->group.mem < SPILL_MIN_MEM)
				tool_die(TOOL_USAGE, "--mem: at least 1M");
			break;
		case OPT_TOP:
			if (o->group.top != 0)
				tool_die(TOOL_USAGE, "--top: only once");
			set_top(&o->group, arg);
			break;
		case OPT_SORT:
			add_sort(&o->group, "--sort", arg, false);
			break;
		case OPT_HAVING:
			if (o->group.having != NULL)
				tool_die(TOOL_USAGE,
				    "--having: only once; write and");
			o->group.having = arg;
			break;
		case OPT_FOLD:
			if (o->group.fold != NULL)
				tool_die(TOOL_USAGE,
				    "--fold: only once; a comma is between "
				    "states");
			o->group.fold = arg;
			o->group.running = true;
			break;
		case OPT_RUNNING:
			o->group.running = true;
			break;
		case OPT_EMIT:
			o->group.emit = parse_emit(arg);
			break;
		case OPT_TTL:
			o->group.ttl_us = parse_above_0("ttl", arg);
			break;
		case OPT_EARLY:
			o->group.early_us = parse_above_0("early", arg);
			break;
		case OPT_FILL:
			o->group.fill = true;
			o->group.roster = arg;
			break;
		case OPT_MAX_STATE:
			o->group.max_state =
			    (uint64_t)tool_int("max-state", arg, 1, UINT32_MAX);
			break;
		default:
			tool_die(TOOL_BUG, "option %d", ch);
		}
	}
	parse_operands(o, argc - optind, argv + optind);
}

/* The options that change the answer. */
static char *
describe(const struct group_opts *o)
{
	struct buf b;
	char *s;

	buf_init(&b, 0);
	if (o->merge)
		buf_puts(&b, "--merge");
	else
		buf_printf(&b, "-k %s: %s", o->keys, o->aggs);
	for (size_t i = 0; i < o->n_sorts; i++)
		buf_printf(&b, " %s %s%s", o->sorts[i].opt, o->sorts[i].text,
		    o->sorts[i].descending ? " desc" : "");
	buf_printf(&b, " %jd", (intmax_t)o->top);
	if (o->having != NULL)
		buf_printf(&b, " --having %s", o->having);
	if (o->running)
		buf_printf(&b, " --running --ttl %jd", (intmax_t)o->ttl_us);
	if (o->fill)
		buf_printf(
		    &b, " --fill %s", o->roster != NULL ? o->roster : "");
	if (o->fold != NULL)
		buf_printf(&b, " --fold %s: %s", o->fold,
		    o->fold_emit != NULL ? o->fold_emit : "");
	if (o->emit != GROUP_EMIT_UNSAID)
		buf_printf(&b, " --emit %s", emits[o->emit]);
	if (o->early_us > 0)
		buf_printf(&b, " --early %jd", (intmax_t)o->early_us);
	s = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return s;
}

static void
release(struct opts *o)
{
	for (size_t i = 0; i < o->group.n_sorts; i++)
		free(o->group.sorts[i].text);
	free(o->aggs);
	free(o->text);
}

int
main(int argc, char *argv[])
{
	struct opts o = {.group = {.keys = "", .max_state = UINT64_MAX}};
	struct tool t;
	int status;

	tool_init(&t, "sreduce", "[options] AGG ...",
	    "Reduce each window, or each batch, to one row a key.", options,
	    sizeof(options) / sizeof(options[0]));
	t.hints = hints;
	parse_options(&t, &o, argc, argv);
	o.text = describe(&o.group);
	o.group.text = o.text;
	status = group_run(&t, &o.group);
	release(&o);
	return status;
}
