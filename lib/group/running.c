/* SPDX-License-Identifier: ISC */
/* One state for all batches: --running, --ttl.  sreduce(1). */
#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "group/group_int.h"
#include "window/packed.h"
#include "window/panepack.h"

#define PURGE_MIN 1024 /* forgotten groups that need not be thrown out */

/* By what --ttl knows how late it is. */
enum clock { CLOCK_WATERMARK, CLOCK_ROWS, CLOCK_BATCH };

/* Of a group. */
enum flag {
	DEAD = 1, /* it is forgotten, its states are empty; a row revives it */
	SENT = 2 /* --emit update: there was a put */
};

/*
 * What is kept from batch to batch.  By group of table: seen_us, when its last
 * row was, and flags.
 */
struct running {
	struct pane *table;
	enum clock clock;
	int64_t clock_us; /* greatest time of a row so far, or TIME_NONE */
	int64_t *seen_us;
	uint8_t *flags;
	size_t cap_seen, cap_flags;
	uint32_t n; /* groups for which both are set */
	uint32_t n_dead;
	uint64_t since; /* rows before it have been answered */
	bool begun; /* there was an answer */
	bool ended; /* the last one has been given */
	uint32_t *changed; /* scratch */
	uint32_t *gone;
	size_t cap_changed, cap_gone;
};

static int
plan(struct stage *st, struct group *g)
{
	struct running *r = mem_zero(1, sizeof(*r));

	g->way_state = r;
	g->query.plan.track = true;
	r->table = pane_new(&g->query.plan);
	r->clock = g->in.time_col == -1 ? CLOCK_BATCH
		   : st->in.windowed    ? CLOCK_WATERMARK
					: CLOCK_ROWS;
	r->clock_us = TIME_NONE;
	return 0;
}

static void
release(struct group *g)
{
	struct running *r = g->way_state;

	if (r == NULL)
		return;
	pane_free(r->table);
	free(r->seen_us);
	free(r->flags);
	free(r->changed);
	free(r->gone);
	free(r);
}

/* Groups that are new have not been seen. */
static void
grow(struct running *r)
{
	uint32_t n = pane_n_groups(r->table);

	r->seen_us = mem_grow(r->seen_us, &r->cap_seen, n, sizeof(*r->seen_us));
	r->flags = mem_grow(r->flags, &r->cap_flags, n, sizeof(*r->flags));
	for (; r->n < n; r->n++) {
		r->seen_us[r->n] = TIME_NONE;
		r->flags[r->n] = 0;
	}
}

/* The groups of the rows are alive. */
static void
touch(struct running *r, const struct group *g, const struct group_rows *rows,
    const struct frame *f, uint32_t n)
{
	const uint32_t *group = g->query.keys.n > 0 ? rows->in.group : NULL;
	const int64_t *times = rows->rows.time_us;

	for (uint32_t row = 0; row < n; row++) {
		uint32_t at = group == NULL ? 0 : group[row];
		int64_t t = f->h.batch_us;

		r->n_dead -= (r->flags[at] & DEAD) != 0;
		r->flags[at] &= (uint8_t)~DEAD;
		if (r->clock != CLOCK_BATCH
		    && (times[row] == INT64_MIN
			|| !num_add(&t, times[row], g->in.time_off)))
			t = r->clock_us;
		if (t > r->seen_us[at])
			r->seen_us[at] = t;
		if (t > r->clock_us)
			r->clock_us = t;
	}
}

static int
add(struct stage *st, struct group *g, const struct frame *f, struct batch *b)
{
	struct running *r = g->way_state;
	struct group_rows rows;
	const char *why = "";

	if (group_eval(st, g, f, b, &rows) == -1)
		return -1;
	if (pane_add(r->table, &why, &rows.in, NULL, b->n_rows) == -1)
		return stage_fail(st, TOOL_DATA, "%s", why);
	grow(r);
	if (g->fold != NULL
	    && fold_rows(g->fold, st, g, b,
		   g->query.keys.n > 0 ? rows.in.group : NULL, r->n)
		   == -1)
		return -1;
	touch(r, g, &rows, f, b->n_rows);
	return group_added(st, g, b->n_rows, r->n - r->n_dead);
}

/* Groups seen at or before this have been silent for too long. */
static int64_t
forget_until(
    const struct running *r, const struct stage *st, const struct group *g)
{
	int64_t ttl_us = g->opts->ttl_us;
	int64_t now = r->clock == CLOCK_WATERMARK ? st->now.watermark
		      : r->clock == CLOCK_BATCH   ? st->now.batch_us
						  : r->clock_us;
	int64_t until;

	return ttl_us > 0 && now != TIME_NONE && num_sub(&until, now, ttl_us)
		   ? until
		   : TIME_NONE;
}

/* Forget a group: its states begin anew. */
static void
forget(struct running *r, uint32_t group)
{
	for (size_t i = 0; i < r->table->plan->n_states; i++)
		agg_clear(&r->table->sets[i], group);
	r->flags[group] = DEAD;
	r->n_dead++;
	r->seen_us[group] = TIME_NONE;
}

/* Throw the forgotten groups out when they are most of all. */
static void
purge(struct running *r, struct group *g)
{
	uint32_t kept = 0;

	if (r->n_dead < PURGE_MIN || r->n_dead < r->n / 2)
		return;
	for (uint32_t i = 0; i < r->n; i++) {
		if ((r->flags[i] & DEAD) != 0)
			continue;
		r->seen_us[kept] = r->seen_us[i];
		r->flags[kept] = r->flags[i];
		r->changed[kept++] = i;
	}
	pane_keep(r->table, r->changed, kept);
	if (g->fold != NULL)
		fold_keep(g->fold, r->changed, kept);
	r->n = kept;
	r->n_dead = 0;
}

/* What is of no use any more, once all that waited has gone out. */
static void
give_back(struct running *r, struct group *g)
{
	purge(r, g);
	if (g->update.on)
		update_forget(&g->update, -1, 0);
}

/* Whether a group that lives is part of the answer. */
static bool
wanted(const struct running *r, const struct group *g, uint32_t group)
{
	if (g->emit != GROUP_UPDATE)
		return true;
	/* The one group without keys is there before its first row. */
	if (g->order == 0)
		return !r->begun;
	return r->table->last[group] >= r->since;
}

/* What changed into the results that wait, when an answer is due. */
static int
collect(struct stage *st, struct group *g, uint32_t n, uint32_t n_gone)
{
	struct running *r = g->way_state;
	struct reduce_window w = {.table = r->table};
	uint32_t n_sent = 0;

	if (group_collect(st, g, &w, r->changed, n) == -1)
		return -1;
	for (uint32_t i = 0; i < n; i++)
		r->flags[r->changed[i]] |= SENT;
	for (uint32_t i = 0; i < n_gone; i++)
		if ((r->flags[r->gone[i]] & SENT) != 0)
			r->changed[n_sent++] = r->gone[i];
	if (g->update.on)
		group_collect_gone(g, &w, r->changed, n_sent);
	r->since = g->order;
	r->begun = true;
	return 0;
}

/* Forget what is too old, and answer with what is left if that is due. */
static int
sweep(struct stage *st, struct group *g, bool due, int64_t until)
{
	struct running *r = g->way_state;
	uint32_t n = 0, n_gone = 0;

	grow(r);
	if (g->fold != NULL && fold_grow(g->fold, st, r->n) == -1)
		return -1;
	r->changed =
	    mem_grow(r->changed, &r->cap_changed, r->n, sizeof(*r->changed));
	r->gone = mem_grow(r->gone, &r->cap_gone, r->n, sizeof(*r->gone));
	for (uint32_t i = 0; i < r->n; i++) {
		if ((r->flags[i] & DEAD) != 0)
			continue;
		if (until != TIME_NONE && r->seen_us[i] <= until)
			r->gone[n_gone++] = i;
		else if (wanted(r, g, i))
			r->changed[n++] = i;
	}
	if (due && collect(st, g, n, n_gone) == -1)
		return -1;
	for (uint32_t i = 0; i < n_gone; i++)
		forget(r, r->gone[i]);
	return g->fold != NULL ? fold_begin(g->fold, st, r->gone, n_gone) : 0;
}

static int
rows(struct stage *st, struct group *g, const struct frame *f, struct batch *b)
{
	struct running *r = g->way_state;
	bool last = (f->h.flags & FRAME_LAST) != 0;

	if (b->n_rows > 0 && r->ended)
		return stage_fail(
		    st, TOOL_DATA, "rows came after the end of the data");
	if (group_add_early(st, g, f, b) == -1)
		return -1;
	if (!last)
		return 0;
	if (sweep(st, g, g->emit != GROUP_FINAL, forget_until(r, st, g)) == -1)
		return -1;
	if (group_flush(st, g, st->now.watermark, true) == -1)
		return -1;
	give_back(r, g);
	return 0;
}

static int
early(struct stage *st, struct group *g)
{
	struct running *r = g->way_state;
	/* The watermark is of the whole frame, and this is inside of it. */
	int64_t until =
	    r->clock == CLOCK_WATERMARK ? TIME_NONE : forget_until(r, st, g);

	if (sweep(st, g, true, until) == -1)
		return -1;
	if (group_n_waiting(g) > 0
	    && group_flush(st, g, st->watermark, false) == -1)
		return -1;
	give_back(r, g);
	return 0;
}

/* The one final answer comes before the end of the data is passed on. */
static int
mark(struct stage *st, struct group *g, const struct frame *f, bool eof)
{
	struct running *r = g->way_state;

	(void)f;
	if (!eof || g->emit != GROUP_FINAL)
		return 0;
	r->ended = true;
	return sweep(st, g, true, forget_until(r, st, g)) == -1
		   ? -1
		   : group_flush(st, g, st->now.watermark, false);
}

/*
 * That the last answer has been given is not part of it: should a later start
 * find more rows, they are counted in, and answered once more.
 */
static void
save(struct group *g, struct buf *out)
{
	struct running *r = g->way_state;

	panepack_put(out, &r->table, 1);
	buf_put_int(out, (uint64_t)r->clock_us, 8);
	buf_put_int(out, r->since, 8);
	buf_put_int(out, r->begun, 1);
	/* The one group without keys may not have been seen. */
	buf_put_int(out, r->n, 4);
	packed_put_ints(out, r->seen_us, r->n);
	buf_put(out, r->flags, r->n);
	if (g->fold != NULL)
		fold_save(g->fold, out);
}

static int
load_flags(struct running *r, struct cur *in)
{
	const uint8_t *flags = cur_get(in, r->n);

	if (flags == NULL)
		return -1;
	for (uint32_t i = 0; i < r->n; i++) {
		if ((flags[i] & ~(DEAD | SENT)) != 0)
			return -1;
		r->flags[i] = flags[i];
		r->n_dead += (flags[i] & DEAD) != 0;
	}
	return 0;
}

static int
load(struct stage *st, struct group *g, struct cur *in)
{
	struct running *r = g->way_state;
	uint64_t n;

	if (panepack_get(&r->table, 1, in) == -1)
		return -1;
	r->clock_us = (int64_t)cur_get_int(in, 8);
	r->since = cur_get_int(in, 8);
	r->begun = cur_get_int(in, 1) != 0;
	n = cur_get_int(in, 4);
	if (n > 0)
		grow(r);
	if (n != r->n || packed_get_ints(r->seen_us, r->n, in) == -1
	    || load_flags(r, in) == -1)
		return -1;
	if (g->fold == NULL)
		return 0;
	return fold_grow(g->fold, st, r->n) == -1 ? -1 : fold_load(g->fold, in);
}

const struct group_way group_running = {
    .cls = CLASS_STATEFUL,
    .plan = plan,
    .rows = rows,
    .mark = mark,
    .add = add,
    .early = early,
    .save = save,
    .load = load,
    .release = release,
};
