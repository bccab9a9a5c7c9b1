/* SPDX-License-Identifier: ISC */
/* Where batches end. */
#include "io/cut.h"

#include "check.h"

static void
never(void)
{
	struct cut_opts o = {.rows = 0};
	struct cut c;

	cut_init(&c, &o, 0, 77);
	CHECK(c.batch == 0 && c.batch_us == 77);
	CHECK(cut_rows(&c, 5) == 5);
	CHECK(cut_bytes(&c, SIZE_MAX) == SIZE_MAX);
	cut_add(&c, UINT32_MAX, UINT32_MAX);
	CHECK(!cut_is_due(&c, INT64_MAX));
}

static void
by_rows(void)
{
	struct cut_opts o = {.rows = 10};
	struct cut c;

	cut_init(&c, &o, 0, 0);
	CHECK(cut_rows(&c, 4) == 4);
	cut_add(&c, 7, 100);
	CHECK(cut_rows(&c, 4) == 3);
	CHECK(!cut_is_due(&c, 0));
	cut_add(&c, 3, 100);
	CHECK(cut_rows(&c, 4) == 0);
	CHECK(cut_is_due(&c, 0));
	cut_next(&c, 0, 5);
	CHECK(c.batch == 1 && c.batch_us == 5);
	CHECK(cut_rows(&c, 40) == 10);
	CHECK(!cut_is_due(&c, 0));
}

static void
by_bytes(void)
{
	struct cut_opts o = {.bytes = 8};
	struct cut c;

	cut_init(&c, &o, 0, 0);
	CHECK(cut_bytes(&c, 8) == 8);
	CHECK(cut_bytes(&c, 9) == 8);
	cut_add(&c, 1, 5);
	CHECK(cut_bytes(&c, 9) == 3);
	CHECK(!cut_is_due(&c, 0));
	cut_shut(&c);
	CHECK(cut_is_due(&c, 0));
	cut_next(&c, 0, 0);
	CHECK(!cut_is_due(&c, 0));
	/* One record may be longer than a batch. */
	cut_add(&c, 1, 20);
	CHECK(cut_bytes(&c, 9) == 0);
	CHECK(cut_is_due(&c, 0));
}

static void
by_time(void)
{
	struct cut_opts o = {.every_us = 100};
	struct cut c;

	cut_init(&c, &o, 1000, 0);
	CHECK(!cut_is_due(&c, 1099));
	CHECK(cut_is_due(&c, 1100));
	cut_next(&c, 1105, 0);
	CHECK(c.next_us == 1200);
	/* Intervals that were missed are closed as one, in step. */
	cut_next(&c, 1555, 0);
	CHECK(c.next_us == 1600 && c.batch == 2);
	cut_next(&c, 1600, 0);
	CHECK(c.next_us == 1700);
	/* A batch that rows closed leaves the interval alone. */
	cut_next(&c, 1650, 0);
	CHECK(c.next_us == 1700 && c.batch == 4);
}

int
main(void)
{
	never();
	by_rows();
	by_bytes();
	by_time();
	return check_done("cut");
}
