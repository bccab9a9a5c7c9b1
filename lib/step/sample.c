/* SPDX-License-Identifier: ISC */
/* --sample: rows chosen by a hash, the same ones in every run. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/num.h"
#include "step/chain.h"

/* Any fixed numbers: who samples twice must get the same rows. */
#define SEED UINT64_C(0x6d696c6c72616365)
#define NULL_HASH UINT64_C(0x6e756c6c)

struct sample {
	struct step step;
	double share; /* 0..1 */
	struct expr_list keys;
	size_t *cols; /* without keys: the columns that are not the system's */
	size_t n_cols; /* or of keys */
	uint64_t *hashes; /* by row */
	uint32_t *sel;
	size_t cap;
	size_t cap_sel;
	uint64_t *entries; /* hashes of a column's entries */
	size_t cap_entries;
	struct batch out;
};

static int
parse_share(struct sample *p, const char **keys)
{
	const char *source = p->step.source;
	const char *percent = strchr(source, '%');
	double share;

	if (percent == NULL
	    || num_parse_float(&share, source, (size_t)(percent - source)) == -1
	    || !(share >= 0 && share <= 100)
	    || (percent[1] != '\0' && percent[1] != ':')
	    || (percent[1] == ':' && percent[2] == '\0'))
		return step_fail(&p->step, TOOL_USAGE,
		    "%s is not P%% or P%%:KEYS, such as 1%% or 10%%:user",
		    source);
	p->share = share / 100;
	*keys = percent[1] == ':' ? percent + 2 : NULL;
	return 0;
}

static int
plan_keys(struct sample *p, const struct schema *schema, const char *keys)
{
	struct expr_error err;

	if (expr_compile_list(&p->keys, &err, schema, keys) == -1)
		return step_fail_compile(&p->step, &err, keys);
	p->n_cols = p->keys.n;
	for (size_t i = 0; i < p->keys.n; i++) {
		if (p->keys.items[i].star)
			return step_fail(&p->step, TOOL_USAGE,
			    "keys are expressions; without keys all columns "
			    "are meant");
	}
	return 0;
}

static int
plan(struct step *s, struct schema *schema)
{
	struct sample *p = (struct sample *)s;
	const char *keys = NULL;

	if (parse_share(p, &keys) == -1)
		return -1;
	if (keys != NULL)
		return plan_keys(p, schema, keys);
	p->cols = mem_zero(schema->n, sizeof(*p->cols));
	for (size_t i = 0; i < schema->n; i++) {
		if (!schema->fields[i].system)
			p->cols[p->n_cols++] = i;
	}
	return 0;
}

static uint64_t
hash_entry(const struct col *c, uint32_t e)
{
	double x;
	uint64_t bits;

	if (type_is_bytes(c->type))
		return hash_bytes(
		    c->bytes + c->off[e], c->off[e + 1] - c->off[e], SEED);
	if (c->type == TYPE_BOOL)
		return hash_u64(bit_get(c->bits, e), SEED);
	if (c->type != TYPE_FLOAT)
		return hash_u64((uint64_t)c->i[e], SEED);
	/* Floats that are equal are one value. */
	x = c->f[e] != c->f[e] ? (double)__builtin_nan("") : c->f[e] + 0.0;
	memcpy(&bits, &x, sizeof(bits));
	return hash_u64(bits, SEED);
}

/* Take a column into the hashes of the rows. */
static void
add_column(struct sample *p, const struct col *c)
{
	p->entries = mem_grow(
	    p->entries, &p->cap_entries, c->n_entries, sizeof(*p->entries));
	for (uint32_t e = 0; e < c->n_entries; e++)
		p->entries[e] = hash_entry(c, e);
	for (uint32_t r = 0; r < c->n; r++) {
		uint64_t h = col_is_valid(c, r) ? p->entries[col_entry(c, r)]
						: NULL_HASH;

		p->hashes[r] = hash_u64(h, p->hashes[r]);
	}
}

static int
add_columns(struct sample *p, const struct batch *b)
{
	struct expr_error err;
	struct col c;

	for (size_t i = 0; i < p->n_cols; i++) {
		if (p->keys.n == 0) {
			add_column(p, &b->cols[p->cols[i]]);
			continue;
		}
		if (expr_eval(p->keys.items[i].expr, &c, &err, &p->out.arena,
			&p->step.chain->env, b)
		    == -1)
			return step_fail_run(&p->step, &err, b);
		add_column(p, &c);
	}
	return 0;
}

static int
rows(struct step *s, const struct batch *b, bool more)
{
	struct sample *p = (struct sample *)s;
	uint32_t n = 0;

	batch_reset(&p->out, 0);
	p->hashes = mem_grow(p->hashes, &p->cap, b->n_rows, sizeof(*p->hashes));
	p->sel = mem_grow(p->sel, &p->cap_sel, b->n_rows, sizeof(*p->sel));
	for (uint32_t r = 0; r < b->n_rows; r++)
		p->hashes[r] = SEED;
	if (add_columns(p, b) == -1)
		return -1;
	for (uint32_t r = 0; r < b->n_rows; r++) {
		uint64_t h = hash_u64(p->hashes[r], SEED);

		p->sel[n] = r;
		n += (double)(h >> 11) * 0x1p-53 < p->share;
	}
	if (n == b->n_rows)
		return step_pass(s, b, more);
	step_filtered(s, b->n_rows - n);
	batch_gather(&p->out, b, p->sel, n);
	return step_pass(s, &p->out, more);
}

static void
release(struct step *s)
{
	struct sample *p = (struct sample *)s;

	expr_list_release(&p->keys);
	free(p->cols);
	free(p->hashes);
	free(p->sel);
	free(p->entries);
	batch_release(&p->out);
}

const struct step_kind sample_step = {
    .opt = "--sample",
    .size = sizeof(struct sample),
    .cls = CLASS_FRAME,
    .plan = plan,
    .rows = rows,
    .release = release,
};
