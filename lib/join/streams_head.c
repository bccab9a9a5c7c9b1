/* SPDX-License-Identifier: ISC */
/* What two streams can be joined by, and what comes out. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "join/streams_int.h"

static int
system_col(const struct schema *s, const char *name)
{
	int c = schema_find(s, name, strlen(name));

	return c >= 0 && s->fields[c].system ? c : -1;
}

static int
check_side(struct stage *st, const struct streams_side *s)
{
	const struct head *h = s->head;

	if (h->mode != MODE_APPEND)
		return stage_fail(st, TOOL_DATA,
		    "%s changes rows it has sent; only rows that stay can be "
		    "joined",
		    s->name);
	if (h->n_partials > 0)
		return stage_fail(st, TOOL_DATA,
		    "%s has partial states; put sreduce --merge before",
		    s->name);
	if (st->pair != NULL && *h->path != '\0')
		return stage_fail(st, TOOL_USAGE,
		    "%s comes from sbatch -S, and two streams do not resume "
		    "together: leave -S out, or join a table",
		    s->name);
	return 0;
}

/* Whether both have the same windows, to the last option. */
static bool
same_windows(const struct window_spec *a, const struct window_spec *b)
{
	return a->kind == b->kind && a->unit == b->unit && a->size == b->size
	       && a->slide == b->slide && a->origin == b->origin
	       && strcmp(a->tz, b->tz) == 0 && strcmp(a->keys, b->keys) == 0;
}

static int
check_windows(struct stage *st, const struct streams *s)
{
	const struct streams_side *l = &s->side[PLAN_L], *r = &s->side[PLAN_R];
	const struct window_spec *a = &l->head->window, *b = &r->head->window;
	const struct streams_side *with = a->kind != WINDOW_NONE ? l : r;
	const struct streams_side *without = with == l ? r : l;

	if ((a->kind == WINDOW_NONE) != (b->kind == WINDOW_NONE))
		return stage_fail(st, TOOL_DATA,
		    "%s has windows and %s has none: write swindow %s before "
		    "it, too",
		    with->name, without->name, with->head->window.text);
	if (!same_windows(a, b))
		return stage_fail(st, TOOL_DATA,
		    "%s has windows of %s and %s of %s: give both the same",
		    l->name, a->text, r->name, b->text);
	if (a->kind == WINDOW_ROWS)
		return stage_fail(st, TOOL_DATA,
		    "windows of so many rows end at other times on either "
		    "side: join before swindow rows:N");
	if (a->kind == WINDOW_SESSION && s->o->plan.kind != PLAN_UNION)
		return stage_fail(st, TOOL_DATA,
		    "a session of one side does not know the rows of the "
		    "other: join before swindow session, or write --union");
	return 0;
}

static int
need_marks(struct stage *st, const struct streams *s, const char *what)
{
	for (int i = 0; i < 2; i++) {
		const struct head *h = s->side[i].head;

		if (h->window.kind != WINDOW_NONE)
			return stage_fail(st, TOOL_DATA,
			    "%s goes by event time, but %s has windows: write "
			    "swindow --late D before it, without windows",
			    what, s->side[i].name);
		if (!h->windowed || h->schema.time_col == -1)
			return stage_fail(st, TOOL_DATA,
			    "%s has no watermark: write swindow --late D "
			    "before it",
			    s->side[i].name);
	}
	return 0;
}

/* Neither windows nor event times: batches, which are to be the same. */
static int
choose_batches(struct stage *st, struct streams *s)
{
	const struct head *l = s->side[PLAN_L].head;
	const struct head *r = s->side[PLAN_R].head;

	s->way = MATCH_BATCH;
	if (l->many != r->many)
		return stage_fail(st, TOOL_DATA,
		    "%s comes in batches and %s does not: give both sbatch "
		    "the same -i or --batch-rows, or put swindow before both",
		    s->side[l->many ? PLAN_L : PLAN_R].name,
		    s->side[l->many ? PLAN_R : PLAN_L].name);
	if (!l->many && (l->endless || r->endless))
		return stage_fail(st, TOOL_DATA,
		    "%s has no end, no batches and no windows: its rows would "
		    "be kept for ever.  Write sbatch -i D, swindow SPEC or "
		    "sjoin --within D; or --unbounded, if it fits",
		    s->side[l->endless ? PLAN_L : PLAN_R].name);
	return 0;
}

static int
choose_way(struct stage *st, struct streams *s)
{
	const struct streams_opts *o = s->o;
	const struct head *l = s->side[PLAN_L].head;
	const struct head *r = s->side[PLAN_R].head;
	bool is_union = o->plan.kind == PLAN_UNION;

	if (o->unbounded) {
		s->way = MATCH_ARRIVAL;
		return 0;
	}
	if (o->asof || o->within) {
		s->way = o->asof ? MATCH_ASOF : MATCH_TIME;
		return need_marks(st, s, o->asof ? "--asof" : "--within");
	}
	if (l->window.kind != WINDOW_NONE || r->window.kind != WINDOW_NONE) {
		s->way = is_union ? MATCH_TIME : MATCH_WINDOW;
		s->with_window = !is_union;
		return check_windows(st, s);
	}
	if (is_union && l->windowed && r->windowed && l->schema.time_col != -1
	    && r->schema.time_col != -1) {
		s->way = MATCH_TIME;
		return 0;
	}
	s->by_side = is_union;
	return choose_batches(st, s);
}

/* Column c no longer comes out. */
static void
drop_out(struct streams *s, struct schema *out, size_t c)
{
	struct plan *p = &s->plan;

	free(out->fields[c].name);
	expr_free(p->outs[c].cast);
	memmove(&out->fields[c], &out->fields[c + 1],
	    (out->n - c - 1) * sizeof(*out->fields));
	memmove(&p->outs[c], &p->outs[c + 1],
	    (p->n_outs - c - 1) * sizeof(*p->outs));
	out->n--;
	p->n_outs--;
	if (out->time_col > (int)c)
		out->time_col--;
	else if (out->time_col == (int)c)
		out->time_col = -1;
}

/* Rows that come out without a left one have the time of the right one. */
static int
share_time(struct stage *st, struct streams *s, const struct schema *out)
{
	const struct schema *l = &s->side[PLAN_L].head->schema;
	const struct schema *r = &s->side[PLAN_R].head->schema;
	struct plan_out *o;

	if (s->o->plan.kind != PLAN_RIGHT && s->o->plan.kind != PLAN_FULL
	    && s->o->plan.kind != PLAN_UNION)
		return 0;
	if (l->time_off != r->time_off)
		return stage_fail(st, TOOL_DATA,
		    "%s: the event times of the sides are of two kinds: one is "
		    "the end of windows",
		    s->o->kind);
	o = &s->plan.outs[out->time_col];
	if (s->o->plan.kind == PLAN_UNION && o->right != r->time_col)
		return stage_fail(st, TOOL_DATA,
		    "--union: the event times have two names, %s and %s: write "
		    "smap --rename before one of them",
		    l->fields[l->time_col].name, r->fields[r->time_col].name);
	o->right = r->time_col;
	return 0;
}

/* System columns that come out: the pane of a union. */
static int
fix_columns(struct stage *st, struct streams *s)
{
	struct schema *out = &st->out.schema;

	for (size_t c = s->plan.n_outs; c-- > 0;) {
		const struct plan_out *o = &s->plan.outs[c];
		bool pane = s->way == MATCH_TIME && o->left != -1
			    && o->left == s->side[PLAN_L].pane_col;

		if (pane)
			s->plan.outs[c].right = s->side[PLAN_R].pane_col;
		else if (out->fields[c].system)
			drop_out(s, out, c);
	}
	if (s->way == MATCH_TIME && out->time_col != -1)
		return share_time(st, s, out);
	return 0;
}

/* The columns of windows stand before the others. */
static int
add_bounds(struct stage *st)
{
	static const char *const names[] = {"window_start", "window_end"};
	struct schema old = st->out.schema, *s = &st->out.schema;
	struct field *f = NULL;

	schema_init(s);
	for (size_t i = 0; i < 2; i++)
		schema_add(s, names[i], strlen(names[i]), TYPE_TIME);
	for (size_t i = 0; i < old.n; i++) {
		const struct field *from = &old.fields[i];

		f = schema_add(s, from->name, strlen(from->name), from->type);
		if (f == NULL) {
			stage_fail(st, TOOL_USAGE,
			    "two columns would be named %s: write smap "
			    "--rename before",
			    from->name);
			break;
		}
		f->untyped = from->untyped;
	}
	s->time_col = 1;
	s->time_off = -1;
	schema_release(&old);
	return f == NULL && old.n > 0 ? -1 : 0;
}

static int
make_plan(struct stage *st, struct streams *s)
{
	struct schema *out = &st->out.schema;
	char *why = NULL;

	schema_release(out);
	schema_init(out);
	s->planned = true;
	if (plan_init(&s->plan, &why, out, &s->o->plan,
		&s->side[PLAN_L].head->schema, &s->side[PLAN_R].head->schema)
	    == -1) {
		stage_fail(st, TOOL_USAGE, "%s", why);
		free(why);
		return -1;
	}
	if (s->o->plan.kind != PLAN_COGROUP && fix_columns(st, s) == -1)
		return -1;
	return s->with_window ? add_bounds(st) : 0;
}

/* The rest of HEAD. */
static void
describe(struct stage *st, const struct streams *s)
{
	const struct head *l = s->side[PLAN_L].head;
	const struct head *r = s->side[PLAN_R].head;
	bool is_union = s->o->plan.kind == PLAN_UNION;

	st->out.endless = l->endless || r->endless;
	st->out.many = l->many;
	st->out.windowed = s->way != MATCH_BATCH && s->way != MATCH_ARRIVAL;
	if (!is_union)
		window_spec_reset(&st->out.window);
}

static int
make_match(struct stage *st, struct streams *s)
{
	const struct schema *const sides[2] = {
	    &s->side[PLAN_L].head->schema, &s->side[PLAN_R].head->schema};
	struct match_opts o = {.way = s->way,
	    .kind = s->o->plan.kind,
	    .lo = s->o->within ? s->o->lo : INT64_MIN + 1,
	    .hi = s->o->asof ? 0 : s->o->hi};
	enum type *types = mem_resize(NULL, s->plan.n_keys + 1, sizeof(*types));
	char *why = NULL;

	if (o.kind == PLAN_COGROUP) {
		s->cogroup =
		    cogroup_new(&s->plan, sides[PLAN_L], sides[PLAN_R]);
		o.scope = streams_cogroup;
	}
	if (o.kind == PLAN_UNION)
		o.lo = o.hi = 0;
	if (s->side[PLAN_L].head->window.kind != WINDOW_NONE)
		o.window = &s->side[PLAN_L].head->window;
	plan_key_types(&s->plan, types);
	s->match =
	    match_new(&o, sides, types, s->plan.n_keys, streams_give, s, &why);
	free(types);
	if (s->match != NULL)
		return 0;
	stage_fail(st, TOOL_DATA, "%s", why);
	free(why);
	return -1;
}

/* The column that sbatch --source made, as its stage in HEAD tells. */
static char *
name_of_source(const struct head *h)
{
	static const char opt[] = " --source '";
	const char *at, *end;

	for (size_t i = 0; i < h->n_stages; i++) {
		at = strstr(h->stages[i].options, opt);
		if (h->stages[i].cls != CLASS_SOURCE || at == NULL)
			continue;
		at += sizeof(opt) - 1;
		end = strchr(at, '\'');
		if (end != NULL)
			return mem_strndup(at, (size_t)(end - at));
	}
	return NULL;
}

/* --sources [COL=]A,B */
static int
find_sources(struct stage *st, struct streams *s)
{
	char *names, *comma, *eq, *col;

	s->source_col = -1;
	if (s->o->sources == NULL)
		return 0;
	s->sources = names = mem_strdup(s->o->sources);
	eq = strchr(names, '=');
	if (eq != NULL) {
		*eq = '\0';
		col = mem_strdup(names);
		names = eq + 1;
	} else {
		col = name_of_source(&st->in);
	}
	comma = strchr(names, ',');
	*comma = '\0';
	s->side[PLAN_L].source = names;
	s->side[PLAN_R].source = comma + 1;
	for (int i = 0; i < 2; i++)
		s->side[i].source_len = strlen(s->side[i].source);
	if (col != NULL)
		s->source_col = schema_find(&st->in.schema, col, strlen(col));
	if (s->source_col == -1
	    || st->in.schema.fields[s->source_col].type != TYPE_STR)
		stage_fail(st, TOOL_DATA,
		    "--sources: no column says whose a row is: write sbatch "
		    "--source COL, and keep COL, or --sources COL=%s,%s",
		    s->side[PLAN_L].source, s->side[PLAN_R].source);
	free(col);
	return st->failed ? -1 : 0;
}

int
streams_head(struct stage *st, struct streams *s)
{
	const struct head *right = st->pair == NULL ? &st->in : &st->right;
	const struct head *const heads[2] = {&st->in, right};

	if (find_sources(st, s) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		struct streams_side *side = &s->side[i];

		side->head = heads[i];
		side->name = st->pair == NULL
				 ? side->source
				 : pair_name(st->pair, (enum pair_side)i);
		side->time_col = side->head->schema.time_col;
		side->pane_col = system_col(&side->head->schema, "pane");
		if (check_side(st, side) == -1)
			return -1;
	}
	if (choose_way(st, s) == -1 || make_plan(st, s) == -1)
		return -1;
	describe(st, s);
	st->options = s->o->words;
	/* Rows are kept, by keys, times and windows. */
	buf_printf(&st->keeps, "%s of %s ", s->o->words, st->in.window.text);
	schema_put_types(&st->keeps, &st->in.schema);
	return make_match(st, s);
}
