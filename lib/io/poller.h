/* SPDX-License-Identifier: ISC */
/* Which of many descriptors can be read. */
#ifndef MILLRACE_IO_POLLER_H
#define MILLRACE_IO_POLLER_H

#include <stddef.h>

/* All zero bytes but fd -1 is a poller that watches nothing. */
struct poller {
	int fd; /* readable when one of the watched is; -1 = none is */
};

void poller_init(struct poller *p);
void poller_release(struct poller *p);

/*
 * Watch fd for its owner, until poller_drop.  0, or -1 with errno: EPERM for
 * what is always ready, such as a regular file.
 */
int poller_add(struct poller *p, int fd, void *owner);
void poller_drop(struct poller *p, int fd);

/* Up to n owners whose descriptors are ready now; how many. */
size_t poller_ready(struct poller *p, void **owners, size_t n);

#endif
