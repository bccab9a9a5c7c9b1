/* SPDX-License-Identifier: ISC */
/* Keys and aggregates as text: compiled, fed with rows, read out. */
#include "window/query.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct expr_aggs aggregates = {
    .is_agg = agg_is_name,
    .check = agg_check,
};

static int fail(struct expr_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
fail(struct expr_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	err->at = 0;
	err->len = 0;
	return -1;
}

/* The keys' names and types. */
static int
add_keys(struct query *q, struct expr_error *err)
{
	q->key_types = mem_resize(NULL, q->keys.n, sizeof(*q->key_types));
	for (size_t i = 0; i < q->keys.n; i++) {
		const struct expr_item *item = &q->keys.items[i];
		struct field *f;

		if (item->star)
			return fail(err, "-k takes expressions, not *");
		q->key_types[i] = expr_type(item->expr);
		if (q->key_types[i] == TYPE_BIN)
			return fail(err, "-k: %s is a bin, which is no key",
			    item->name);
		f = schema_add(&q->key_schema, item->name, strlen(item->name),
		    q->key_types[i]);
		if (f == NULL)
			return fail(err,
			    "-k: two keys are named %s; write \"as\" and "
			    "another name",
			    item->name);
		f->untyped = expr_is_untyped(item->expr);
	}
	q->plan.key_types = q->key_types;
	q->plan.n_keys = q->keys.n;
	return 0;
}

/* Whether two calls are made of the same values. */
static bool
same_values(const struct expr_call *a, const struct expr_call *b)
{
	size_t n, n_b;
	struct expr *const *x = agg_args(a, &n), *const *y = agg_args(b, &n_b);
	char *const *text = a->arg_text + (x - a->args);
	char *const *text_b = b->arg_text + (y - b->args);

	if (n != n_b || strcmp(a->filter_text, b->filter_text) != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (expr_type(x[i]) != expr_type(y[i])
		    || strcmp(text[i], text_b[i]) != 0)
			return false;
	}
	return true;
}

/* The state that serves call i as well as an earlier call, or a new one. */
static size_t
find_state(struct query *q, size_t i)
{
	const struct expr_call *call = &q->aggs.calls[i];
	size_t n = q->plan.n_states;

	q->states[n].same = n;
	for (size_t j = 0; j < i; j++) {
		const struct expr_call *other = &q->aggs.calls[j];

		if (!same_values(call, other))
			continue;
		if (agg_same_state(q->call_fns[i], q->call_fns[j]))
			return q->call_states[j];
		if (q->states[n].same == n)
			q->states[n].same = q->states[q->call_states[j]].same;
	}
	q->states[n].args = agg_args(call, &q->states[n].n_args);
	q->states[n].filter = call->filter;
	q->state_fns[n] = q->call_fns[i];
	q->plan.n_states++;
	return n;
}

static void
add_calls(struct query *q)
{
	size_t n = q->aggs.n_calls;

	q->call_fns = mem_resize(NULL, n, sizeof(*q->call_fns));
	q->call_states = mem_resize(NULL, n, sizeof(*q->call_states));
	q->state_fns = mem_resize(NULL, n, sizeof(*q->state_fns));
	q->states = mem_resize(NULL, n, sizeof(*q->states));
	for (size_t i = 0; i < n; i++) {
		q->call_fns[i] = agg_of_call(&q->aggs.calls[i]);
		q->call_states[i] = find_state(q, i);
	}
	q->plan.states = q->state_fns;
}

static int
check_time(
    const struct query *q, struct expr_error *err, const struct schema *s)
{
	for (size_t i = 0; s->time_col == -1 && i < q->aggs.n_calls; i++) {
		if (agg_needs_time(q->call_fns[i]))
			return fail(err,
			    "%s goes by event time, and the stream has none; "
			    "write sbatch -t COL",
			    q->aggs.calls[i].name);
	}
	return 0;
}

static void
init_raw(struct query *q, enum type bounds)
{
	size_t n_keys = q->keys.n, n_calls = q->aggs.n_calls;

	q->raw.n_cols = n_keys + n_calls + 2;
	q->raw.cols = mem_resize(NULL, q->raw.n_cols, sizeof(*q->raw.cols));
	for (size_t i = 0; i < n_keys; i++)
		colbuf_init(&q->raw.cols[i], q->key_types[i]);
	for (size_t i = 0; i < n_calls; i++)
		colbuf_init(&q->raw.cols[n_keys + i], q->aggs.calls[i].result);
	colbuf_init(&q->raw.cols[n_keys + n_calls], bounds);
	colbuf_init(&q->raw.cols[n_keys + n_calls + 1], bounds);
}

int
query_init_keys(struct query *q, struct expr_error *err, const char **source,
    const struct schema *s, const char *keys)
{
	*q = (struct query){.keys = {.n = 0}};
	schema_init(&q->key_schema);
	*source = keys;
	if (*keys != '\0'
	    && (expr_compile_list(&q->keys, err, s, keys) == -1
		|| expr_refuse_assigned(&q->keys, err, s) == -1))
		return -1;
	*source = NULL;
	return add_keys(q, err);
}

int
query_init(struct query *q, struct expr_error *err, const char **source,
    const struct schema *s, enum type bounds, const char *keys,
    const char *aggs)
{
	if (query_init_keys(q, err, source, s, keys) == -1)
		return -1;
	return query_init_aggs(q, err, source, s, bounds, aggs);
}

int
query_init_aggs(struct query *q, struct expr_error *err, const char **source,
    const struct schema *s, enum type bounds, const char *aggs)
{
	*source = aggs;
	if (expr_compile_aggs(
		&q->aggs, err, s, &q->key_schema, &aggregates, aggs)
		== -1
	    || expr_refuse_assigned(&q->aggs.items, err, s) == -1)
		return -1;
	*source = NULL;
	add_calls(q);
	if (check_time(q, err, s) == -1)
		return -1;
	init_raw(q, bounds);
	return 0;
}

void
query_release(struct query *q)
{
	expr_list_release(&q->keys);
	expr_agg_list_release(&q->aggs);
	schema_release(&q->key_schema);
	free(q->key_types);
	free(q->state_fns);
	free(q->states);
	free(q->call_fns);
	free(q->call_states);
	build_release(&q->raw);
}

/* The columns of a state, in a, or NULL for none. */
static int
eval_state(const struct query_state *s, const struct col **out,
    struct expr_error *err, struct arena *a, struct expr_env *env,
    const struct batch *b)
{
	struct col *c = NULL, filter;

	if (s->n_args > 0 || s->filter != NULL)
		c = arena_alloc(a, (s->n_args + 1) * sizeof(*c));
	*out = c;
	for (size_t i = 0; i < s->n_args; i++) {
		if (expr_eval(s->args[i], &c[i], err, a, env, b) == -1)
			return -1;
	}
	if (s->filter == NULL)
		return 0;
	if (expr_eval(s->filter, &filter, err, a, env, b) == -1)
		return -1;
	agg_filter(c, s->n_args, &filter, a);
	return 0;
}

int
query_rows(struct query *q, struct pane_rows *out, struct expr_error *err,
    struct expr_env *env, const struct agg_rows *rows, const struct batch *b)
{
	struct arena *a = rows->arena;
	struct col *keys = arena_alloc(a, q->keys.n * sizeof(*keys));
	const struct col **args =
	    arena_alloc(a, q->plan.n_states * sizeof(struct col *));
	struct keys_rows *kr = arena_alloc(a, sizeof(*kr));

	for (size_t i = 0; i < q->keys.n; i++) {
		if (expr_eval(q->keys.items[i].expr, &keys[i], err, a, env, b)
		    == -1)
			return -1;
	}
	for (size_t i = 0; i < q->plan.n_states; i++) {
		const struct query_state *s = &q->states[i];

		if (q->loads != NULL)
			args[i] = &b->cols[q->loads[i]];
		else if (s->same != i)
			args[i] = args[s->same];
		else if (eval_state(s, &args[i], err, a, env, b) == -1)
			return -1;
	}
	*out = (struct pane_rows){.args = args, .rows = rows};
	if (q->keys.n > 0) {
		keys_prepare(kr, keys, q->keys.n, b->n_rows, a);
		kr->order = rows->order;
		out->keys = kr;
		out->group = arena_alloc(a, b->n_rows * sizeof(uint32_t));
	}
	return 0;
}

static int
add_results(struct query *q, struct expr_error *err, const struct pane *table,
    const uint32_t *sel, uint32_t n)
{
	struct colbuf *out = q->raw.cols + q->keys.n;

	for (size_t i = 0; i < q->aggs.n_calls; i++, out++) {
		const struct agg_set *set = &table->sets[q->call_states[i]];

		for (uint32_t g = 0; g < n; g++) {
			if (agg_final(out, q->call_fns[i], set,
				sel == NULL ? g : sel[g])
			    == -1)
				return fail(err, "%s is %s",
				    q->aggs.calls[i].text,
				    agg_limit(q->call_fns[i]));
			if (type_is_bytes(out->type)
			    && out->bytes_len > UINT32_MAX - COL_MAX_BYTES)
				return fail(err,
				    "%s of one window takes more than 4 GiB",
				    q->aggs.calls[i].text);
		}
	}
	return 0;
}

/* All but the values of the calls. */
static void
add_place(struct query *q, const struct pane *table, const uint32_t *sel,
    uint32_t n, int64_t start, int64_t end)
{
	struct colbuf *bounds = q->raw.cols + q->raw.n_cols - 2;
	struct col col;

	for (size_t c = 0; c < q->keys.n; c++) {
		colbuf_view(&col, &table->keys.cols[c]);
		colbuf_push_rows(&q->raw.cols[c], &col, sel, n);
	}
	for (uint32_t g = 0; g < n; g++) {
		colbuf_push_int(&bounds[0], start);
		colbuf_push_int(&bounds[1], end);
	}
	q->raw.n_rows += n;
}

int
query_add_groups(struct query *q, struct expr_error *err,
    const struct pane *table, const uint32_t *sel, uint32_t n, int64_t start,
    int64_t end)
{
	if (add_results(q, err, table, sel, n) == -1)
		return -1;
	add_place(q, table, sel, n, start, end);
	return 0;
}

void
query_add_keys(struct query *q, const struct pane *table, const uint32_t *sel,
    uint32_t n, int64_t start, int64_t end)
{
	for (size_t c = q->keys.n; c < q->raw.n_cols - 2; c++)
		for (uint32_t i = 0; i < n; i++)
			colbuf_push_null(&q->raw.cols[c]);
	add_place(q, table, sel, n, start, end);
}

int
query_columns(struct query *q, struct col *cols, struct expr_error *err,
    struct arena *a, struct expr_env *env)
{
	size_t n_keys = q->keys.n, n = q->raw.n_cols;
	struct batch b;
	int rc = 0;

	batch_init(&b);
	build_view(&b, &q->raw);
	cols[0] = b.cols[n - 2];
	cols[1] = b.cols[n - 1];
	memcpy(cols + 2, b.cols, n_keys * sizeof(*cols));
	cols += 2 + n_keys;
	for (size_t i = 0; i < q->aggs.items.n && rc == 0; i++)
		rc = expr_eval(
		    q->aggs.items.items[i].expr, &cols[i], err, a, env, &b);
	batch_release(&b);
	return rc;
}

void
query_reset(struct query *q)
{
	build_reset(&q->raw);
}
