/* SPDX-License-Identifier: ISC */
/* Reduce each window, or each batch, to one row a key.  sreduce(1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/time.h"
#include "data/order.h"
#include "tool/stage.h"
#include "tool/tool.h"
#include "window/query.h"

/* So many results are sent before more are made. */
#define FLUSH_ROWS (32u << 10)
#define FLUSH_BYTES (64u << 20)
#define MAX_SORTS 64

enum long_opt {
	OPT_TOP = TOOL_LONG,
	OPT_SORT,
};

static const struct tool_opt options[] = {
    {'k', "keys", "LIST", "expressions that make the groups"},
    {OPT_TOP, "top", "N:EXPR", "only the N rows with the greatest EXPR"},
    {OPT_SORT, "sort", "EXPR", "sort by EXPR, or \"EXPR desc\"; repeatable"},
};

static const struct tool_hint hints[] = {
    {"by", "-k KEYS"},
    {"group-by", "-k KEYS"},
    {"g", "-k KEYS"},
    {NULL, NULL},
};

/* A column that the output is sorted by. */
struct sort {
	const char *opt; /* "--sort" or "--top" */
	char *text; /* owned */
	bool descending;
	struct expr *expr;
};

struct run {
	/* Options. */
	const char *keys;
	char *aggs; /* all operands, joined by commas */
	int64_t top; /* rows, 0 = all */
	struct sort sorts[MAX_SORTS];
	size_t n_sorts;
	char *text; /* for the chain in HEAD */
	/* State. */
	struct stage_ops *ops;
	struct query query;
	bool ready; /* query is set up */
	struct reduce *reduce;
	size_t *session_keys; /* numbers of keys */
	bool windowed;
	enum type bounds; /* of window_start and window_end */
	int64_t per_window; /* windows of rows: how many, else 0 */
	int64_t newest; /* windows of rows: the one that rows come to */
	bool has_batch_time;
	bool answered; /* this batch, at the end of the data */
	int pane_col; /* each a column of the input, or -1 */
	int part_col;
	int time_col;
	uint64_t order; /* rows so far */
	uint64_t batch_order; /* rows before this batch */
	struct batch out;
};

static int
fail_expr(struct stage *st, const char *what, const struct expr_error *err,
    const char *source)
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

static int
fail_run(struct stage *st, const struct expr_error *err)
{
	return stage_fail(st, TOOL_DATA, "%s", err->text);
}

/* A system column of the input, or -1. */
static int
system_col(const struct schema *s, const char *name)
{
	int c = schema_find(s, name, strlen(name));

	return c >= 0 && s->fields[c].system ? c : -1;
}

static int
check_input(struct stage *st, struct run *o)
{
	const struct head *in = &st->in;

	if (in->mode != MODE_APPEND)
		return stage_fail(st, TOOL_DATA,
		    "the input changes rows it has sent; only rows that stay "
		    "can be reduced");
	if (in->n_partials > 0)
		return stage_fail(
		    st, TOOL_DATA, "the input has partial states already");
	o->windowed = in->window.kind != WINDOW_NONE;
	o->per_window = in->window.kind == WINDOW_ROWS ? in->window.size : 0;
	o->bounds = o->per_window > 0 ? TYPE_INT : TYPE_TIME;
	o->has_batch_time = !o->windowed && in->endless;
	o->ops->cls = o->windowed ? CLASS_STATEFUL : CLASS_BATCH;
	o->pane_col = o->windowed ? system_col(&in->schema, "pane") : -1;
	o->part_col = system_col(&in->schema, "part");
	o->time_col = in->schema.time_col;
	if (o->windowed
	    && (o->pane_col == -1
		|| in->schema.fields[o->pane_col].type != o->bounds))
		return stage_fail(
		    st, TOOL_DATA, "the input has windows but no panes");
	return 0;
}

static int
add_field(struct stage *st, const char *name, enum type type, bool untyped)
{
	struct field *f = schema_add(&st->out.schema, name, strlen(name), type);

	if (f == NULL)
		return stage_fail(st, TOOL_USAGE,
		    "two columns would be named %s; write \"as\" and another "
		    "name",
		    name);
	f->untyped = untyped;
	return 0;
}

/* The schema of the results. */
static int
make_schema(struct stage *st, struct run *o)
{
	struct schema *s = &st->out.schema;
	const struct expr_list *items = &o->query.aggs.items;

	schema_release(s);
	schema_init(s);
	if (o->windowed
	    && (add_field(st, "window_start", o->bounds, false) == -1
		|| add_field(st, "window_end", o->bounds, false) == -1))
		return -1;
	if (o->windowed && o->bounds == TYPE_TIME) {
		s->time_col = 1;
		s->time_off = -1;
	}
	if (o->has_batch_time) {
		if (add_field(st, "batch_time", TYPE_TIME, false) == -1)
			return -1;
		s->time_col = st->in.windowed ? -1 : 0;
	}
	for (size_t i = 0; i < o->query.keys.n; i++) {
		const struct field *f = &o->query.key_schema.fields[i];

		if (add_field(st, f->name, f->type, f->untyped) == -1)
			return -1;
	}
	for (size_t i = 0; i < items->n; i++) {
		if (add_field(st, items->items[i].name,
			expr_type(items->items[i].expr), false)
		    == -1)
			return -1;
	}
	window_spec_reset(&st->out.window);
	return 0;
}

static int
compile_sorts(struct stage *st, struct run *o)
{
	struct expr_error err;

	for (size_t i = 0; i < o->n_sorts; i++) {
		struct sort *s = &o->sorts[i];
		char what[16];

		snprintf(what, sizeof(what), "%s: ", s->opt);
		if (expr_compile(&s->expr, &err, &st->out.schema, s->text)
		    == -1)
			return fail_expr(st, what, &err, s->text);
		if (expr_is_untyped(s->expr))
			return stage_fail(st, TOOL_USAGE,
			    "%s: %s is text: write %s '%s::float', or '::str' "
			    "for the order of text",
			    s->opt, s->text, s->opt, s->text);
	}
	return 0;
}

/* Which of -k the sessions are of: all of swindow's keys must be there. */
static int
find_session_keys(struct stage *st, struct run *o)
{
	const char *names = st->in.window.keys, *comma;
	const struct expr_list *keys = &o->query.keys;
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
		o->session_keys = mem_resize(o->session_keys,
		    o->query.plan.n_session_keys + 1, sizeof(*o->session_keys));
		o->session_keys[o->query.plan.n_session_keys++] = i;
	}
	o->query.plan.session_keys = o->session_keys;
	return 0;
}

static int
on_head(struct stage *st, void *arg)
{
	struct run *o = arg;
	struct expr_error err;
	const char *source;
	char *why = NULL;

	if (check_input(st, o) == -1)
		return -1;
	o->ready = true;
	if (query_init(&o->query, &err, &source, &st->in.schema, o->bounds,
		o->keys, o->aggs)
	    == -1)
		return fail_expr(
		    st, source == o->keys ? "-k: " : "", &err, source);
	if (find_session_keys(st, o) == -1 || make_schema(st, o) == -1
	    || compile_sorts(st, o) == -1)
		return -1;
	o->reduce = reduce_new(&st->in.window, &o->query.plan, &why);
	if (o->reduce == NULL) {
		stage_fail(st, TOOL_DATA, "%s", why);
		free(why);
		return -1;
	}
	st->options = o->text;
	return 0;
}

/*
 * The rows of o->out in their order, cut to --top for each window; ends is a
 * plain column that tells windows apart.
 */
static int
sort_rows(struct stage *st, struct run *o, struct batch *sorted,
    const struct col *ends, struct expr_env *env)
{
	struct order_key keys[MAX_SORTS + 1];
	struct expr_error err;
	struct batch *b = &o->out;
	uint32_t *row = arena_alloc(&b->arena, b->n_rows * sizeof(*row));
	uint32_t kept = 0;
	int64_t rank = 0;

	keys[0] = (struct order_key){.col = *ends};
	for (size_t i = 0; i < o->n_sorts; i++) {
		if (expr_eval(o->sorts[i].expr, &keys[i + 1].col, &err,
			&b->arena, env, b)
		    == -1)
			return fail_run(st, &err);
		keys[i + 1].descending = o->sorts[i].descending;
	}
	for (uint32_t r = 0; r < b->n_rows; r++)
		row[r] = r;
	order_rows(row, b->n_rows, keys, o->n_sorts + 1);
	for (uint32_t r = 0; r < b->n_rows; r++) {
		if (r > 0 && ends->i[row[r]] != ends->i[row[r - 1]])
			rank = 0;
		if (o->top == 0 || rank++ < o->top)
			row[kept++] = row[r];
	}
	batch_gather(sorted, b, row, kept);
	return 0;
}

/* The results so far as the columns of the output. */
static int
make_rows(struct stage *st, struct run *o, struct col *ends)
{
	size_t n = 2 + o->query.keys.n + o->query.aggs.items.n;
	size_t skip = o->windowed ? 0 : 2;
	struct expr_env env = {.batch_us = st->now.batch_us};
	struct batch *b = &o->out;
	struct expr_error err;
	struct col *cols;
	int64_t *time;

	batch_reset(b, n - skip + o->has_batch_time);
	b->n_rows = o->query.raw.n_rows;
	cols = arena_alloc(&b->arena, n * sizeof(*cols));
	if (query_columns(&o->query, cols, &err, &b->arena, &env) == -1)
		return fail_run(st, &err);
	st->n_unparsed += env.n_unparsed;
	*ends = cols[1];
	if (o->has_batch_time) {
		time = arena_alloc(&b->arena, sizeof(*time));
		*time = st->now.batch_us;
		b->cols[0] = (struct col){.type = TYPE_TIME,
		    .enc = COL_CONST,
		    .n = b->n_rows,
		    .n_entries = 1,
		    .i = time};
	}
	memcpy(b->cols + o->has_batch_time, cols + skip,
	    (n - skip) * sizeof(*cols));
	return 0;
}

/* Send the results collected so far. */
static int
flush(struct stage *st, struct run *o, int64_t watermark, bool last)
{
	struct expr_env env = {.batch_us = st->now.batch_us};
	struct batch sorted;
	struct col ends;
	int rc;

	if (make_rows(st, o, &ends) == -1)
		return -1;
	if (o->n_sorts == 0) {
		rc = stage_emit(st, &o->out, 0, watermark, last);
	} else {
		batch_init(&sorted);
		rc = sort_rows(st, o, &sorted, &ends, &env);
		if (rc == 0)
			rc = stage_emit(st, &sorted, 0, watermark, last);
		batch_release(&sorted);
	}
	query_reset(&o->query);
	return rc;
}

static int
collect(struct stage *st, struct run *o, const struct reduce_window *w)
{
	struct expr_error err = {.at = 0};
	struct reduce_window scaled = *w;

	if (o->per_window > 0
	    && (!num_mul(&scaled.start_us, w->start_us, o->per_window)
		|| !num_mul(&scaled.end_us, w->end_us, o->per_window)))
		return stage_fail(
		    st, TOOL_DATA, "a row number is beyond the range of int");
	if (query_add(&o->query, &err, &scaled) == -1)
		return fail_run(st, &err);
	return 0;
}

/* Close windows that end at or before until. */
static int
close_windows(struct stage *st, struct run *o, int64_t until, bool last)
{
	int64_t watermark = st->now.watermark;
	struct reduce_window w;
	const char *why = "";
	int rc;

	while ((rc = reduce_next(o->reduce, &w, &why, until)) == 1) {
		if (collect(st, o, &w) == -1)
			return -1;
		if ((o->query.raw.n_rows >= FLUSH_ROWS
			|| build_bytes(&o->query.raw) >= FLUSH_BYTES)
		    && flush(st, o, st->watermark, false) == -1)
			return -1;
	}
	if (rc == -1)
		return stage_fail(st, TOOL_DATA, "%s", why);
	if (o->query.raw.n_rows == 0 && !last)
		return 0;
	return flush(st, o, watermark, last);
}

/*
 * Answer the batch with all of its rows.  The empty one that is left when the
 * data end just behind a batch is nobody's: it gets no row.
 */
static int
close_batch(struct stage *st, struct run *o, bool last)
{
	bool left_over = !last && st->batch > 0 && o->order == o->batch_order;
	struct reduce_window w;

	if (!o->answered && !left_over) {
		reduce_whole(o->reduce, &w);
		if (collect(st, o, &w) == -1)
			return -1;
	}
	o->answered = !last;
	o->batch_order = o->order;
	return flush(st, o, st->now.watermark, last);
}

/* Event times for first and last; without one a row is as old as can be. */
static const int64_t *
event_times(const struct run *o, struct batch *b)
{
	struct col plain;
	int64_t *t;

	if (o->time_col == -1)
		return NULL;
	col_flatten(&plain, &b->arena, &b->cols[o->time_col]);
	if (plain.valid == NULL)
		return plain.i;
	t = arena_dup(&b->arena, plain.i, plain.n * sizeof(*t));
	for (uint32_t r = 0; r < plain.n; r++) {
		if (!bit_get(plain.valid, r))
			t[r] = INT64_MIN;
	}
	return t;
}

static int
add_rows(
    struct stage *st, struct run *o, const struct frame *f, struct batch *b)
{
	struct expr_env env = {.batch_us = f->h.batch_us};
	struct agg_rows rows = {.time_us = event_times(o, b),
	    .part = f->h.part,
	    .order = o->order,
	    .arena = &b->arena};
	struct pane_rows in;
	struct expr_error err;
	struct col parts;
	const char *why = "";

	if (f->h.part == 0 && o->part_col != -1) {
		col_flatten(&parts, &b->arena, &b->cols[o->part_col]);
		rows.parts = parts.i;
	}
	if (query_rows(&o->query, &in, &err, &env, &rows, b) == -1)
		return stage_fail(st, TOOL_DATA, "row %ju: %s",
		    (uintmax_t)(o->order + err.at + 1), err.text);
	if (reduce_add(o->reduce, &why, &in,
		o->windowed ? &b->cols[o->pane_col] : NULL, b->n_rows,
		&b->arena)
	    == -1)
		return stage_fail(st, TOOL_DATA, "%s", why);
	o->order += b->n_rows;
	st->n_unparsed += env.n_unparsed;
	st->acct.used += b->n_rows;
	return 0;
}

/*
 * What windows have come to their ends: by the watermark, or, where they are
 * of so many rows, by the first row of another.
 */
static int64_t
passed(struct run *o, const struct frame *f, const struct batch *b)
{
	const struct col *panes;

	if (o->per_window == 0)
		return f->h.watermark;
	panes = &b->cols[o->pane_col];
	if (b->n_rows > 0)
		o->newest = panes->i[col_entry(panes, b->n_rows - 1)];
	return o->newest;
}

static int
on_rows(struct stage *st, void *arg, const struct frame *f, struct batch *b)
{
	struct run *o = arg;
	bool last = (f->h.flags & FRAME_LAST) != 0;

	if (b->n_rows > 0 && o->answered)
		return stage_fail(
		    st, TOOL_DATA, "rows came after the end of the data");
	if (b->n_rows > 0 && add_rows(st, o, f, b) == -1)
		return -1;
	if (o->windowed)
		return close_windows(st, o, passed(o, f, b), last);
	return last ? close_batch(st, o, true) : 0;
}

static int
on_mark(
    struct stage *st, void *arg, const struct frame *f, const struct mark *m)
{
	struct run *o = arg;
	bool eof = m->what == MARK_EOF;
	int rc = 0;

	if (o->windowed)
		rc = close_windows(st, o,
		    eof                 ? INT64_MAX
		    : o->per_window > 0 ? o->newest
					: f->h.watermark,
		    false);
	else if (eof)
		rc = close_batch(st, o, false);
	return rc == -1 ? -1 : stage_mark(st, &f->h, m, f->h.watermark);
}

static const struct stage_ops ops_template = {
    .cls = CLASS_STATEFUL,
    .head = on_head,
    .rows = on_rows,
    .mark = on_mark,
};

static void
add_sort(struct run *o, const char *opt, const char *text, bool descending)
{
	size_t len = strlen(text);

	if (o->n_sorts == MAX_SORTS)
		tool_die(TOOL_USAGE, "%s: at most %d of them", opt, MAX_SORTS);
	if (len > 5 && strcasecmp(text + len - 5, " desc") == 0) {
		descending = true;
		len -= 5;
	} else if (len > 4 && strcasecmp(text + len - 4, " asc") == 0) {
		len -= 4;
	}
	o->sorts[o->n_sorts++] = (struct sort){.opt = opt,
	    .text = mem_strndup(text, len),
	    .descending = descending};
}

static void
set_top(struct run *o, const char *arg)
{
	size_t len = strcspn(arg, ":");

	if (num_parse_int(&o->top, arg, len) == -1 || o->top < 1
	    || arg[len] == '\0' || arg[len + 1] == '\0')
		tool_die(TOOL_USAGE, "--top: %s is not N:EXPR, such as 10:hits",
		    arg);
	add_sort(o, "--top", arg + len + 1, true);
}

static void
parse_options(struct tool *t, struct run *o, int argc, char *argv[])
{
	const char *arg;
	struct buf b;
	int ch;

	while ((ch = tool_next(t, argc, argv, &arg)) != -1) {
		switch (ch) {
		case 'k':
			o->keys = arg;
			break;
		case OPT_TOP:
			if (o->top != 0)
				tool_die(TOOL_USAGE, "--top: only once");
			set_top(o, arg);
			break;
		case OPT_SORT:
			add_sort(o, "--sort", arg, false);
			break;
		default:
			tool_die(TOOL_BUG, "option %d", ch);
		}
	}
	if (optind == argc)
		tool_die(TOOL_USAGE,
		    "what to compute? such as: sreduce -k host 'count()'");
	buf_init(&b, 0);
	for (int i = optind; i < argc; i++)
		buf_printf(&b, "%s%s", i > optind ? ", " : "", argv[i]);
	buf_putc(&b, '\0');
	o->aggs = mem_strdup((const char *)b.data);
	buf_release(&b);
}

/* The options that change the answer. */
static char *
describe(const struct run *o)
{
	struct buf b;
	char *s;

	buf_init(&b, 0);
	buf_printf(&b, "-k %s: %s", o->keys, o->aggs);
	for (size_t i = 0; i < o->n_sorts; i++)
		buf_printf(&b, " %s %s%s", o->sorts[i].opt, o->sorts[i].text,
		    o->sorts[i].descending ? " desc" : "");
	buf_printf(&b, " %jd", (intmax_t)o->top);
	s = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return s;
}

static void
release(struct run *o)
{
	reduce_free(o->reduce);
	free(o->session_keys);
	if (o->ready)
		query_release(&o->query);
	for (size_t i = 0; i < o->n_sorts; i++) {
		free(o->sorts[i].text);
		expr_free(o->sorts[i].expr);
	}
	batch_release(&o->out);
	free(o->aggs);
	free(o->text);
}

int
main(int argc, char *argv[])
{
	struct stage_ops ops = ops_template;
	struct run o = {.keys = "", .ops = &ops};
	struct stage st = {.sink = false};
	struct tool t;
	int status;

	tool_init(&t, "sreduce", "[options] AGG ...",
	    "Reduce each window, or each batch, to one row a key.", options,
	    sizeof(options) / sizeof(options[0]));
	t.hints = hints;
	parse_options(&t, &o, argc, argv);
	o.text = describe(&o);
	batch_init(&o.out);
	status = stage_run(&st, &t, &ops, &o);
	release(&o);
	return status;
}
