/* SPDX-License-Identifier: ISC */
/* The key of each row, and which keys have been forgotten. */
#include "step/keyed.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "step/chain.h"
#include "window/packed.h"
#include "window/pane.h"

#define PURGE_MIN 1024 /* groups that are never looked through */
#define DAY_US (INT64_C(86400) * TIME_US)

/* a - b, or the least time there is. */
static int64_t
less(int64_t a, int64_t b)
{
	int64_t v;

	return num_sub(&v, a, b) ? v : TIME_NONE;
}

/*
 * How far behind the watermark the event time of a row may be: its pane has
 * not ended.
 */
static int64_t
slack(const struct window_spec *w)
{
	static const int64_t days[] = {[UNIT_DAY] = 2,
	    [UNIT_WEEK] = 8,
	    [UNIT_MONTH] = 32,
	    [UNIT_YEAR] = 367};
	int64_t v;

	if (w->kind == WINDOW_CIVIL)
		return num_mul(&v, days[w->unit] * DAY_US, w->size) ? v
								    : INT64_MAX;
	return w->kind == WINDOW_NONE || w->kind == WINDOW_SESSION ? 0
								   : w->size;
}

static int
plan_keys(struct keyed *k, struct step *s, const struct schema *schema,
    const char *keys)
{
	struct expr_error err;
	enum type *types;

	if (keys != NULL && *keys != '\0'
	    && expr_compile_list(&k->exprs, &err, schema, keys) == -1)
		return step_fail_compile(s, &err, keys);
	types = mem_zero(k->exprs.n, sizeof(*types));
	for (size_t i = 0; i < k->exprs.n; i++) {
		if (k->exprs.items[i].star) {
			free(types);
			return step_fail(
			    s, TOOL_USAGE, "keys are expressions, not *");
		}
		types[i] = expr_type(k->exprs.items[i].expr);
	}
	keys_init(&k->keys, types, k->exprs.n);
	free(types);
	return 0;
}

int
keyed_plan(struct keyed *k, struct step *s, const struct schema *schema,
    const char *keys)
{
	const struct head *in = &s->chain->st->in;

	k->time_col = schema->time_col;
	k->time_off = schema->time_off;
	k->timed = schema->time_col != -1;
	k->by_mark = in->windowed && in->window.kind != WINDOW_ROWS;
	k->slack_us = slack(&in->window);
	k->clock_us = TIME_NONE;
	k->purge_at = PURGE_MIN;
	if (plan_keys(k, s, schema, keys) == -1)
		return -1;
	if (k->keep_us >= 0 && !k->timed)
		return step_fail(s, TOOL_USAGE,
		    "keys are forgotten by event time, and the stream has "
		    "none; write sbatch -t COL");
	return 0;
}

void
keyed_release(struct keyed *k)
{
	expr_list_release(&k->exprs);
	keys_release(&k->keys);
	free(k->group);
	free(k->begins);
	free(k->times);
	free(k->last_us);
	free(k->known);
	free(k->keep);
	arena_release(&k->arena);
}

static int
find_groups(struct keyed *k, struct step *s, const struct batch *b)
{
	struct col *cols = arena_alloc(&k->arena, k->exprs.n * sizeof(*cols));
	struct expr_error err;
	struct keys_rows rows;

	if (k->exprs.n == 0) {
		memset(k->group, 0, b->n_rows * sizeof(*k->group));
		k->n = 1;
		return 0;
	}
	for (size_t i = 0; i < k->exprs.n; i++) {
		if (expr_eval(k->exprs.items[i].expr, &cols[i], &err, &k->arena,
			&s->chain->env, b)
		    == -1)
			return step_fail_run(s, &err, b);
	}
	keys_prepare(&rows, cols, k->exprs.n, b->n_rows, &k->arena);
	rows.order = k->order;
	k->order += b->n_rows;
	keys_find(&k->keys, k->group, &rows, NULL, b->n_rows);
	k->n = k->keys.map.n;
	for (size_t c = 0; c < k->exprs.n; c++) {
		if (type_is_bytes(k->keys.cols[c].type)
		    && k->keys.cols[c].bytes_len >= PANE_MAX_BYTES)
			return step_fail(
			    s, TOOL_DATA, "the keys take more than 2 GiB");
	}
	return 0;
}

/* The event times of the rows; the clock runs with them. */
static void
find_times(struct keyed *k, const struct batch *b)
{
	struct col plain;
	int64_t clock = k->clock_us;

	col_flatten(&plain, &k->arena, &b->cols[k->time_col]);
	for (uint32_t r = 0; r < b->n_rows; r++) {
		int64_t t = clock;

		if (col_is_valid(&plain, r)
		    && !num_add(&t, plain.i[r], k->time_off))
			t = plain.i[r];
		k->times[r] = t;
		if (t > clock)
			clock = t;
	}
}

/* Which rows begin a key, or begin it again. */
static void
find_begins(struct keyed *k, uint32_t n)
{
	for (uint32_t r = 0; r < n; r++) {
		uint32_t g = k->group[r];
		int64_t t = k->timed ? k->times[r] : 0;
		int64_t now = k->by_mark ? t : 0;

		if (t > k->clock_us)
			k->clock_us = t;
		if (!k->by_mark)
			now = k->clock_us;
		k->begins[r] = !k->known[g]
			       || (k->keep_us >= 0
				   && k->last_us[g] < less(now, k->keep_us));
		if (k->begins[r] || (k->extend && t > k->last_us[g]))
			k->last_us[g] = t;
		k->known[g] = true;
	}
}

int
keyed_rows(struct keyed *k, struct step *s, const struct batch *b)
{
	uint32_t before = k->n, n = b->n_rows;

	arena_reset(&k->arena);
	k->group = mem_grow(k->group, &k->cap_group, n, sizeof(*k->group));
	k->begins = mem_grow(k->begins, &k->cap_begins, n, sizeof(*k->begins));
	k->times = mem_grow(k->times, &k->cap_times, n, sizeof(*k->times));
	if (n == 0)
		return 0;
	if (find_groups(k, s, b) == -1)
		return -1;
	k->last_us =
	    mem_grow(k->last_us, &k->cap_last, k->n, sizeof(*k->last_us));
	k->known = mem_grow(k->known, &k->cap_known, k->n, sizeof(*k->known));
	memset(k->known + before, 0, (k->n - before) * sizeof(*k->known));
	if (k->timed)
		find_times(k, b);
	find_begins(k, n);
	return 0;
}

const uint32_t *
keyed_purge(struct keyed *k, uint32_t *n, int64_t watermark)
{
	int64_t until =
	    less(k->by_mark ? less(watermark, k->slack_us) : k->clock_us,
		k->keep_us < 0 ? 0 : k->keep_us);

	if (k->keep_us < 0 || k->exprs.n == 0 || k->n < k->purge_at)
		return NULL;
	k->keep = mem_grow(k->keep, &k->cap_keep, k->n, sizeof(*k->keep));
	*n = 0;
	for (uint32_t g = 0; g < k->n; g++) {
		if (k->last_us[g] < until)
			continue;
		k->last_us[*n] = k->last_us[g];
		k->known[*n] = k->known[g];
		k->keep[(*n)++] = g;
	}
	keys_keep(&k->keys, k->keep, *n);
	k->n = *n;
	k->purge_at = *n < PURGE_MIN / 2 ? PURGE_MIN : 2 * *n;
	return k->keep;
}

void
keyed_save(const struct keyed *k, struct buf *out)
{
	buf_put_int(out, k->n, 4);
	buf_put_int(out, (uint64_t)k->clock_us, 8);
	buf_put_int(out, k->order, 8);
	buf_put_int(out, k->purge_at, 4);
	packed_put_keys(out, &k->keys);
	packed_put_ints(out, k->last_us, k->n);
	for (uint32_t g = 0; g < k->n; g++)
		buf_put_int(out, k->known[g], 1);
}

int
keyed_load(struct keyed *k, struct cur *in)
{
	uint32_t n = (uint32_t)cur_get_int(in, 4);

	k->clock_us = (int64_t)cur_get_int(in, 8);
	k->order = cur_get_int(in, 8);
	k->purge_at = (uint32_t)cur_get_int(in, 4);
	if (in->left < n || packed_get_keys(&k->keys, in) == -1
	    || n != (k->exprs.n == 0 ? n : k->keys.map.n))
		return -1;
	k->n = n;
	k->last_us = mem_grow(k->last_us, &k->cap_last, n, sizeof(*k->last_us));
	k->known = mem_grow(k->known, &k->cap_known, n, sizeof(*k->known));
	if (packed_get_ints(k->last_us, n, in) == -1)
		return -1;
	for (uint32_t g = 0; g < n; g++)
		k->known[g] = cur_get_int(in, 1) != 0;
	return in->failed ? -1 : 0;
}
