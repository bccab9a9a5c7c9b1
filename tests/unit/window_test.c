/* SPDX-License-Identifier: ISC */
/* Panes, windows and lateness against their definitions. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "check.h"
#include "window/spec.h"
#include "window/stamp.h"

static uint64_t state = 7;

static uint32_t
below(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((state >> 33) % n);
}

static void
make_spec(struct window_spec *w, const char *text, int64_t origin)
{
	const struct spec_opts o = {.tz = "", .keys = "", .origin = origin};
	char why[300];

	*w = (struct window_spec){.kind = WINDOW_NONE};
	CHECK(spec_parse(w, why, sizeof(why), text, &o) == 0);
}

static void
test_spec(void)
{
	static const char *const bad[] = {"1", "x", "0s", "5m/", "5m/0s", "/1s",
	    "1m/10s/2s", "-1m", "session:1m", "session:1m/2m", "rows:0",
	    "rows:x", "cumulate:1h/7m", "cumulate:1h", "0d", "99999y"};
	const struct spec_opts plain = {.tz = "", .keys = ""};
	struct window_spec w;
	char why[300] = "";

	make_spec(&w, "1m", 5);
	CHECK(w.kind == WINDOW_TUMBLING && w.size == 60 * TIME_US);
	CHECK(w.origin == 5 && strcmp(w.text, "1m") == 0);
	window_spec_release(&w);
	make_spec(&w, "5m/10s", 0);
	CHECK(w.kind == WINDOW_SLIDING && w.slide == 10 * TIME_US);
	window_spec_release(&w);
	make_spec(&w, "", 0);
	CHECK(w.kind == WINDOW_NONE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(spec_parse(&w, why, sizeof(why), bad[i], &plain) == -1);
		CHECK(strstr(why, bad[i]) != NULL);
	}
	window_spec_release(&w);
}

/* Every window that holds t, by trying all starts around it. */
static void
check_windows(const struct grid *g, int64_t t)
{
	bool cumulate = g->kind == WINDOW_CUMULATE, any;
	int64_t stride = cumulate ? g->size : g->slide;
	int64_t step = cumulate ? g->slide : g->size;
	int64_t pane, end, first = 0, last = 0, n = 0, lo = 0, hi = 0;

	CHECK(grid_pane(g, &pane, &end, t));
	CHECK(pane <= t && t < end && end == pane + g->pane);
	any = grid_ends(g, &first, &last, pane, end);
	for (int64_t k = -300; k <= 300; k++) {
		int64_t w = g->origin + k * stride;

		for (int64_t e = w + step; e <= w + g->size; e += step) {
			if (w > t || t >= e)
				continue;
			lo = n == 0 ? e : lo;
			hi = e;
			n++;
			/* A pane lies in a window as a whole. */
			CHECK(w <= pane && end <= e);
			CHECK(grid_start(g, e) == w);
		}
	}
	CHECK(any == (n > 0));
	if (any)
		CHECK(first == lo && last == hi
		      && (last - first) / g->slide + 1 == n);
	if (any && first < last)
		CHECK(grid_next(g, first) <= last);
}

static void
test_grid(void)
{
	struct window_spec w = {.kind = WINDOW_SLIDING};
	struct grid g;
	int64_t start, end;

	for (int i = 0; i < 2000; i++) {
		w.kind = i % 3 == 0 ? WINDOW_CUMULATE : WINDOW_SLIDING;
		w.slide = 1 + below(40);
		w.size = w.kind == WINDOW_CUMULATE ? w.slide * (1 + below(9))
						   : 1 + below(40);
		w.origin = (int64_t)below(100) - 50;
		grid_init(&g, &w, NULL);
		CHECK(g.size % g.pane == 0 && g.slide % g.pane == 0);
		check_windows(&g, (int64_t)below(200) - 100);
	}
	CHECK(!grid_pane(&g, &start, &end, INT64_MAX));
	CHECK(!grid_pane(&g, &start, &end, INT64_MIN));
}

/* Panes of a calendar tile the time line and begin where units do. */
static void
check_civil(const struct grid *g, int64_t t)
{
	int64_t start, end, other, first, last;
	struct civil c;

	CHECK(grid_pane(g, &start, &end, t));
	CHECK(start <= t && t < end);
	CHECK(grid_pane(g, &other, &last, end) && other == end);
	CHECK(grid_pane(g, &other, &last, start - 1) && last == start);
	CHECK(grid_ends(g, &first, &last, start, end));
	CHECK(first == end && last == end && grid_start(g, end) == start);
	zone_to_civil(&c, g->zone, start);
	/* Midnight, or the hour that follows one that was skipped. */
	CHECK(c.hour <= 1 && c.min == 0 && c.sec == 0 && c.us == 0);
	if (g->unit == UNIT_WEEK)
		CHECK(c.weekday == 0);
	if (g->unit == UNIT_MONTH || g->unit == UNIT_YEAR)
		CHECK(c.day == 1);
	if (g->unit == UNIT_YEAR)
		CHECK(c.month == 1 && num_floor_mod(c.year, g->size) == 0);
}

static void
test_civil(void)
{
	static const char *const names[] = {"UTC", "Europe/Paris",
	    "America/Havana", "America/Sao_Paulo", "Asia/Kolkata"};
	struct window_spec w = {.kind = WINDOW_CIVIL};
	struct grid g;
	char *why = NULL;

	for (size_t z = 0; z < sizeof(names) / sizeof(names[0]); z++) {
		struct zone *zone = zone_open(names[z], &why);

		CHECK(zone != NULL);
		for (int i = 0; i < 2000; i++) {
			w.unit = (enum window_unit)(1 + below(4));
			w.size = 1 + below(3);
			grid_init(&g, &w, zone);
			check_civil(&g, ((int64_t)below(4000000) - 1000000)
					    * 1000 * TIME_US);
		}
		zone_close(zone);
	}
}

/* What a row is, by the definition. */
enum fate { KEPT, LATE, GAP, NO_TIME };

struct model {
	int64_t max[4];
	bool seen[4];
};

static enum fate
fate_of(struct model *m, const struct grid *g, int64_t late, bool valid,
    int64_t t, uint32_t part)
{
	int64_t pane, end, a, b;
	bool is_late;

	if (!valid)
		return NO_TIME;
	pane = t - num_floor_mod(t - g->origin, g->pane);
	end = pane + g->pane;
	is_late = m->seen[part] && end <= m->max[part] - late;
	if (is_late)
		return LATE;
	if (!m->seen[part] || t > m->max[part])
		m->max[part] = t;
	m->seen[part] = true;
	return grid_ends(g, &a, &b, pane, end) ? KEPT : GAP;
}

/*
 * One random stream of parts 1..3, cut into frames at random; the fates must
 * be those of the definition, whatever the cut.
 */
static void
check_stream(struct stamp *s, const struct grid *g, int64_t late, bool mixed)
{
	struct model m = {.seen = {false}};
	struct arena a = {.blocks = NULL};
	int64_t base = 0;

	for (uint32_t p = 1; p <= 3; p++)
		marks_part(&s->marks, p);
	for (int frame = 0; frame < 20; frame++) {
		struct colbuf t, parts;
		struct col times, part_col;
		struct stamped out;
		uint32_t n = below(60), part = 1 + below(3), kept = 0;
		uint32_t n_late = 0, n_gap = 0, n_none = 0;

		colbuf_init(&t, TYPE_TIME);
		colbuf_init(&parts, TYPE_INT);
		for (uint32_t r = 0; r < n; r++) {
			base += below(3);
			colbuf_push_int(&parts, mixed ? 1 + below(3) : part);
			if (below(20) == 0)
				colbuf_push_null(&t);
			else
				colbuf_push_int(&t, base - below(30));
		}
		colbuf_view(&times, &t);
		colbuf_view(&part_col, &parts);
		CHECK(stamp_rows(s, &out, &a, &times, 0,
			  mixed ? &part_col : NULL, part)
		      == 0);
		for (uint32_t r = 0; r < n; r++) {
			enum fate f =
			    fate_of(&m, g, late, col_is_valid(&times, r),
				t.i[r], (uint32_t)parts.i[r]);

			if (f == KEPT) {
				uint32_t e = col_entry(&out.panes, kept);

				CHECK(out.kept == NULL || out.kept[kept] == r);
				CHECK(out.panes.i[e] <= t.i[r]
				      && t.i[r] < out.panes.i[e] + g->pane);
				kept++;
			} else if (f == LATE) {
				CHECK(out.late[n_late] == r);
				n_late++;
			}
			n_gap += f == GAP;
			n_none += f == NO_TIME;
		}
		CHECK(out.n_kept == kept && out.n_late == n_late);
		CHECK(out.n_gap == n_gap && out.n_invalid == n_none);
		colbuf_release(&t);
		colbuf_release(&parts);
		arena_reset(&a);
	}
	arena_release(&a);
}

static void
test_stamp(void)
{
	for (int i = 0; i < 600; i++) {
		struct window_spec w = {.kind = WINDOW_SLIDING};
		int64_t late = below(3) == 0 ? 0 : below(25);
		struct grid g;
		struct stamp s;

		w.size = 1 + below(30);
		w.slide = 1 + below(30);
		stamp_init(&s, &w, NULL, late);
		grid_init(&g, &w, NULL);
		check_stream(&s, &g, late, i % 2 == 0);
		stamp_release(&s);
	}
}

/* The combined watermark: the least of the open parts, never falling. */
static void
test_marks(void)
{
	struct marks m;
	struct mark_part *p;

	marks_init(&m, 10);
	marks_part(&m, 1)->max_us = 100;
	CHECK(marks_combine(&m) == 90);
	marks_part(&m, 2);
	CHECK(marks_combine(&m) == 90);
	marks_part(&m, 2)->max_us = 50;
	CHECK(marks_combine(&m) == 90);
	marks_part(&m, 1)->max_us = 300;
	marks_part(&m, 2)->max_us = 200;
	CHECK(marks_combine(&m) == 190);
	marks_close(&m, 2);
	CHECK(marks_combine(&m) == 290);
	/* A part that opens after the first row begins where all are. */
	m.started = true;
	p = marks_part(&m, 3);
	CHECK(marks_of(&m, p) == 290);
	p->max_us = 295;
	CHECK(marks_of(&m, p) == 290);
	marks_close(&m, 1);
	marks_close(&m, 3);
	CHECK(marks_combine(&m) == 290);
	marks_release(&m);
	marks_init(&m, 0);
	marks_part(&m, 1);
	marks_part(&m, 2)->max_us = 5;
	CHECK(marks_combine(&m) == TIME_NONE);
	marks_release(&m);
}

/* Times at the ends of the range: kept or invalid, counted once, no wrap. */
static void
test_ends(void)
{
	static const char *const specs[] = {"", "1m", "5m/7s", "7s/5m",
	    "cumulate:1h/1m", "1mo", "1y", "rows:3"};
	static const int64_t t[] = {INT64_MIN, INT64_MIN + 1, INT64_MIN / 2, -1,
	    0, INT64_MAX / 2, INT64_MAX - 1, INT64_MAX};
	const uint32_t n = sizeof(t) / sizeof(t[0]);
	const struct col times = {
	    .type = TYPE_TIME, .n = n, .n_entries = n, .i = t};
	struct arena a = {.blocks = NULL};

	for (size_t i = 0; i < 5 * sizeof(specs) / sizeof(specs[0]); i++) {
		int64_t off = (int64_t)(i % 5) - 2;
		struct window_spec w;
		struct stamped out;
		struct stamp s;

		make_spec(&w, specs[i / 5], 0);
		stamp_init(&s, &w, NULL, i % 2 == 0 ? 0 : INT64_MAX);
		s.wait_eof = i % 3 == 0;
		CHECK(stamp_rows(&s, &out, &a, &times, off, NULL, 1) == 0);
		CHECK(out.n_kept + out.n_late + out.n_gap + out.n_invalid == n);
		CHECK(w.kind == WINDOW_ROWS ? out.n_kept == n
					    : out.n_invalid >= 1);
		CHECK(out.panes.n == out.n_kept);
		CHECK(stamp_mark_eof(&s) >= stamp_mark(&s) || s.wait_eof);
		stamp_release(&s);
		window_spec_release(&w);
	}
	arena_release(&a);
}

int
main(void)
{
	test_ends();
	test_spec();
	test_grid();
	test_civil();
	test_marks();
	test_stamp();
	return check_done("window");
}
