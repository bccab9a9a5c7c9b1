/* SPDX-License-Identifier: ISC */
/* Where records are missing among rows. */
#include "io/losses.h"

#include <stdlib.h>

#include "check.h"

#define N 200

/* One record after the other: is it a row, bad, or outside of the range? */
enum record { ROW, BAD, FILTERED };

/* Rows and losses as the intake would add them, a piece at a time. */
struct plan {
	enum record records[N];
	struct losses l;
	uint32_t n_rows; /* at hand */
	uint32_t sel[N];
};

/* Take records from..to: the bad ones are told first, then rows filtered. */
static void
take(struct plan *p, uint32_t from, uint32_t to)
{
	uint32_t before = p->n_rows, n_sel = 0, all = before;

	for (uint32_t i = from; i < to; i++) {
		if (p->records[i] == BAD)
			losses_add(&p->l, all);
		else if (p->records[i] == ROW)
			p->sel[n_sel++] = all++;
		else
			all++;
	}
	losses_filter(&p->l, before, all, p->sel, n_sel);
	p->n_rows = before + n_sel;
}

/* Of all records the losses behind the n-th row, or all for n = 0. */
static struct loss
behind(const struct plan *p, uint32_t to, uint32_t n)
{
	struct loss sum = {.at = 0};
	uint32_t rows = 0;

	for (uint32_t i = 0; i < to; i++) {
		rows += p->records[i] == ROW;
		if (rows < n)
			continue;
		sum.n_bad += p->records[i] == BAD;
		sum.n_filtered += p->records[i] == FILTERED;
	}
	return sum;
}

/* Whatever the pieces, a cut leaves what stands behind the last row gone. */
static void
any_pieces(void)
{
	for (unsigned seed = 1; seed <= 300; seed++) {
		struct plan p = {.n_rows = 0};
		uint32_t at = 0, gone = 0, n, to;
		struct loss left, want;

		srand(seed);
		for (uint32_t i = 0; i < N; i++)
			p.records[i] = (enum record)(rand() % 3);
		while (at < N) {
			to = at + 1 + (uint32_t)rand() % 40;
			to = to < N ? to : N;
			take(&p, at, to);
			at = to;
			if (p.n_rows == 0)
				continue;
			n = 1 + (uint32_t)rand() % p.n_rows;
			losses_cut(&p.l, &left, n);
			p.n_rows -= n;
			gone += n;
			want = behind(&p, at, gone);
			CHECK(left.n_bad == want.n_bad);
			CHECK(left.n_filtered == want.n_filtered);
		}
		losses_reset(&p.l);
		losses_cut(&p.l, &left, 1);
		CHECK(left.n_bad == 0 && left.n_filtered == 0);
		losses_release(&p.l);
	}
}

int
main(void)
{
	any_pieces();
	return check_done("losses");
}
