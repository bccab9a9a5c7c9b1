/* SPDX-License-Identifier: ISC */
/* A descriptor that is read ahead into memory, up to a bound. */
#ifndef MILLRACE_IO_SPOOL_H
#define MILLRACE_IO_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Invariants: from + len <= cap; len < max + SPOOL_STEP. */
#define SPOOL_STEP (256u << 10) /* of one read */
struct spool {
	int fd; /* owned */
	size_t max; /* bytes to keep */
	uint8_t *data; /* owned */
	size_t cap;
	size_t from; /* the first byte that was not taken */
	size_t len; /* bytes from there */
	bool ended; /* nothing comes behind them */
};

void spool_init(struct spool *s, int fd, size_t max);
void spool_release(struct spool *s); /* closes fd, unless it is stdin */

/* Whether nothing more will be read ahead. */
bool spool_full(const struct spool *s);

/*
 * spool_fill: one read of what is there into memory; neither full nor ended.
 * 0, or -1 with errno.
 * spool_read: as read(2), first what was read ahead.
 */
int spool_fill(struct spool *s);
ssize_t spool_read(struct spool *s, void *p, size_t len);

#endif
