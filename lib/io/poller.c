/* SPDX-License-Identifier: ISC */
/* Which of many descriptors can be read: epoll(7). */
#include "io/poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 64

void
poller_init(struct poller *p)
{
	p->fd = -1;
}

void
poller_release(struct poller *p)
{
	if (p->fd != -1)
		close(p->fd);
	poller_init(p);
}

int
poller_add(struct poller *p, int fd, void *owner)
{
	struct epoll_event e = {.events = EPOLLIN, .data = {.ptr = owner}};

	if (p->fd == -1)
		p->fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->fd == -1)
		return -1;
	return epoll_ctl(p->fd, EPOLL_CTL_ADD, fd, &e);
}

void
poller_drop(struct poller *p, int fd)
{
	epoll_ctl(p->fd, EPOLL_CTL_DEL, fd, NULL);
}

size_t
poller_ready(struct poller *p, void **owners, size_t n)
{
	struct epoll_event e[EVENTS];
	int got;

	if (p->fd == -1)
		return 0;
	got = epoll_wait(p->fd, e, n < EVENTS ? (int)n : EVENTS, 0);
	for (int i = 0; i < got; i++)
		owners[i] = e[i].data.ptr;
	return got > 0 ? (size_t)got : 0;
}
