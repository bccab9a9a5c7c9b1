/* SPDX-License-Identifier: ISC */
/* SCHEME://: another program gives a stream.  sbatch(1), HELPERS. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/libexec.h"
#include "io/source_int.h"
#include "io/spawn.h"

struct helper {
	pid_t pid; /* -1: it has ended */
	char *path; /* owned */
};

static bool
is_url(const char *path, enum source_mode mode)
{
	(void)mode;
	return libexec_scheme(path) > 0;
}

static int
check_helper(struct source *s)
{
	char *why, *path = libexec_find(&why, "sbatch", s->path);

	/* Only who started it knows whether it has an end. */
	if (s->opts->mode == SOURCE_FOLLOW)
		s->traits |= SOURCE_ENDLESS;
	if (path != NULL) {
		free(path);
		return 0;
	}
	if (strncmp(s->path, "http", 4) == 0)
		source_fail(s, EX_USAGE, "%s; write curl -s URL | sbatch", why);
	else
		source_fail(s, EX_USAGE, "%s", why);
	free(why);
	return -1;
}

/* Start it with pipe[1] as its output, nothing as its input. */
static int
start(struct helper *h, char *operand, int out_fd)
{
	char *argv[] = {h->path, operand, NULL};
	struct spawn child = {
	    .argv = argv, .out_fd = out_fd, .last_signal = SIGTERM};
	int e;

	child.in_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (child.in_fd == -1)
		return -1;
	h->pid = spawn_start(&child);
	e = errno;
	close(child.in_fd);
	errno = e;
	return h->pid == -1 ? -1 : 0;
}

static int
open_helper(struct source *s)
{
	struct helper *h = mem_zero(1, sizeof(*h));
	int pipe_fd[2], rc, e;
	char *why;

	s->own = h;
	h->pid = -1;
	h->path = libexec_find(&why, "sbatch", s->path);
	if (h->path == NULL) {
		source_fail(s, EX_USAGE, "%s", why);
		free(why);
		return -1;
	}
	if (pipe2(pipe_fd, O_CLOEXEC) == -1)
		return source_fail(s, EX_IOERR, "%s", strerror(errno));
	rc = start(h, s->path, pipe_fd[1]);
	e = errno;
	close(pipe_fd[1]);
	s->fd = pipe_fd[0];
	return rc == 0 ? 0
		       : source_fail(s, EX_IOERR, "cannot run %s: %s", h->path,
			   strerror(e));
}

/* What it wrote is whole only if it says so by its exit status. */
static enum source_got
await_helper(struct source *s)
{
	struct helper *h = s->own;
	int status = h->pid == -1 ? 0 : spawn_wait(h->pid);

	h->pid = -1;
	if (status == 0)
		return SOURCE_END;
	source_fail(s, EX_IOERR, "%s: exit status %d", h->path, status);
	return SOURCE_ERROR;
}

static enum source_got
read_helper(struct source *s, void *p, size_t cap, size_t *len)
{
	enum source_got got = source_read_pipe(s, p, cap, len);

	return got == SOURCE_END ? await_helper(s) : got;
}

/* It may have more to say, and then ends its stream. */
static void
stop_helper(struct source *s)
{
	const struct helper *h = s->own;

	if (h->pid != -1)
		kill(-h->pid, SIGTERM);
}

static void
close_helper(struct source *s)
{
	struct helper *h = s->own;

	source_close_fd(s);
	if (h == NULL)
		return;
	if (h->pid != -1) {
		kill(-h->pid, SIGTERM);
		spawn_wait(h->pid);
	}
	free(h->path);
	free(h);
	s->own = NULL;
}

const struct source_kind helper_kind = {
    .name = "helper",
    .traits = SOURCE_LIVE | SOURCE_BATCHED,
    .format = "frames",
    .claims = is_url,
    .check = check_helper,
    .open = open_helper,
    .read = read_helper,
    .close = close_helper,
    .stop = stop_helper,
};
