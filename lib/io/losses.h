/* SPDX-License-Identifier: ISC */
/* Records that made no row, by where they stand among the rows at hand. */
#ifndef MILLRACE_IO_LOSSES_H
#define MILLRACE_IO_LOSSES_H

#include <stddef.h>
#include <stdint.h>

/* Records before row at, and behind the row before it. */
struct loss {
	uint32_t at;
	uint64_t n_bad;
	uint64_t n_filtered;
};

/* In order, no place twice.  All zero bytes is none. */
struct losses {
	struct loss *v; /* owned */
	size_t n;
	size_t cap;
};

void losses_release(struct losses *l);
void losses_reset(struct losses *l);

/*
 * losses_add: another bad record before row at, which is not below any that
 * was added before.
 * losses_filter: of rows from..n_rows only sel[0..n), ascending, are kept; the
 * others are losses now.
 * losses_cut: rows 0..n - 1 have gone, and what stood before each of them; the
 * rest is counted into *left, and stands among the rows from n on.
 */
void losses_add(struct losses *l, uint32_t at);
void losses_filter(struct losses *l, uint32_t from, uint32_t n_rows,
    const uint32_t *sel, uint32_t n);
void losses_cut(struct losses *l, struct loss *left, uint32_t n);

#endif
