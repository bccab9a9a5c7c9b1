/* SPDX-License-Identifier: ISC */
/* Bytes into a command and out of it, at once. */
#include "io/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "io/spawn.h"

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

int
pump_start(struct pump *p, char *const *argv, char *const *env)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	struct spawn s = {.argv = argv, .env = env, .last_signal = SIGTERM};
	int rc = -1, e;

	p->in_fd = p->out_fd = -1;
	if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1
	    || fcntl(in[1], F_SETFL, O_NONBLOCK) == -1)
		goto out;
	s.in_fd = in[0];
	s.out_fd = out[1];
	p->pid = spawn_start(&s);
	if (p->pid == -1) {
		p->pid = 0;
		goto out;
	}
	if (p->buf == NULL)
		p->buf = mem_alloc(PUMP_BLOCK);
	p->in_fd = in[1];
	p->out_fd = out[0];
	in[1] = out[0] = -1;
	rc = 0;
out:
	e = errno;
	for (int i = 0; i < 2; i++) {
		close_fd(&in[i]);
		close_fd(&out[i]);
	}
	errno = e;
	return rc;
}

/* The reader of our output has gone: end as a write to it would. */
static void
die_of_sigpipe(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

/*
 * Wait until the command takes bytes (when it is asked) or gives some.
 * *in and *out say which.  1, 0 for nothing in time, -1.
 */
static int
wait_for(struct pump *p, bool *in, bool *out, int timeout_ms)
{
	struct pollfd fds[3] = {{.fd = *in ? p->in_fd : -1, .events = POLLOUT},
	    {.fd = p->out_fd, .events = POLLIN}, {.fd = p->watch_fd}};
	int n = poll(fds, 3, timeout_ms);

	*in = *out = false;
	if (n == -1)
		return errno == EINTR ? 1 : -1;
	if ((fds[2].revents & POLLERR) != 0)
		die_of_sigpipe();
	*in = fds[0].revents != 0;
	*out = fds[1].revents != 0;
	return n > 0;
}

/* Take what the command has written.  1, 0 at its end, -1. */
static int
take(struct pump *p)
{
	ssize_t n = io_read(p->out_fd, p->buf, PUMP_BLOCK);

	if (n == -1)
		return -1;
	if (n == 0) {
		close_fd(&p->out_fd);
		return 0;
	}
	if (p->got(p->arg, p->buf, (size_t)n) == 0)
		return 1;
	errno = 0;
	return -1;
}

int
pump_write(struct pump *p, const void *data, size_t len)
{
	const char *s = data;
	bool in, out;
	ssize_t n;

	while (len > 0 && p->in_fd != -1) {
		in = true;
		if (wait_for(p, &in, &out, -1) == -1)
			return -1;
		if (out && take(p) == -1)
			return -1;
		if (!in)
			continue;
		n = io_offer(p->in_fd, s, len);
		if (n == -1 && errno == EPIPE)
			close_fd(&p->in_fd);
		else if (n == -1)
			return -1;
		else
			s += n, len -= (size_t)n;
	}
	return 0;
}

void
pump_close(struct pump *p)
{
	close_fd(&p->in_fd);
}

int
pump_read(struct pump *p, int timeout_ms)
{
	bool in = false, out = false;
	int rc;

	if (p->out_fd == -1)
		return 0;
	rc = wait_for(p, &in, &out, timeout_ms);
	if (rc <= 0)
		return rc == -1 ? -1 : 2;
	return out ? take(p) : 1;
}

int
pump_wait(struct pump *p)
{
	int status;

	close_fd(&p->in_fd);
	close_fd(&p->out_fd);
	status = spawn_wait(p->pid);
	p->pid = 0;
	return status;
}

void
pump_release(struct pump *p)
{
	if (p->pid != 0) {
		kill(-p->pid, SIGTERM);
		close_fd(&p->in_fd);
		close_fd(&p->out_fd);
		p->pid = 0;
	}
	free(p->buf);
	p->buf = NULL;
}
