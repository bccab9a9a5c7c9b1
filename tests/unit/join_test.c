/* SPDX-License-Identifier: ISC */
/* What joins of streams are made of: heaps, rows that are kept, spools. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "io/spool.h"
#include "join/heap.h"
#include "join/side.h"

/* Numbers that look random, the same each time. */
static uint32_t
next_number(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* Items come in the order of time, then of row, while others go in. */
static void
test_heap(void)
{
	struct heap h = {.v = NULL};
	struct heap_item last = {.at = INT64_MIN};
	uint64_t seed = 7;
	uint32_t row = 0;
	bool sorted = true;

	for (int i = 0; i < 2000; i++)
		heap_push(&h, (int64_t)(next_number(&seed) % 50), row++);
	for (int i = 0; i < 1000; i++) {
		struct heap_item it = h.v[0];

		sorted &=
		    it.at > last.at || (it.at == last.at && it.row > last.row);
		last = it;
		heap_pop(&h);
		/* Never before what has come out. */
		heap_push(&h, it.at + (int64_t)(next_number(&seed) % 9), row++);
	}
	CHECK(sorted);
	while (h.n > 0) {
		sorted &= h.v[0].at > last.at
			  || (h.v[0].at == last.at && h.v[0].row > last.row);
		last = h.v[0];
		heap_pop(&h);
	}
	CHECK(sorted);
	CHECK(row == 3000);
	heap_release(&h);
}

/* Rows that stay have new numbers, and what ties them has them, too. */
static void
test_side(void)
{
	int64_t values[] = {10, 11, 12, 13, 14, 15, 16, 17};
	uint32_t group[] = {0, 1, 0, 1, 0, 1, 0, SIDE_NONE}, map[8];
	uint32_t sel[] = {0, 2, 3, 4, 6, 7};
	uint8_t live[] = {0x3a}; /* rows 1, 3, 4, 5 */
	const char *why = NULL;
	struct schema schema;
	struct side s;
	struct batch b;

	schema_init(&schema);
	schema_add(&schema, "n", 1, TYPE_INT);
	side_init(&s, &schema);
	batch_init(&b);
	batch_reset(&b, 1);
	b.n_rows = 8;
	b.cols[0] = (struct col){.type = TYPE_INT,
	    .enc = COL_PLAIN,
	    .n = 8,
	    .n_entries = 8,
	    .i = values};
	CHECK(side_add(&s, &why, &b, sel, 6, values, group) == 0);
	CHECK(s.rows.n_rows == 6 && !side_is_due(&s));
	s.next[1] = 3;
	s.next[3] = 4;
	memset(map, 0xff, sizeof(map));
	side_keep(&s, map, live);
	CHECK(s.rows.n_rows == 4 && s.n_kept == 4);
	CHECK(map[1] == 0 && map[3] == 1 && map[4] == 2 && map[5] == 3);
	CHECK(s.rows.cols[0].i[0] == 12 && s.rows.cols[0].i[3] == 17);
	CHECK(s.at[1] == 14 && s.group[1] == 0 && s.group[3] == SIDE_NONE);
	CHECK(s.next[0] == 1 && s.next[1] == 2 && s.next[2] == SIDE_NONE);
	batch_release(&b);
	side_release(&s);
	schema_release(&schema);
}

/* What was read ahead comes first; no more is than the bound and one read. */
static void
test_spool(void)
{
	char out[16];
	struct spool s;
	int fds[2];

	CHECK(pipe(fds) == 0);
	spool_init(&s, fds[0], 4);
	CHECK(write(fds[1], "abcdef", 6) == 6);
	CHECK(!spool_full(&s));
	CHECK(spool_fill(&s) == 0);
	CHECK(s.len == 6 && spool_full(&s));
	CHECK(spool_read(&s, out, 4) == 4 && memcmp(out, "abcd", 4) == 0);
	CHECK(!spool_full(&s));
	CHECK(write(fds[1], "gh", 2) == 2);
	CHECK(spool_fill(&s) == 0);
	CHECK(spool_read(&s, out, sizeof(out)) == 4);
	CHECK(memcmp(out, "efgh", 4) == 0);
	CHECK(write(fds[1], "i", 1) == 1);
	CHECK(spool_read(&s, out, sizeof(out)) == 1 && out[0] == 'i');
	close(fds[1]);
	CHECK(spool_fill(&s) == 0 && s.ended && spool_full(&s));
	CHECK(spool_read(&s, out, sizeof(out)) == 0);
	spool_release(&s);
}

int
main(void)
{
	test_heap();
	test_side();
	test_spool();
	return check_done("join");
}
