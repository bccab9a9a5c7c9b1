/* SPDX-License-Identifier: ISC */
/* --dedup: the first row of each key; --changed: rows unlike the last one. */
#include <stdlib.h>
#include <string.h>

#include "data/kept.h"
#include "step/chain.h"
#include "step/keyed.h"
#include "step/prog.h"

struct dedup {
	struct step step;
	struct keyed keyed;
	struct prog prog; /* of --changed */
	struct kept *last; /* of --changed, by group */
	uint32_t n; /* groups */
	size_t cap_last;
	uint32_t *sel;
	size_t cap_sel;
	struct batch out;
};

static int
plan_dedup(struct step *s, struct schema *schema)
{
	struct dedup *d = (struct dedup *)s;

	d->keyed.keep_us = s->opts.within_us;
	if (s->opts.within_us < 0 && s->chain->st->in.endless)
		return step_fail(s, TOOL_USAGE,
		    "the input has no end, so keys must be forgotten some "
		    "time; write --within D, such as --within 10m");
	if (keyed_plan(&d->keyed, s, schema, s->source) == -1)
		return -1;
	if (d->keyed.exprs.n == 0)
		return step_fail(s, TOOL_USAGE, "which keys?");
	return 0;
}

static int
plan_changed(struct step *s, struct schema *schema)
{
	struct dedup *d = (struct dedup *)s;

	d->keyed.keep_us = s->opts.ttl_us > 0 ? s->opts.ttl_us : -1;
	d->keyed.extend = true;
	s->chain->keys_used = true;
	if (keyed_plan(&d->keyed, s, schema, s->opts.keys) == -1)
		return -1;
	return prog_plan(&d->prog, s, schema, true);
}

/* Pass the rows d->sel[0..n). */
static int
pass(struct dedup *d, const struct batch *b, uint32_t n, bool more)
{
	if (n == b->n_rows)
		return step_pass(&d->step, b, more);
	step_filtered(&d->step, b->n_rows - n);
	batch_gather(&d->out, b, d->sel, n);
	return step_pass(&d->step, &d->out, more);
}

static int
rows_dedup(struct step *s, const struct batch *b, bool more)
{
	struct dedup *d = (struct dedup *)s;
	uint32_t n = 0, n_keys;

	if (keyed_rows(&d->keyed, s, b) == -1)
		return -1;
	d->sel = mem_grow(d->sel, &d->cap_sel, b->n_rows, sizeof(*d->sel));
	for (uint32_t r = 0; r < b->n_rows; r++) {
		d->sel[n] = r;
		n += d->keyed.begins[r];
	}
	keyed_purge(&d->keyed, &n_keys, s->chain->st->now.watermark);
	return pass(d, b, n, more);
}

static void
grow(struct dedup *d)
{
	if (d->keyed.n <= d->n)
		return;
	d->last = mem_grow(d->last, &d->cap_last, d->keyed.n, sizeof(*d->last));
	memset(d->last + d->n, 0, (d->keyed.n - d->n) * sizeof(*d->last));
	d->n = d->keyed.n;
}

static void
purge(struct dedup *d)
{
	uint32_t n, at = 0;
	const uint32_t *keep =
	    keyed_purge(&d->keyed, &n, d->step.chain->st->now.watermark);

	if (keep == NULL)
		return;
	for (uint32_t g = 0; g < d->n; g++) {
		if (at < n && keep[at] == g)
			d->last[at++] = d->last[g];
		else
			free(d->last[g].p);
	}
	d->n = at;
}

static int
rows_changed(struct step *s, const struct batch *b, bool more)
{
	struct dedup *d = (struct dedup *)s;
	const struct batch *in = b;
	struct expr_error err;
	struct col c;
	uint32_t n = 0;

	if (keyed_rows(&d->keyed, s, b) == -1
	    || prog_rows(&d->prog, s, &in) == -1)
		return -1;
	grow(d);
	batch_reset(&d->out, 0);
	if (expr_eval(d->prog.list.items.items[0].expr, &c, &err, &d->out.arena,
		&s->chain->env, in)
	    == -1)
		return step_fail_run(s, &err, b);
	d->sel = mem_grow(d->sel, &d->cap_sel, b->n_rows, sizeof(*d->sel));
	for (uint32_t r = 0; r < b->n_rows; r++) {
		struct kept *k = &d->last[d->keyed.group[r]];
		bool same = !d->keyed.begins[r] && kept_same(k, &c, r);

		d->sel[n] = r;
		n += !same;
		if (!same)
			kept_set(k, &c, r);
	}
	purge(d);
	return pass(d, b, n, more);
}

static void
save_dedup(const struct step *s, struct buf *out)
{
	keyed_save(&((const struct dedup *)s)->keyed, out);
}

static int
load_dedup(struct step *s, struct cur *in)
{
	return keyed_load(&((struct dedup *)s)->keyed, in);
}

static void
save_changed(const struct step *s, struct buf *out)
{
	const struct dedup *d = (const struct dedup *)s;

	keyed_save(&d->keyed, out);
	prog_save(&d->prog, out);
	buf_put_int(out, d->n, 4);
	for (uint32_t g = 0; g < d->n; g++)
		kept_put(&d->last[g], out);
}

static int
load_changed(struct step *s, struct cur *in)
{
	struct dedup *d = (struct dedup *)s;

	if (keyed_load(&d->keyed, in) == -1 || prog_load(&d->prog, in) == -1
	    || cur_get_int(in, 4) != d->keyed.n)
		return -1;
	grow(d);
	for (uint32_t g = 0; g < d->n; g++)
		if (kept_get(&d->last[g], in) == -1)
			return -1;
	return 0;
}

static void
release(struct step *s)
{
	struct dedup *d = (struct dedup *)s;

	keyed_release(&d->keyed);
	prog_release(&d->prog);
	for (uint32_t g = 0; g < d->n; g++)
		free(d->last[g].p);
	free(d->last);
	free(d->sel);
	batch_release(&d->out);
}

const struct step_kind dedup_step = {
    .opt = "--dedup",
    .size = sizeof(struct dedup),
    .cls = CLASS_STATEFUL,
    .plan = plan_dedup,
    .rows = rows_dedup,
    .release = release,
    .save = save_dedup,
    .load = load_dedup,
};

const struct step_kind dedup_changed = {
    .opt = "--changed",
    .size = sizeof(struct dedup),
    .cls = CLASS_STATEFUL,
    .plan = plan_changed,
    .rows = rows_changed,
    .release = release,
    .save = save_changed,
    .load = load_changed,
};
