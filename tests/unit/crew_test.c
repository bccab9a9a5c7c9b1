/* SPDX-License-Identifier: ISC */
/* Rooms come back done, in order, whoever did them; bytes go back. */
#include "io/crew.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "io/feed.h"

struct task {
	uint32_t in;
	uint32_t out;
	pid_t pid;
};

/* Some take longer than others. */
static void
square(void *arg, void *room)
{
	struct task *t = room;

	if (t->in % 7 == 0)
		poll(NULL, 0, 2);
	t->out = t->in * t->in + *(uint32_t *)arg;
	t->pid = getpid();
}

static void
take(struct crew *c, uint32_t *next, uint32_t plus)
{
	struct task *t;
	int rc;

	while ((rc = crew_wait(c, true, -1)) == 0)
		;
	CHECK(rc == 1);
	t = crew_posted(c, 0);
	CHECK(t->in == *next && t->out == *next * *next + plus);
	crew_take(c);
	(*next)++;
}

static void
in_order(unsigned n)
{
	uint32_t plus = 3, posted = 0, taken = 0;
	struct crew *c = crew_start(n, sizeof(struct task), square, &plus);
	struct task *t;

	CHECK(c != NULL);
	plus = 3;
	while (taken < 500) {
		while (posted < 500 && (t = crew_room(c)) != NULL) {
			t->in = posted++;
			CHECK(crew_post(c) == 0);
		}
		CHECK(crew_n_posted(c) == posted - taken);
		take(c, &taken, 3);
	}
	CHECK(crew_wait(c, false, -1) == 0);
	crew_free(c);
}

static void
settles(void)
{
	uint32_t plus = 1;
	struct crew *c = crew_start(2, sizeof(struct task), square, &plus);

	for (uint32_t i = 0; i < 5; i++) {
		((struct task *)crew_room(c))->in = 7;
		CHECK(crew_post(c) == 0);
	}
	CHECK(crew_room(c) == NULL);
	CHECK(crew_settle(c) == 0);
	for (uint32_t i = 0; i < 5; i++) {
		CHECK(((struct task *)crew_posted(c, i))->out == 50);
		CHECK(((struct task *)crew_posted(c, i))->pid != getpid());
	}
	crew_free(c);
	crew_free(NULL);
}

static size_t
n_open(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* A worker that ends; where nobody else is, its job is never done. */
static void
leave(void *arg, void *room)
{
	(void)arg;
	(void)room;
	_exit(3);
}

static void
is_lost(void)
{
	size_t before = n_open(), n = crew_files(2);
	struct crew *c = crew_start(2, 1, leave, NULL);

	CHECK(n_open() == before + n - 1);
	CHECK(crew_post(c) == 0);
	CHECK(crew_settle(c) == -1);
	CHECK(n_open() == before + n - 2);
	CHECK(crew_status(c) == 74);
	CHECK(strstr(crew_error(c), "worker 1 of 1 (process ") != NULL);
	CHECK(strstr(crew_error(c), " ended with status 3") != NULL);
	CHECK(crew_post(c) == -1 && crew_wait(c, true, -1) == -1);
	CHECK(crew_settle(c) == -1);
	crew_free(c);
	CHECK(n_open() == before);
}

/* Bytes that are taken and put back are there as if they never were away. */
static void
unread(void)
{
	char all[200], room[200];
	struct feed f = {.data = NULL};
	size_t at = 0, len, n;
	const char *p;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	f.off = sizeof(all);
	at = sizeof(all);
	srand(1);
	for (int i = 0; i < 2000; i++) {
		if (rand() % 2 == 0) {
			n = (size_t)rand() % (at + 1);
			feed_unread(&f, all + at - n, n);
			at -= n;
		} else {
			p = feed_peek(&f, &len);
			n = (size_t)rand() % (len + 1);
			memcpy(room, p, n);
			CHECK(memcmp(room, all + at, n) == 0);
			feed_take(&f, n);
			at += n;
		}
		p = feed_peek(&f, &len);
		CHECK(f.off == at && len == sizeof(all) - at);
		CHECK(memcmp(p, all + at, len) == 0);
	}
	feed_release(&f);
}

int
main(void)
{
	for (unsigned n = 2; n <= 9; n += 3)
		in_order(n);
	settles();
	is_lost();
	unread();
	return check_done("crew");
}
