/* SPDX-License-Identifier: ISC */
/* Running a program: arguments first, then one kernel over all rows. */
#include "expr/eval.h"

#include <string.h>

void
eval_empty(struct col *out, enum type type)
{
	static const char empty_bytes[8];
	static const uint32_t no_off[2];

	*out = (struct col){.type = type, .enc = COL_PLAIN};
	out->off = no_off;
	out->bytes = empty_bytes;
}

void
eval_begin(struct run *r, const struct node *n, struct col *out)
{
	*out = (struct col){.type = n->type, .enc = COL_PLAIN, .n = r->n};
	out->n_entries = r->n;
}

int64_t *
eval_ints(struct run *r, struct col *out)
{
	int64_t *v = arena_alloc(r->a, (size_t)r->n * sizeof(*v));

	out->i = v;
	return v;
}

double *
eval_floats(struct run *r, struct col *out)
{
	double *v = arena_alloc(r->a, (size_t)r->n * sizeof(*v));

	out->f = v;
	return v;
}

uint8_t *
eval_bitmap(struct run *r)
{
	return arena_alloc(r->a, bits_words(r->n) * 8);
}

uint8_t *
eval_bits(struct run *r, struct col *out)
{
	uint8_t *v = eval_bitmap(r);

	out->bits = v;
	return v;
}

void
eval_null(struct run *r, struct col *out, uint32_t row)
{
	if (out->valid == NULL || out->valid != r->owned) {
		uint8_t *own = eval_bitmap(r);

		if (out->valid == NULL)
			bits_fill(own, true, r->n);
		else
			bits_copy(own, out->valid, r->n);
		r->owned = own;
		out->valid = own;
	}
	r->owned[row >> 3] &= (uint8_t) ~(1u << (row & 7));
}

void
eval_plain(struct run *r, struct col *c)
{
	struct col from = *c;

	if (from.enc != COL_PLAIN)
		col_flatten(c, r->a, &from);
}

/* Nothing but nulls; the results of one window may be more than a frame has. */
static void
all_null(struct run *r, struct col *out, enum type type)
{
	uint8_t *valid;

	col_const_null(out, type, r->n);
	if (r->n <= COL_MAX_ROWS)
		return;
	valid = eval_bitmap(r);
	bits_fill(valid, false, r->n);
	out->valid = valid;
}

const uint8_t *
eval_true(struct run *r, const struct col *c)
{
	struct col flat = *c;
	uint8_t *v;

	eval_plain(r, &flat);
	if (flat.valid == NULL)
		return flat.bits;
	v = eval_bitmap(r);
	bits_and(v, flat.bits, flat.valid, r->n);
	return v;
}

int
eval_fail(struct run *r, const struct node *n, uint32_t row, const char *what)
{
	size_t len = n->len < 200 ? n->len : 200;

	return expr_fail(r->err, row, 1, "%s in %.*s%s", what, (int)len,
	    r->u->source + n->at, len < n->len ? "..." : "");
}

int
eval_bad(struct run *r, const struct node *n, struct col *out, uint32_t row,
    const char *what)
{
	if (n->quiet)
		eval_null(r, out, row);
	else if (eval_live(r, out, row))
		return eval_fail(r, n, row, what);
	return 0;
}

void
eval_unparsed(
    struct run *r, const struct node *n, struct col *out, uint32_t row)
{
	if (!n->quiet && eval_live(r, out, row))
		r->env->n_unparsed++;
	eval_null(r, out, row);
}

/* The validity of a result: where all arguments are valid. */
static const uint8_t *
common_valid(struct run *r, const struct col *arg, size_t n_args)
{
	const uint8_t *valid = NULL;
	uint8_t *own = NULL;

	for (size_t i = 0; i < n_args; i++) {
		if (arg[i].valid == NULL || arg[i].valid == valid)
			continue;
		if (valid == NULL) {
			valid = arg[i].valid;
			continue;
		}
		if (own == NULL)
			own = eval_bitmap(r);
		bits_and(own, valid, arg[i].valid, r->n);
		valid = own;
	}
	return valid;
}

/* Run the kernel of n over what arg holds. */
static int
run_kernel(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	eval_begin(r, n, out);
	/* What an argument made may be shared, so it is not written to. */
	r->owned = NULL;
	if (!(n->fn->flags & FUNC_NULLS))
		out->valid = common_valid(r, arg, n->n_kids);
	return n->fn->kernel(r, n, out, arg);
}

/* How many rows matter. */
static uint64_t
count_live(const struct run *r)
{
	return r->active == NULL ? r->n : bits_count(r->active, r->n);
}

/* All arguments are constant: one row, spread. */
static int
eval_constant(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	struct run one = *r;
	struct col *short_arg =
	    arena_alloc(r->a, (n->n_kids + 1) * sizeof(*short_arg));
	uint64_t n_before = r->env->n_unparsed;
	struct col c;

	for (size_t i = 0; i < n->n_kids; i++) {
		short_arg[i] = arg[i];
		short_arg[i].n = 1;
		short_arg[i].enc = COL_PLAIN;
	}
	one.n = 1;
	one.active = NULL;
	if (run_kernel(&one, n, &c, short_arg) == -1)
		return -1;
	if (r->env->n_unparsed != n_before)
		r->env->n_unparsed = n_before + count_live(r);
	if (!col_is_valid(&c, 0)) {
		all_null(r, out, n->type);
		return 0;
	}
	eval_plain(&one, &c);
	*out = c;
	out->enc = COL_CONST;
	out->valid = NULL;
	out->n = r->n;
	out->n_entries = 1;
	return 0;
}

/*
 * Bring the arguments into the encodings that kernels take.  Text stays as it
 * is: plain, the few long entries of a dictionary could fill all memory.
 */
static void
flatten_args(struct run *r, const struct node *n, struct col *arg)
{
	bool all_const = true;

	for (size_t i = 0; i < n->n_kids; i++) {
		if (type_is_bytes(arg[i].type))
			continue;
		if (n->fn->flags & FUNC_FLAT || arg[i].type == TYPE_BOOL
		    || arg[i].enc != COL_CONST)
			eval_plain(r, &arg[i]);
		all_const &= arg[i].enc == COL_CONST;
	}
	if (all_const && n->n_kids > 0 && !type_is_bytes(arg[0].type))
		eval_plain(r, &arg[0]);
}

/*
 * One argument is a dictionary: compute over its entries only.  A failure may
 * be that of an entry which no row has.
 */
static int
eval_entries(struct run *r, const struct node *n, struct col *out,
    const struct col *row_arg, size_t dict)
{
	struct run part = *r;
	struct col in = row_arg[dict], c;
	struct col *arg =
	    arena_dup(r->a, row_arg, n->n_kids * sizeof(*row_arg));
	uint8_t *valid;

	part.n = in.n_entries;
	part.active = NULL;
	arg[dict].enc = COL_PLAIN;
	arg[dict].valid = NULL;
	for (size_t i = 0; i < n->n_kids; i++)
		arg[i].n = part.n;
	flatten_args(&part, n, arg);
	if (run_kernel(&part, n, &c, arg) == -1)
		return -1;
	eval_plain(&part, &c);
	*out = c;
	out->enc = COL_DICT;
	out->n = r->n;
	out->n_entries = in.n_entries;
	out->codes = in.codes;
	out->code_width = in.code_width;
	out->valid = in.valid;
	if (c.valid == NULL)
		return 0;
	valid = eval_bitmap(r);
	memset(valid, 0, bits_words(r->n) * 8);
	for (uint32_t i = 0; i < r->n; i++) {
		if (col_is_valid(&in, i) && bit_get(c.valid, col_entry(&in, i)))
			bit_set(valid, i);
	}
	out->valid = valid;
	return 0;
}

/*
 * Which argument is a dictionary when all others are constant and the kernel
 * may see values that no row has; n_kids when it is not so.
 */
static size_t
find_dict(const struct run *r, const struct node *n, const struct col *arg)
{
	size_t dict = n->n_kids;

	if (n->fn->flags & (FUNC_NULLS | FUNC_FAILS | FUNC_FLAT))
		return n->n_kids;
	for (size_t i = 0; i < n->n_kids; i++) {
		if (arg[i].enc == COL_CONST && arg[i].valid == NULL)
			continue;
		if (arg[i].enc != COL_DICT || dict != n->n_kids
		    || arg[i].n_entries == 0 || arg[i].n_entries > r->n)
			return n->n_kids;
		dict = i;
	}
	return dict;
}

static bool
is_constant(const struct node *n, const struct col *arg)
{
	for (size_t i = 0; i < n->n_kids; i++) {
		if (arg[i].enc != COL_CONST || arg[i].valid != NULL)
			return false;
	}
	return true;
}

static int
eval_call(struct run *r, const struct node *n, struct col *out)
{
	struct col *arg;
	size_t dict;

	if (n->fn->flags & FUNC_LAZY) {
		eval_begin(r, n, out);
		return n->fn->kernel(r, n, out, NULL);
	}
	arg = arena_alloc(r->a, (n->n_kids + 1) * sizeof(*arg));
	for (size_t i = 0; i < n->n_kids; i++) {
		if (eval_node(r, n->kids[i], &arg[i]) == -1)
			return -1;
	}
	if (is_constant(n, arg))
		return eval_constant(r, n, out, arg);
	dict = find_dict(r, n, arg);
	if (dict < n->n_kids && eval_entries(r, n, out, arg, dict) == 0)
		return 0;
	flatten_args(r, n, arg);
	return run_kernel(r, n, out, arg);
}

static int
eval_once(struct run *r, const struct node *n, struct col *out)
{
	if (n->memo->run != r->u->n_runs) {
		if (eval_node(r, n->kids[0], &n->memo->col) == -1)
			return -1;
		n->memo->run = r->u->n_runs;
	}
	*out = n->memo->col;
	return 0;
}

int
eval_node(struct run *r, const struct node *n, struct col *out)
{
	switch (n->kind) {
	case NODE_LIT:
		if (n->is_null) {
			all_null(r, out, n->type);
		} else {
			*out = n->lit;
			out->n = r->n;
		}
		return 0;
	case NODE_COL:
		*out = r->b->cols[n->col];
		return 0;
	case NODE_ONCE:
		return eval_once(r, n, out);
	case NODE_CALL:
		break;
	}
	return eval_call(r, n, out);
}

int
eval_masked(
    struct run *r, const struct node *n, struct col *out, const uint8_t *active)
{
	struct run part = *r;

	part.active = active;
	return eval_node(&part, n, out);
}
