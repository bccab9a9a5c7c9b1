/* SPDX-License-Identifier: ISC */
/* Watermarks of silent parts, with a clock that the test moves. */
#include <string.h>

#include "base/time.h"
#include "check.h"
#include "window/mark.h"

#define S TIME_US

/* A row of a part at event time t. */
static void
row(struct marks *m, uint32_t number, int64_t t)
{
	struct mark_part *p = marks_part(m, number);

	marks_hear(m, p);
	if (t > p->max_us)
		p->max_us = t;
	marks_combine(m);
}

/* Let time pass as a stage that waits for rows does, and look each time. */
static int64_t
pass(struct marks *m, int64_t us)
{
	int64_t now = m->mono_us == TIME_NONE ? 0 : m->mono_us, to = now + us;
	int64_t combined = m->combined;

	marks_tick(m, now);
	while (now < to) {
		int64_t wait = marks_wait_us(m);

		CHECK(wait >= 0 && wait <= MARK_STEP_US);
		now += wait == 0 ? 1 : wait;
		marks_tick(m, now < to ? now : to);
		CHECK(marks_combine(m) >= combined);
		combined = m->combined;
	}
	return combined;
}

static void
begin(struct marks *m, int64_t idle)
{
	marks_init(m, 0);
	m->idle = idle;
	marks_part(m, 1);
	marks_part(m, 2);
	marks_tick(m, 0);
}

static void
test_silent_part(void)
{
	struct marks m;

	begin(&m, 10 * S);
	row(&m, 1, 100 * S);
	CHECK(pass(&m, 5 * S) == TIME_NONE);
	row(&m, 1, 101 * S);
	CHECK(pass(&m, 5 * S - 1) == TIME_NONE);
	/* Part 2 has been open without a row for 10 s. */
	CHECK(pass(&m, 1) == 101 * S);
	row(&m, 1, 150 * S);
	CHECK(m.combined == 150 * S);
	/* It wakes where the stream is, and holds again. */
	CHECK(marks_part(&m, 2)->idle);
	row(&m, 2, 20 * S);
	CHECK(!marks_part(&m, 2)->idle);
	CHECK(marks_of(&m, marks_part(&m, 2)) == 150 * S);
	row(&m, 1, 200 * S);
	CHECK(m.combined == 150 * S);
	row(&m, 2, 170 * S);
	CHECK(m.combined == 170 * S);
	marks_release(&m);
}

static void
test_all_silent(void)
{
	struct marks m;

	begin(&m, 10 * S);
	row(&m, 1, 100 * S);
	row(&m, 2, 50 * S);
	CHECK(m.combined == 50 * S);
	CHECK(pass(&m, 3 * S) == 50 * S);
	row(&m, 2, 60 * S);
	/* Part 2 alone holds it, until all are idle at 13 s. */
	CHECK(pass(&m, 10 * S - 1) == 60 * S);
	CHECK(pass(&m, 1) == 60 * S);
	/* From there on it goes as the clock does. */
	CHECK(pass(&m, 7 * S) == 67 * S);
	CHECK(pass(&m, S / 2) == 67 * S + S / 2);
	/* Whoever wakes begins there, and what it says counts. */
	row(&m, 2, 61 * S);
	CHECK(pass(&m, 9 * S) == 67 * S + S / 2);
	row(&m, 2, 70 * S);
	CHECK(m.combined == 70 * S);
	CHECK(pass(&m, 10 * S) == 70 * S);
	CHECK(pass(&m, 2 * S) == 72 * S);
	marks_release(&m);
}

static void
test_no_part(void)
{
	struct marks m;

	begin(&m, 10 * S);
	row(&m, 1, 100 * S);
	row(&m, 2, 100 * S);
	pass(&m, 5 * S);
	marks_close(&m, 1);
	marks_close(&m, 2);
	CHECK(pass(&m, 10 * S) == 100 * S);
	CHECK(pass(&m, 4 * S) == 104 * S);
	/* A part that opens now begins there and holds it for its 10 s. */
	CHECK(marks_part(&m, 3)->floor_us == 104 * S);
	CHECK(pass(&m, 10 * S) == 104 * S);
	CHECK(pass(&m, S) == 105 * S);
	marks_release(&m);
	/* Before any row there is nothing to grow from. */
	begin(&m, 10 * S);
	CHECK(pass(&m, 100 * S) == TIME_NONE);
	row(&m, 1, 7 * S);
	CHECK(m.combined == 7 * S);
	marks_release(&m);
	/* Without --idle nothing grows, ever. */
	begin(&m, 0);
	row(&m, 1, 100 * S);
	CHECK(pass(&m, 1000 * S) == TIME_NONE);
	row(&m, 2, 90 * S);
	CHECK(pass(&m, 1000 * S) == 90 * S);
	marks_release(&m);
}

/* Several become idle between two looks: as if each had been seen. */
static void
test_at_once(void)
{
	struct marks m;

	begin(&m, 10 * S);
	row(&m, 1, 100 * S);
	CHECK(m.combined == TIME_NONE);
	CHECK(pass(&m, 10 * S) == 100 * S);
	marks_release(&m);
	begin(&m, S / 2);
	row(&m, 1, 100 * S);
	row(&m, 2, 90 * S);
	marks_part(&m, 3);
	marks_tick(&m, S / 4);
	row(&m, 1, 101 * S);
	marks_tick(&m, S);
	CHECK(marks_combine(&m) == 101 * S + S / 4);
	marks_release(&m);
}

/* Who was blocked or stopped has not waited for rows. */
static void
test_blocked(void)
{
	struct marks m;

	begin(&m, 10 * S);
	row(&m, 1, 100 * S);
	row(&m, 2, 100 * S);
	marks_tick(&m, 3600 * S);
	CHECK(marks_combine(&m) == 100 * S);
	CHECK(!marks_part(&m, 1)->idle);
	CHECK(m.clock_us == MARK_STEP_US);
	CHECK(pass(&m, 9 * S) == 100 * S);
	marks_tick(&m, 7200 * S);
	CHECK(marks_combine(&m) == 100 * S + MARK_STEP_US);
	/* A clock that stands still, or falls, moves nothing. */
	marks_tick(&m, 7200 * S);
	marks_tick(&m, 7100 * S);
	CHECK(marks_combine(&m) == 100 * S + MARK_STEP_US);
	marks_release(&m);
}

static void
test_edges(void)
{
	struct marks m;

	begin(&m, 1);
	row(&m, 1, INT64_MAX - 5);
	row(&m, 2, INT64_MAX - 5);
	pass(&m, 3 * S);
	CHECK(m.combined == INT64_MAX - 5 || m.combined == INT64_MAX);
	marks_release(&m);
	begin(&m, 0);
	m.late = INT64_MAX;
	row(&m, 1, INT64_MIN + 1);
	row(&m, 2, INT64_MIN + 1);
	CHECK(m.combined == TIME_NONE + 1);
	marks_release(&m);
}

static void
test_holder(void)
{
	const struct mark_part *p;
	struct marks m;

	begin(&m, 0);
	marks_name(marks_part(&m, 2), "b.log", 5);
	row(&m, 1, 100 * S);
	pass(&m, MARK_HELD_US - S);
	CHECK(marks_holder(&m) == NULL);
	pass(&m, S);
	p = marks_holder(&m);
	CHECK(p != NULL && p->number == 2 && strcmp(p->name, "b.log") == 0);
	/* Once, and while it only walks behind it is not named. */
	pass(&m, MARK_HELD_US);
	CHECK(marks_holder(&m) == NULL);
	row(&m, 2, 1000 * S);
	for (int i = 0; i < 200; i++) {
		row(&m, 1, 100 * S + i);
		pass(&m, S);
		CHECK(marks_holder(&m) == NULL);
	}
	pass(&m, MARK_HELD_US);
	p = marks_holder(&m);
	CHECK(p != NULL && p->number == 1);
	marks_release(&m);
	/* One part alone holds nobody up; two that hold do not do it alone. */
	marks_init(&m, 0);
	row(&m, 1, S);
	pass(&m, 2 * MARK_HELD_US);
	CHECK(marks_holder(&m) == NULL);
	row(&m, 2, S);
	row(&m, 3, 9 * S);
	pass(&m, 2 * MARK_HELD_US);
	CHECK(marks_holder(&m) == NULL);
	marks_release(&m);
}

int
main(void)
{
	test_silent_part();
	test_all_silent();
	test_no_part();
	test_at_once();
	test_blocked();
	test_edges();
	test_holder();
	return check_done("mark");
}
