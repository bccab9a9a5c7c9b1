/* SPDX-License-Identifier: ISC */
/* lag, delta, rate, ewma, row_number: values of a key's earlier rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "data/kept.h"
#include "step/call.h"

#define MAX_LAG 1000000

/* The last cells of each group: cells[g * lag ..), used as a ring. */
struct past {
	struct kept *cells;
	uint32_t *at; /* by group: the oldest, to be replaced next */
	uint32_t n; /* groups */
	uint32_t lag;
	size_t cap_cells;
	size_t cap_at;
	double alpha; /* of ewma */
};

static void
grow(struct past *p, uint32_t n)
{
	if (n <= p->n)
		return;
	p->cells = mem_grow(
	    p->cells, &p->cap_cells, (size_t)n * p->lag, sizeof(*p->cells));
	p->at = mem_grow(p->at, &p->cap_at, n, sizeof(*p->at));
	memset(p->cells + (size_t)p->n * p->lag, 0,
	    (size_t)(n - p->n) * p->lag * sizeof(*p->cells));
	memset(p->at + p->n, 0, (n - p->n) * sizeof(*p->at));
	p->n = n;
}

/* The cells of a row's group; when the key begins they are as if new. */
static struct kept *
cells_of(struct past *p, const struct call_rows *in, uint32_t row)
{
	uint32_t g = in->keyed->group[row];
	struct kept *k = p->cells + (size_t)g * p->lag;

	for (uint32_t i = 0; in->keyed->begins[row] && i < p->lag; i++)
		k[i].seen = false;
	return k;
}

static void
begin(void *state, const struct expr_call *call)
{
	struct past *p = state;
	struct col n;

	p->lag = 1;
	if (call->n_args < 2 || !expr_is_constant(call->args[1], &n))
		return;
	if (n.type == TYPE_FLOAT)
		p->alpha = n.f[0];
	else
		p->lag = (uint32_t)n.i[0];
}

static int
lag_rows(void *state, struct colbuf *out, const char **why,
    const struct call_rows *in)
{
	struct past *p = state;

	grow(p, in->keyed->n);
	for (uint32_t r = 0; r < in->n; r++) {
		struct kept *k = cells_of(p, in, r);
		uint32_t *at = &p->at[in->keyed->group[r]];

		kept_push(out, &k[*at]);
		kept_set(&k[*at], in->arg, r);
		*at = *at + 1 == p->lag ? 0 : *at + 1;
		if (call_too_long(out, why))
			return -1;
	}
	return 0;
}

static double
as_double(int64_t bits)
{
	double x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* Whether both this row and the one before it have a value. */
static bool
both(const struct kept *k, const struct call_rows *in, uint32_t r)
{
	return k->seen && k->valid && col_is_valid(in->arg, r);
}

static int
delta_rows(void *state, struct colbuf *out, const char **why,
    const struct call_rows *in)
{
	struct past *p = state;
	int64_t d;

	grow(p, in->keyed->n);
	for (uint32_t r = 0; r < in->n; r++) {
		struct kept *k = cells_of(p, in, r);

		if (!both(k, in, r)) {
			colbuf_push_null(out);
		} else if (in->arg->type == TYPE_FLOAT) {
			colbuf_push_float(out, in->arg->f[r] - as_double(k->v));
		} else if (num_sub(&d, in->arg->i[r], k->v)) {
			colbuf_push_int(out, d);
		} else {
			*why = "overflow";
			return -1;
		}
		kept_set(k, in->arg, r);
	}
	return 0;
}

/* How much a counter grew; one that fell has begun anew from 0. */
static double
growth(const struct kept *k, const struct col *c, uint32_t r)
{
	int64_t d;

	if (c->type == TYPE_FLOAT)
		return c->f[r] < as_double(k->v) ? c->f[r]
						 : c->f[r] - as_double(k->v);
	if (c->i[r] < k->v)
		return (double)c->i[r];
	if (num_sub(&d, c->i[r], k->v))
		return (double)d;
	return (double)c->i[r] - (double)k->v;
}

static int
rate_rows(void *state, struct colbuf *out, const char **why,
    const struct call_rows *in)
{
	struct past *p = state;

	(void)why;
	grow(p, in->keyed->n);
	for (uint32_t r = 0; r < in->n; r++) {
		struct kept *k = cells_of(p, in, r);
		int64_t t = in->keyed->times[r], us;

		if (both(k, in, r) && num_sub(&us, t, k->time_us) && us > 0)
			colbuf_push_float(
			    out, growth(k, in->arg, r)
				     / ((double)us / (double)TIME_US));
		else
			colbuf_push_null(out);
		kept_set(k, in->arg, r);
		k->time_us = t;
	}
	return 0;
}

/* A null leaves the average as it is. */
static int
ewma_rows(void *state, struct colbuf *out, const char **why,
    const struct call_rows *in)
{
	struct past *p = state;
	const double a = p->alpha;

	(void)why;
	grow(p, in->keyed->n);
	for (uint32_t r = 0; r < in->n; r++) {
		struct kept *k = cells_of(p, in, r);
		double x;

		if (col_is_valid(in->arg, r)) {
			x = in->arg->f[r];
			if (k->seen)
				x = a * x + (1 - a) * as_double(k->v);
			memcpy(&k->v, &x, sizeof(x));
			k->seen = k->valid = true;
		}
		kept_push(out, k);
	}
	return 0;
}

static int
number_rows(void *state, struct colbuf *out, const char **why,
    const struct call_rows *in)
{
	struct past *p = state;

	(void)why;
	grow(p, in->keyed->n);
	for (uint32_t r = 0; r < in->n; r++) {
		struct kept *k = cells_of(p, in, r);

		if (!k->seen)
			k->v = 0;
		k->seen = k->valid = true;
		k->v++;
		kept_push(out, k);
	}
	return 0;
}

static void
keep(void *state, const uint32_t *old, uint32_t n)
{
	struct past *p = state;
	uint32_t at = 0;

	for (uint32_t g = 0; g < p->n; g++) {
		struct kept *from = p->cells + (size_t)g * p->lag;

		if (at < n && old[at] == g) {
			memmove(p->cells + (size_t)at * p->lag, from,
			    p->lag * sizeof(*from));
			p->at[at++] = p->at[g];
			continue;
		}
		for (uint32_t i = 0; i < p->lag; i++)
			free(from[i].p);
	}
	p->n = at;
}

static void
release(void *state)
{
	struct past *p = state;

	for (size_t i = 0; i < (size_t)p->n * p->lag; i++)
		free(p->cells[i].p);
	free(p->cells);
	free(p->at);
}

static void
save(const void *state, struct buf *out)
{
	const struct past *p = state;

	buf_put_int(out, p->n, 4);
	for (uint32_t g = 0; g < p->n; g++)
		buf_put_int(out, p->at[g], 4);
	for (size_t i = 0; i < (size_t)p->n * p->lag; i++)
		kept_put(&p->cells[i], out);
}

static int
load(void *state, struct cur *in)
{
	struct past *p = state;
	uint64_t n = cur_get_int(in, 4);

	if (in->failed || n > in->left / p->lag)
		return -1;
	grow(p, (uint32_t)n);
	for (uint32_t g = 0; g < n; g++) {
		p->at[g] = (uint32_t)cur_get_int(in, 4);
		if (p->at[g] >= p->lag)
			return -1;
	}
	for (size_t i = 0; i < n * p->lag; i++)
		if (kept_get(&p->cells[i], in) == -1)
			return -1;
	return 0;
}

#define KIND(fn)                                                               \
	{                                                                      \
		sizeof(struct past), begin, fn, keep, release, save, load      \
	}

static const struct {
	const char *name;
	struct call_kind kind;
} kinds[] = {
    {"lag", KIND(lag_rows)},
    {"delta", KIND(delta_rows)},
    {"rate", KIND(rate_rows)},
    {"ewma", KIND(ewma_rows)},
    {"row_number", KIND(number_rows)},
};

const struct call_kind *
past_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i].kind;
	}
	return NULL;
}

bool
past_needs_time(const char *name)
{
	return strcmp(name, "rate") == 0;
}

static int
refuse(char *why, size_t why_cap, const char *text)
{
	snprintf(why, why_cap, "%s", text);
	return -1;
}

/* The argument as a number; text is read as a float. */
static int
need_number(struct expr_call *call, char *why, size_t why_cap)
{
	enum type t = expr_type(call->args[0]);
	struct expr_error err;

	if (t == TYPE_INT || t == TYPE_FLOAT)
		return 0;
	if (t == TYPE_STR && expr_convert(call->args[0], &err, TYPE_FLOAT) == 0)
		return 0;
	snprintf(why, why_cap, "%s takes int or float, this is %s", call->name,
	    type_name(t));
	return -1;
}

static int
check_lag(struct expr_call *call, char *why, size_t why_cap)
{
	struct col n;

	call->result = expr_type(call->args[0]);
	if (call->n_args == 1)
		return 0;
	if (!expr_is_constant(call->args[1], &n) || n.type != TYPE_INT
	    || n.i[0] < 1 || n.i[0] > MAX_LAG)
		return refuse(why, why_cap,
		    "lag goes back a fixed number of rows, 1..1000000");
	return 0;
}

static int
check_delta(struct expr_call *call, char *why, size_t why_cap)
{
	enum type t = expr_type(call->args[0]);

	if (t != TYPE_TIME && t != TYPE_DUR
	    && need_number(call, why, why_cap) == -1)
		return -1;
	t = expr_type(call->args[0]);
	call->result = t == TYPE_TIME ? TYPE_DUR : t;
	return 0;
}

static int
check_ewma(struct expr_call *call, char *why, size_t why_cap)
{
	struct expr_error err;
	struct col a;

	call->result = TYPE_FLOAT;
	if (need_number(call, why, why_cap) == -1)
		return -1;
	if (expr_convert(call->args[0], &err, TYPE_FLOAT) == -1
	    || expr_convert(call->args[1], &err, TYPE_FLOAT) == -1)
		return refuse(why, why_cap, err.text);
	if (!expr_is_constant(call->args[1], &a) || !(a.f[0] > 0) || a.f[0] > 1)
		return refuse(why, why_cap,
		    "the weight of ewma is a fixed number above 0, at most 1");
	return 0;
}

int
past_check(struct expr_call *call, char *why, size_t why_cap)
{
	const char *name = call->name;
	bool number = strcmp(name, "row_number") == 0;
	bool ewma = strcmp(name, "ewma") == 0;
	bool lag = strcmp(name, "lag") == 0;
	size_t least = number ? 0 : ewma ? 2 : 1;

	if (call->star || call->distinct || call->filter != NULL)
		return refuse(why, why_cap,
		    "it looks at rows: no *, distinct or filter goes with it");
	if (call->n_args < least || call->n_args > least + lag) {
		snprintf(why, why_cap, "write %s",
		    number                      ? "row_number()"
		    : ewma                      ? "ewma(x, weight)"
		    : lag                       ? "lag(x) or lag(x, n)"
		    : strcmp(name, "rate") == 0 ? "rate(x)"
						: "delta(x)");
		return -1;
	}
	if (lag)
		return check_lag(call, why, why_cap);
	if (ewma)
		return check_ewma(call, why, why_cap);
	if (strcmp(name, "delta") == 0)
		return check_delta(call, why, why_cap);
	call->result = number ? TYPE_INT : TYPE_FLOAT;
	return number ? 0 : need_number(call, why, why_cap);
}
