/* SPDX-License-Identifier: ISC */
/* Stamp the rows of a frame with their panes. */
#include "window/stamp.h"

#include "base/num.h"
#include "base/time.h"

void
stamp_init(struct stamp *s, const struct window_spec *w,
    const struct zone *zone, int64_t late)
{
	*s = (struct stamp){.by = w->kind == WINDOW_NONE      ? STAMP_NOTHING
				  : w->kind == WINDOW_SESSION ? STAMP_INSTANT
				  : w->kind == WINDOW_ROWS    ? STAMP_NUMBER
							      : STAMP_PANE,
	    .size = w->size,
	    .limit_us = INT64_MAX,
	    .mark = TIME_NONE,
	    .least = TIME_NONE,
	    .end_us = TIME_NONE,
	    .pane = 1,
	    .pane_end = 0};
	marks_init(&s->marks, late);
	if (s->by == STAMP_PANE)
		grid_init(&s->grid, w, zone);
}

void
stamp_release(struct stamp *s)
{
	marks_release(&s->marks);
}

/* Whether a session with that row keeps away from the ends of int64. */
static bool
has_room(int64_t t, int64_t gap)
{
	return t >= INT64_MIN / 2 && t <= INT64_MAX / 2 && gap <= INT64_MAX / 4;
}

/* Move s->pane to the pane of t.  false: out of range. */
static bool
find_pane(struct stamp *s, int64_t t)
{
	if (t >= s->pane && t < s->pane_end)
		return true;
	if (s->by != STAMP_PANE) {
		s->pane = s->pane_end = t;
		return (s->by != STAMP_INSTANT || has_room(t, s->size))
		       && num_add(&s->pane_end, t, 1);
	}
	if (grid_pane(&s->grid, &s->pane, &s->pane_end, t))
		return true;
	s->pane_end = s->pane; /* an empty pane matches nothing */
	return false;
}

/* Note that the current pane holds a row.  false: no window covers it. */
static bool
note_pane(struct stamp *s)
{
	int64_t first, end = s->pane_end;

	if (s->by == STAMP_INSTANT)
		end = s->pane + s->size;
	if (s->by == STAMP_PANE
	    && !grid_ends(&s->grid, &first, &end, s->pane, s->pane_end))
		return false;
	if (end > s->end_us)
		s->end_us = end;
	return true;
}

/* The least and greatest of n times, n > 0. */
static void
range(int64_t *low, int64_t *high, const int64_t *t, uint32_t n)
{
	int64_t lo = t[0], hi = t[0];

	for (uint32_t r = 1; r < n; r++) {
		lo = t[r] < lo ? t[r] : lo;
		hi = t[r] > hi ? t[r] : hi;
	}
	*low = lo;
	*high = hi;
}

static struct col
constant(struct arena *a, enum type type, int64_t v, uint32_t n)
{
	int64_t *entry = arena_alloc(a, sizeof(*entry));

	*entry = v;
	return (struct col){
	    .type = type, .enc = COL_CONST, .n = n, .n_entries = 1, .i = entry};
}

/* The panes of the rows that stay, by their numbers. */
static void
number(struct stamp *s, struct stamped *out, struct arena *a)
{
	uint32_t n = out->n_kept;
	int64_t first = s->n_rows / s->size;
	int64_t *panes;

	s->n_rows += n;
	if (n == 0 || (s->n_rows - 1) / s->size == first) {
		out->panes = constant(a, TYPE_INT, first, n);
		return;
	}
	panes = arena_alloc(a, (size_t)n * sizeof(*panes));
	for (uint32_t r = 0; r < n; r++)
		panes[r] = (s->n_rows - n + r) / s->size;
	out->panes = (struct col){.type = TYPE_INT,
	    .enc = COL_PLAIN,
	    .n = n,
	    .n_entries = n,
	    .i = panes};
}

void
stamp_numbers(struct stamp *s, struct stamped *out, struct arena *a, uint32_t n)
{
	*out = (struct stamped){.n_kept = n};
	number(s, out, a);
}

/* Whether a row in the current pane would be late by that watermark. */
static bool
is_late(const struct stamp *s, int64_t mark)
{
	if (s->wait_eof || mark < s->least)
		mark = s->least;
	return s->by != STAMP_NUMBER && s->pane_end <= mark;
}

/*
 * The usual frame: one part, no nulls, nothing late however the rows are
 * ordered, all in one pane.  Two passes over the times tell.
 */
static bool
stamp_quickly(struct stamp *s, struct stamped *out, struct arena *a,
    const struct col *times, int64_t off, struct mark_part *p)
{
	struct mark_part after = *p;
	int64_t low, high;

	if (times->valid != NULL)
		return false;
	range(&low, &high, times->i, times->n);
	if (!num_add(&low, low, off) || !num_add(&high, high, off)
	    || low == TIME_NONE || high > s->limit_us || !find_pane(s, low)
	    || (s->by == STAMP_INSTANT
		    ? off != 0
		    : s->by == STAMP_PANE && high >= s->pane_end))
		return false;
	if (high > after.max_us)
		after.max_us = high;
	if (is_late(s, s->chained ? s->mark : marks_of(&s->marks, &after))
	    || !find_pane(s, high) || !note_pane(s))
		return false;
	*p = after;
	out->n_kept = times->n;
	if (s->by == STAMP_INSTANT)
		out->panes = *times;
	else if (s->by == STAMP_NUMBER)
		number(s, out, a);
	else
		out->panes = constant(a, TYPE_TIME, s->pane, times->n);
	return true;
}

/* By how much more disorder a row at t would be no longer late. */
static void
note_late(struct stamp *s, int64_t mark, int64_t t)
{
	int64_t by;

	if (num_add(&mark, mark, s->marks.late) && num_sub(&by, mark, t)
	    && by > s->worst_us)
		s->worst_us = by;
}

static void
set_aside(struct stamp *s, struct stamped *out, int64_t t)
{
	int64_t ahead;

	out->n_invalid++;
	s->n_future++;
	if (num_sub(&ahead, t, s->limit_us) && ahead > s->ahead_us)
		s->ahead_us = ahead;
}

static void
keep(struct stamped *out, int64_t *panes, uint32_t r, int64_t pane)
{
	panes[out->n_kept] = pane;
	out->kept[out->n_kept++] = r;
}

/* Windows of rows take what has no event time, too. */
static void
keep_timeless(
    const struct stamp *s, struct stamped *out, int64_t *panes, uint32_t r)
{
	if (s->by == STAMP_NUMBER)
		keep(out, panes, r, 0);
	else
		out->n_invalid++;
}

/* Put row r at time t of part p where it belongs. */
static void
stamp_row(struct stamp *s, struct stamped *out, int64_t *panes, uint32_t r,
    int64_t t, struct mark_part *p)
{
	int64_t mark = s->chained ? s->mark : marks_of(&s->marks, p);

	if (t > s->limit_us) {
		set_aside(s, out, t);
	} else if (!find_pane(s, t)) {
		keep_timeless(s, out, panes, r);
	} else if (is_late(s, mark)) {
		out->late[out->n_late++] = r;
		note_late(s, mark > s->least ? mark : s->least, t);
	} else {
		if (t > p->max_us)
			p->max_us = t;
		if (note_pane(s))
			keep(out, panes, r, s->pane);
		else
			out->n_gap++;
	}
}

/* One by one.  p: the part of all, or NULL; -1 when parts are too many. */
static int
stamp_each(struct stamp *s, struct stamped *out, struct arena *a,
    const struct col *t, int64_t off, const struct col *parts,
    struct mark_part *p)
{
	uint32_t n = t->n;
	int64_t *panes = arena_alloc(a, (size_t)n * sizeof(*panes)), at;

	out->kept = arena_alloc(a, (size_t)n * sizeof(*out->kept));
	out->late = arena_alloc(a, (size_t)n * sizeof(*out->late));
	for (uint32_t r = 0; r < n; r++) {
		if (parts != NULL) {
			p = marks_part(
			    &s->marks, (uint32_t)parts->i[col_entry(parts, r)]);
			if (p == NULL)
				return -1;
			marks_hear(&s->marks, p);
		}
		if (col_is_valid(t, r) && num_add(&at, t->i[r], off)
		    && at != TIME_NONE)
			stamp_row(s, out, panes, r, at, p);
		else
			keep_timeless(s, out, panes, r);
	}
	out->panes = (struct col){.type = TYPE_TIME,
	    .enc = COL_PLAIN,
	    .n = out->n_kept,
	    .n_entries = out->n_kept,
	    .i = panes};
	if (s->by == STAMP_NUMBER)
		number(s, out, a);
	if (out->n_kept == n)
		out->kept = NULL;
	return 0;
}

int
stamp_rows(struct stamp *s, struct stamped *out, struct arena *a,
    const struct col *times, int64_t off, const struct col *parts,
    uint32_t part)
{
	struct mark_part *p = NULL;
	struct col t;

	*out = (struct stamped){.n_kept = 0};
	/* A frame without rows, such as the last of a batch, is of no part. */
	if (times->n == 0) {
		out->panes = constant(
		    a, s->by == STAMP_NUMBER ? TYPE_INT : TYPE_TIME, 0, 0);
		return 0;
	}
	col_flatten(&t, a, times);
	if (parts == NULL) {
		p = marks_part(&s->marks, part);
		if (p == NULL)
			return -1;
		marks_hear(&s->marks, p);
		if (stamp_quickly(s, out, a, &t, off, p))
			return 0;
	}
	return stamp_each(s, out, a, &t, off, parts, p);
}

void
stamp_heard(struct stamp *s, int64_t watermark)
{
	if (s->chained && watermark != TIME_NONE
	    && !num_sub(&s->mark, watermark, s->marks.late))
		s->mark = TIME_NONE;
}

int64_t
stamp_mark(struct stamp *s)
{
	int64_t mark = s->chained ? s->mark : marks_combine(&s->marks);

	if (s->wait_eof)
		mark = TIME_NONE;
	return mark > s->least ? mark : s->least;
}

int64_t
stamp_mark_eof(struct stamp *s)
{
	s->least = stamp_mark(s);
	if (s->end_us > s->least)
		s->least = s->end_us;
	if (s->by == STAMP_NUMBER && s->n_rows % s->size > 0
	    && s->n_rows <= INT64_MAX - s->size)
		s->n_rows += s->size - s->n_rows % s->size;
	return s->least;
}

int64_t
stamp_settled(const struct stamp *s, int64_t mark)
{
	int64_t start, end;

	if (s->by != STAMP_PANE || mark == TIME_NONE
	    || !grid_pane(&s->grid, &start, &end, mark))
		return mark;
	return start;
}

void
stamp_save(const struct stamp *s, struct buf *out)
{
	const int64_t v[] = {s->n_rows, s->mark, s->least, s->end_us,
	    s->worst_us, (int64_t)s->n_future, s->ahead_us};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		buf_put_int(out, (uint64_t)v[i], 8);
	marks_save(&s->marks, out);
}

int
stamp_load(struct stamp *s, struct cur *in)
{
	s->n_rows = (int64_t)cur_get_int(in, 8);
	s->mark = (int64_t)cur_get_int(in, 8);
	s->least = (int64_t)cur_get_int(in, 8);
	s->end_us = (int64_t)cur_get_int(in, 8);
	s->worst_us = (int64_t)cur_get_int(in, 8);
	s->n_future = cur_get_int(in, 8);
	s->ahead_us = (int64_t)cur_get_int(in, 8);
	return s->n_rows < 0 || s->n_rows > INT64_MAX / 2
		   ? -1
		   : marks_load(&s->marks, in);
}
