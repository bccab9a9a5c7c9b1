/* SPDX-License-Identifier: ISC */
/* Who ends what workers have started. */
#include "fan/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "io/spawn.h"

struct note {
	pid_t group;
	int kept; /* it is to be ended: 1, or 0 */
};

/* Learn of groups until the other end is closed, then end them. */
_Noreturn static void
watch(int fd)
{
	struct note n;
	pid_t *groups = NULL;
	size_t n_groups = 0, cap = 0;

	while (io_read_full(fd, &n, sizeof(n)) == sizeof(n)) {
		size_t i = 0;

		while (i < n_groups && groups[i] != n.group)
			i++;
		if (n.kept == 0 && i < n_groups) {
			groups[i] = groups[--n_groups];
		} else if (n.kept != 0) {
			groups = mem_grow(
			    groups, &cap, n_groups + 1, sizeof(*groups));
			groups[n_groups++] = n.group;
		}
	}
	for (size_t i = 0; i < n_groups; i++)
		kill(-groups[i], SIGKILL);
	_exit(0);
}

/* Nothing of the pipeline may wait for this process to end. */
_Noreturn static void
begin(int fd)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	/* It ends with the other process, whatever that gets as well. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (null != -1 && dup2(fd, STDIN_FILENO) != -1
	    && dup2(null, STDOUT_FILENO) != -1
	    && dup2(null, STDERR_FILENO) != -1) {
		closefrom(STDERR_FILENO + 1);
		watch(STDIN_FILENO);
	}
	_exit(1);
}

int
guard_start(struct guard *g)
{
	int fds[2], e;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return -1;
	g->pid = fork();
	if (g->pid == 0)
		begin(fds[0]);
	e = errno;
	close(fds[0]);
	g->fd = fds[1];
	if (g->pid != -1 && fcntl(g->fd, F_SETFL, O_NONBLOCK) == -1)
		return -1;
	if (g->pid == -1) {
		close(g->fd);
		g->pid = 0;
		errno = e;
		return -1;
	}
	return 0;
}

/* A note is written whole or not at all: it is shorter than PIPE_BUF. */
static int
tell(const struct guard *g, pid_t group, int kept)
{
	struct note n = {group, kept};
	ssize_t len = io_offer(g->fd, &n, sizeof(n));

	if (len == 0)
		errno = EAGAIN;
	return len > 0 ? 0 : -1;
}

int
guard_add(const struct guard *g, pid_t group)
{
	return tell(g, group, 1);
}

/* A guard that is gone ends nothing, so it need not know. */
void
guard_drop(const struct guard *g, pid_t group)
{
	tell(g, group, 0);
}

void
guard_stop(struct guard *g)
{
	if (g->pid == 0)
		return;
	close(g->fd);
	spawn_wait(g->pid);
	g->pid = 0;
}
