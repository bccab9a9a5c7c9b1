/* SPDX-License-Identifier: ISC */
/* Processes that work on shared memory. */
#include "io/crew.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "io/spawn.h"

#define ALIGN 4096

struct member {
	pid_t pid; /* 0 = not there */
	int done_fd; /* gives the number of each room that is done */
};

/*
 * A job is the number of a room as a byte in a socket, from which whoever is
 * free takes it; a socket, because a pipe cannot be asked without waiting when
 * others wait for it.  Rooms are posted in a ring: those on their way are
 * first..first + n_posted.
 */
struct crew {
	crew_fn fn;
	void *arg;
	struct member *members;
	unsigned n;
	int job_fd, take_fd;
	char *memory;
	size_t room_len;
	unsigned n_rooms;
	unsigned first;
	unsigned n_posted;
	bool *done; /* by room */
	struct pollfd *polls; /* of the members, and one more */
	char *error;
	int status;
};

static int
fail(struct crew *c, int status, char *why)
{
	free(c->error);
	c->error = why;
	c->status = status;
	return -1;
}

static int
fail_errno(struct crew *c)
{
	return fail(
	    c, EX_IOERR, mem_printf("the workers: %s", strerror(errno)));
}

static char *
room(const struct crew *c, unsigned i)
{
	return c->memory + i % c->n_rooms * c->room_len;
}

/* No descriptor of the owner stays open because a worker has it. */
static void
keep_only(int *job_fd, int *done_fd)
{
	assert(*job_fd > STDERR_FILENO && *done_fd > STDERR_FILENO);
	if (dup2(*job_fd, STDIN_FILENO) == -1
	    || dup2(*done_fd, STDOUT_FILENO) == -1)
		_exit(EX_OSERR);
	*job_fd = STDIN_FILENO;
	*done_fd = STDOUT_FILENO;
	closefrom(STDERR_FILENO + 1);
}

static void
leave_group(pid_t parent)
{
	static const int caught[] = {
	    SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGHUP, SIGPIPE};

	setpgid(0, 0);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		signal(caught[i], SIG_DFL);
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	/* It may have ended before that. */
	if (getppid() != parent)
		_exit(0);
}

/* In the child: take rooms until there is no owner. */
_Noreturn static void
work(struct crew *c, int done_fd)
{
	int job_fd = c->take_fd;
	uint8_t i;

	/* Its last words belong into the stream, which is the owner's. */
	mem_last_words(NULL);
	keep_only(&job_fd, &done_fd);
	while (io_read(job_fd, &i, 1) == 1) {
		c->fn(c->arg, room(c, i));
		if (io_write(done_fd, &i, 1) == -1)
			break;
	}
	_exit(0);
}

static int
start(struct crew *c, struct member *m)
{
	pid_t parent = getpid();
	int fds[2], e;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return -1;
	m->pid = fork();
	if (m->pid == 0) {
		leave_group(parent);
		work(c, fds[1]);
	}
	e = errno;
	close(fds[1]);
	m->done_fd = fds[0];
	if (m->pid == -1) {
		m->pid = 0;
		errno = e;
		return -1;
	}
	/* Both do it, so that it is done for whoever comes first. */
	setpgid(m->pid, m->pid);
	return 0;
}

static int
start_all(struct crew *c)
{
	int fds[2], rc = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return -1;
	c->take_fd = fds[0];
	c->job_fd = fds[1];
	for (unsigned i = 0; i < c->n && rc == 0; i++)
		rc = start(c, &c->members[i]);
	return rc;
}

/* Jobs, what each worker has done, and the other end of a pipe at its start. */
unsigned
crew_files(unsigned n)
{
	return 2 + (n - 1) + 1;
}

struct crew *
crew_start(unsigned n, size_t room_len, crew_fn fn, void *arg)
{
	struct crew *c = mem_zero(1, sizeof(*c));
	void *p;
	int e;

	c->fn = fn;
	c->arg = arg;
	c->n = n - 1;
	c->n_rooms = 2 * n + 1;
	c->room_len = (room_len + ALIGN - 1) / ALIGN * ALIGN;
	c->job_fd = c->take_fd = -1;
	c->members = mem_zero(c->n, sizeof(*c->members));
	c->done = mem_zero(c->n_rooms, sizeof(*c->done));
	c->polls = mem_zero(c->n + 1, sizeof(*c->polls));
	for (unsigned i = 0; i < c->n; i++)
		c->members[i].done_fd = -1;
	p = mmap(NULL, c->n_rooms * c->room_len, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	c->memory = p == MAP_FAILED ? NULL : p;
	if (c->memory != NULL && start_all(c) == 0)
		return c;
	e = errno;
	crew_free(c);
	errno = e;
	return NULL;
}

void
crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->n; i++) {
		if (c->members[i].done_fd != -1)
			close(c->members[i].done_fd);
		if (c->members[i].pid == 0)
			continue;
		kill(c->members[i].pid, SIGKILL);
		spawn_wait(c->members[i].pid);
	}
	if (c->job_fd != -1)
		close(c->job_fd);
	if (c->take_fd != -1)
		close(c->take_fd);
	if (c->memory != NULL)
		munmap(c->memory, c->n_rooms * c->room_len);
	free(c->members);
	free(c->done);
	free(c->polls);
	free(c->error);
	free(c);
}

void *
crew_room(struct crew *c)
{
	return c->n_posted == c->n_rooms ? NULL
					 : room(c, c->first + c->n_posted);
}

int
crew_post(struct crew *c)
{
	uint8_t i = (uint8_t)((c->first + c->n_posted) % c->n_rooms);

	if (c->error != NULL)
		return -1;
	c->done[i] = false;
	c->n_posted++;
	if (io_write(c->job_fd, &i, 1) == -1)
		return fail_errno(c);
	return 0;
}

void *
crew_posted(struct crew *c, unsigned i)
{
	return room(c, c->first + i);
}

unsigned
crew_n_posted(const struct crew *c)
{
	return c->n_posted;
}

void
crew_take(struct crew *c)
{
	c->first = (c->first + 1) % c->n_rooms;
	c->n_posted--;
}

/* A worker does not end by itself. */
static int
lost(struct crew *c, unsigned i)
{
	struct member *m = &c->members[i];
	pid_t pid = m->pid;
	int status = spawn_wait(pid);
	char *who = mem_printf(
	    "worker %u of %u (process %jd)", i + 1, c->n, (intmax_t)pid);

	m->pid = 0;
	close(m->done_fd);
	m->done_fd = -1;
	if (status > 128)
		fail(c, EX_IOERR,
		    mem_printf("%s was ended by SIG%s", who,
			sigabbrev_np(status - 128)));
	else
		/* Without memory it has said so. */
		fail(c, status == EX_OSERR ? status : EX_IOERR,
		    mem_printf("%s ended with status %d", who, status));
	free(who);
	return -1;
}

/* Take what the i-th worker says. */
static int
hear(struct crew *c, unsigned i)
{
	uint8_t rooms[2 * CREW_MAX + 1];
	ssize_t n = io_read(c->members[i].done_fd, rooms, sizeof(rooms));

	if (n == -1)
		return fail_errno(c);
	if (n == 0)
		return lost(c, i);
	for (ssize_t k = 0; k < n; k++)
		c->done[rooms[k] % c->n_rooms] = true;
	return 0;
}

/* Hear who has something to say; fd as in crew_wait. */
static int
listen_once(struct crew *c, int timeout_ms, int fd)
{
	int n, rc = 0;

	for (unsigned i = 0; i < c->n; i++)
		c->polls[i] = (struct pollfd){
		    .fd = c->members[i].done_fd, .events = POLLIN};
	c->polls[c->n] = (struct pollfd){.fd = fd, .events = POLLIN};
	n = poll(c->polls, c->n + 1, timeout_ms);
	if (n == -1 && errno != EINTR)
		return fail_errno(c);
	for (unsigned i = 0; n > 0 && i < c->n && rc == 0; i++)
		if (c->polls[i].revents != 0)
			rc = hear(c, i);
	return rc;
}

/* Do what no worker has begun.  False: there is nothing. */
static bool
help(struct crew *c)
{
	uint8_t i;

	if (recv(c->take_fd, &i, 1, MSG_DONTWAIT) != 1)
		return false;
	c->fn(c->arg, room(c, i));
	c->done[i] = true;
	return true;
}

static bool
first_is_done(const struct crew *c)
{
	return c->n_posted > 0 && c->done[c->first];
}

int
crew_wait(struct crew *c, bool waits, int fd)
{
	if (c->error != NULL)
		return -1;
	if (first_is_done(c))
		return 1;
	if (listen_once(c, 0, fd) == -1)
		return -1;
	if (!first_is_done(c) && waits && (fd != -1 || !help(c))
	    && listen_once(c, -1, fd) == -1)
		return -1;
	return first_is_done(c);
}

int
crew_settle(struct crew *c)
{
	if (c->error != NULL)
		return -1;
	for (unsigned i = 0; i < c->n_posted; i++)
		while (!c->done[(c->first + i) % c->n_rooms])
			if (listen_once(c, -1, -1) == -1)
				return -1;
	return 0;
}

const char *
crew_error(const struct crew *c)
{
	return c->error;
}

int
crew_status(const struct crew *c)
{
	return c->status;
}
