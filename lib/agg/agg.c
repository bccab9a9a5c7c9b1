/* SPDX-License-Identifier: ISC */
/* The registry of aggregates, and sets of their states. */
#include "agg/agg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agg/agg_int.h"

#define MIN_STATES 16

#define PERCENTILE(name, share)                                                \
	{name, TYPE_INT, TYPE_INT, &quant_int, quant_final, share, false},     \
	    {name, TYPE_DUR, TYPE_DUR, &quant_int, quant_final, share, false}, \
	{                                                                      \
		name, TYPE_FLOAT, TYPE_FLOAT, &quant_float, quant_final,       \
		    share, false                                               \
	}
#define COUNT(type)                                                            \
	{                                                                      \
		"count", type, TYPE_INT, &count_kind, count_final, 0, false    \
	}
#define DISTINCT(type, kind)                                                   \
	{                                                                      \
		"count", type, TYPE_INT, kind, dist_final, 0, true             \
	}
#define EXTREME(type, kind, final)                                             \
	{"min", type, type, &extreme_min_##kind, final, 0, false},             \
	{                                                                      \
		"max", type, type, &extreme_max_##kind, final, 0, false        \
	}
#define PICK(type, kind)                                                       \
	{"first", type, type, &pick_first_##kind, pick_final, 0, false},       \
	{                                                                      \
		"last", type, type, &pick_last_##kind, pick_final, 0, false    \
	}

static const struct agg_fn fns[] = {
    {"count", 0, TYPE_INT, &count_kind, count_final, 0, false},
    COUNT(TYPE_BOOL),
    COUNT(TYPE_INT),
    COUNT(TYPE_FLOAT),
    COUNT(TYPE_STR),
    COUNT(TYPE_TIME),
    COUNT(TYPE_DUR),
    COUNT(TYPE_BIN),
    {"count_if", TYPE_BOOL, TYPE_INT, &count_if_kind, count_final, 0, false},
    {"sum", TYPE_INT, TYPE_INT, &sum_int_kind, sum_int_final, 0, false},
    {"sum", TYPE_DUR, TYPE_DUR, &sum_int_kind, sum_int_final, 0, false},
    {"sum", TYPE_FLOAT, TYPE_FLOAT, &sum_float_kind, sum_float_final, 0, false},
    {"avg", TYPE_INT, TYPE_FLOAT, &sum_int_kind, sum_int_avg, 0, false},
    {"avg", TYPE_DUR, TYPE_DUR, &sum_int_kind, sum_dur_avg, 0, false},
    {"avg", TYPE_FLOAT, TYPE_FLOAT, &sum_float_kind, sum_float_avg, 0, false},
    EXTREME(TYPE_INT, int, extreme_int_final),
    EXTREME(TYPE_TIME, int, extreme_int_final),
    EXTREME(TYPE_DUR, int, extreme_int_final),
    EXTREME(TYPE_FLOAT, float, extreme_float_final),
    EXTREME(TYPE_STR, str, extreme_str_final),
    PICK(TYPE_BOOL, bool),
    PICK(TYPE_INT, wide),
    PICK(TYPE_FLOAT, wide),
    PICK(TYPE_TIME, wide),
    PICK(TYPE_DUR, wide),
    PICK(TYPE_STR, str),
    DISTINCT(TYPE_BOOL, &dist_bool),
    DISTINCT(TYPE_INT, &dist_wide),
    DISTINCT(TYPE_FLOAT, &dist_float),
    DISTINCT(TYPE_TIME, &dist_wide),
    DISTINCT(TYPE_DUR, &dist_wide),
    DISTINCT(TYPE_STR, &dist_str),
    PERCENTILE("p50", 500000000),
    PERCENTILE("p90", 900000000),
    PERCENTILE("p95", 950000000),
    PERCENTILE("p99", 990000000),
};

#define N_FNS (sizeof(fns) / sizeof(fns[0]))

bool
agg_is_name(const char *name)
{
	for (size_t i = 0; i < N_FNS; i++) {
		if (strcmp(fns[i].name, name) == 0)
			return true;
	}
	return false;
}

const struct agg_fn *
agg_find(const char *name, bool distinct, enum type arg)
{
	for (size_t i = 0; i < N_FNS; i++) {
		if (fns[i].arg == arg && fns[i].distinct == distinct
		    && strcmp(fns[i].name, name) == 0)
			return &fns[i];
	}
	return NULL;
}

const struct agg_fn *
agg_of_call(const struct expr_call *call)
{
	return agg_find(call->name, call->distinct,
	    call->n_args == 0 ? 0 : expr_type(call->args[0]));
}

enum type
agg_result(const struct agg_fn *f)
{
	return f->result;
}

bool
agg_same_state(const struct agg_fn *a, const struct agg_fn *b)
{
	return a->kind == b->kind;
}

uint32_t
agg_version(const struct agg_fn *f)
{
	return f->kind->version;
}

/* Append the types that name takes: "int, dur or float". */
static void
put_types(struct buf *b, const char *name, bool distinct)
{
	const char *names[8];
	size_t n = 0;

	for (size_t i = 0; i < N_FNS; i++) {
		if (fns[i].arg != 0 && fns[i].distinct == distinct
		    && strcmp(fns[i].name, name) == 0)
			names[n++] = type_name(fns[i].arg);
	}
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%s",
		    i == 0       ? ""
		    : i + 1 == n ? " or "
				 : ", ",
		    names[i]);
}

static int
refuse_type(const struct expr_call *call, char *why, size_t cap)
{
	enum type t = expr_type(call->args[0]);
	struct buf b;

	buf_init(&b, 0);
	put_types(&b, call->name, call->distinct);
	snprintf(why, cap, "%s takes %.*s, this is %s%s", call->name,
	    (int)b.len, (const char *)b.data, type_name(t),
	    t == TYPE_BOOL ? "; write count_if(...)" : "");
	buf_release(&b);
	return -1;
}

/* The text between the parentheses of a call, for the mend. */
static int
refuse_untyped(const struct expr_call *call, char *why, size_t cap)
{
	size_t at = strlen(call->name) + 1;
	size_t len = strlen(call->text);
	int n = len > at + 1 && len < 128 ? (int)(len - at - 1) : 0;
	const char *arg = n == 0 ? "x" : call->text + at;

	if (n == 0)
		n = 1;
	snprintf(why, cap,
	    "%.*s is text: write %s(%.*s::float) or sbatch -c \"*,%.*s:float\"",
	    n, arg, call->name, n, arg, n, arg);
	return -1;
}

/* Whether the argument is text where only numbers will do. */
static bool
takes_number(const struct expr_call *call)
{
	return call->n_args == 1 && expr_type(call->args[0]) == TYPE_STR
	       && agg_find(call->name, call->distinct, TYPE_STR) == NULL
	       && agg_find(call->name, call->distinct, TYPE_FLOAT) != NULL;
}

int
agg_check(struct expr_call *call, char *why, size_t why_cap)
{
	const char *name = call->name;
	const struct agg_fn *f;
	bool extreme = strcmp(name, "min") == 0 || strcmp(name, "max") == 0;
	struct expr_error err;
	struct col constant;

	if (call->n_args > 1 || (call->n_args == 0 && call->distinct)
	    || (call->n_args == 0 && agg_find(name, false, 0) == NULL)) {
		snprintf(why, why_cap, "%s%s takes one argument", name,
		    call->distinct ? "(distinct)" : "");
		return -1;
	}
	if (call->star && agg_find(name, false, 0) == NULL) {
		snprintf(why, why_cap, "%s(*) means nothing", name);
		return -1;
	}
	if (call->distinct && agg_find(name, true, TYPE_INT) == NULL) {
		snprintf(why, why_cap,
		    "distinct is for count; %s(distinct) is unknown", name);
		return -1;
	}
	if (call->n_args == 1 && expr_type(call->args[0]) == TYPE_STR
	    && expr_is_constant(call->args[0], &constant)) {
		snprintf(why, why_cap,
		    "%s is of one and the same text; a column stands without "
		    "quotes, or in `these`",
		    call->text);
		return -1;
	}
	if (extreme && expr_is_untyped(call->args[0]))
		return refuse_untyped(call, why, why_cap);
	if (takes_number(call)
	    && expr_convert(call->args[0], &err, TYPE_FLOAT) == -1) {
		snprintf(why, why_cap, "%s", err.text);
		return -1;
	}
	f = agg_of_call(call);
	if (f == NULL)
		return refuse_type(call, why, why_cap);
	call->result = f->result;
	return 0;
}

void
agg_set_init(struct agg_set *s, const struct agg_fn *fn)
{
	*s = (struct agg_set){.fn = fn};
}

void
agg_set_reset(struct agg_set *s)
{
	const struct agg_kind *k = s->fn->kind;

	for (uint32_t g = 0; k->release != NULL && g < s->n; g++)
		k->release(s->states + g * k->size);
	s->n = 0;
}

void
agg_set_release(struct agg_set *s)
{
	agg_set_reset(s);
	free(s->states);
	s->states = NULL;
	s->cap = 0;
}

void
agg_set_grow(struct agg_set *s, uint32_t n)
{
	size_t size = s->fn->kind->size;

	if (n <= s->n)
		return;
	if (n > s->cap)
		s->states = mem_grow(
		    s->states, &s->cap, n < MIN_STATES ? MIN_STATES : n, size);
	memset(s->states + s->n * size, 0, (n - s->n) * size);
	s->n = n;
}

/* The selected rows whose cell is not null, into r. */
static void
drop_nulls(struct agg_rows *r, const struct col *c)
{
	uint32_t *sel = arena_alloc(r->arena, r->n * sizeof(*sel));
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = AGG_ROW(r->sel, i);

		sel[n] = row;
		n += bit_get(c->valid, row);
	}
	r->sel = sel;
	r->n = n;
}

int
agg_update(struct agg_set *s, const char **why, const struct agg_rows *r,
    const struct col *c)
{
	struct agg_rows rows = *r;
	struct col plain;

	if (c != NULL && c->valid != NULL)
		drop_nulls(&rows, c);
	if (rows.n == 0)
		return 0;
	if (c != NULL && type_is_wide(c->type) && c->enc != COL_PLAIN) {
		col_flatten(&plain, r->arena, c);
		c = &plain;
	}
	return s->fn->kind->update(s->states, why, &rows, c);
}

int
agg_merge(struct agg_set *s, const char **why, const struct agg_set *from,
    const uint32_t *to_group)
{
	const struct agg_kind *k = s->fn->kind;

	for (uint32_t g = 0; g < from->n; g++) {
		if (k->merge(s->states + to_group[g] * k->size, why,
			from->states + g * k->size)
		    == -1)
			return -1;
	}
	return 0;
}

int
agg_one(struct agg_set *s, const char **why, const struct agg_rows *r,
    const struct col *c, uint32_t row)
{
	struct agg_rows rows = *r;

	if (c != NULL && !col_is_valid(c, row))
		return 0;
	rows.n = 1;
	rows.sel = &row;
	rows.group = NULL;
	return s->fn->kind->update(s->states, why, &rows, c);
}

int
agg_merge_one(struct agg_set *s, uint32_t g, const char **why,
    const struct agg_set *from, uint32_t from_g)
{
	const struct agg_kind *k = s->fn->kind;

	return k->merge(
	    s->states + g * k->size, why, from->states + from_g * k->size);
}

void
agg_clear(struct agg_set *s, uint32_t g)
{
	const struct agg_kind *k = s->fn->kind;
	uint8_t *state = s->states + g * k->size;

	if (k->release != NULL)
		k->release(state);
	memset(state, 0, k->size);
}

void
agg_keep(struct agg_set *s, const uint32_t *keep, uint32_t n)
{
	const struct agg_kind *k = s->fn->kind;
	uint32_t at = 0;

	for (uint32_t g = 0; g < s->n; g++) {
		uint8_t *state = s->states + g * k->size;

		if (at < n && keep[at] == g)
			memmove(s->states + at++ * k->size, state, k->size);
		else if (k->release != NULL)
			k->release(state);
	}
	s->n = at;
}

bool
agg_is_small(const struct agg_fn *f)
{
	const struct agg_kind *k = f->kind;

	return k != &dist_wide && k != &dist_float && k != &dist_bool
	       && k != &dist_str && k != &quant_int && k != &quant_float;
}

void
agg_filter(
    struct col *c, bool has_arg, const struct col *filter, struct arena *a)
{
	size_t len = bit_bytes(filter->n);
	uint8_t *valid = arena_alloc(a, len);

	memset(valid, 0, len);
	for (uint32_t r = 0; r < filter->n; r++) {
		if (col_is_valid(filter, r)
		    && bit_get(filter->bits, col_entry(filter, r))
		    && (!has_arg || col_is_valid(c, r)))
			bit_set(valid, r);
	}
	if (!has_arg)
		*c = *filter;
	c->valid = valid;
}

int
agg_final(struct colbuf *out, const struct agg_fn *fn, const struct agg_set *s,
    uint32_t g)
{
	return fn->final(out, fn, s->states + g * fn->kind->size);
}

void
agg_save(struct buf *out, const struct agg_set *s, uint32_t g)
{
	s->fn->kind->save(out, s->states + g * s->fn->kind->size);
}

int
agg_load(struct agg_set *s, uint32_t g, struct cur *in)
{
	return s->fn->kind->load(s->states + g * s->fn->kind->size, in);
}
