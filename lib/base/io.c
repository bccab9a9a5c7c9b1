/* SPDX-License-Identifier: ISC */
/* The only callers of read(2) and write(2); publishing by rename. */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* Whether a call that gave -1 should be made again, after waiting if need be.
 */
static bool
again(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	if (errno == EINTR)
		return true;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return false;
	return poll(&p, 1, -1) != -1 || errno == EINTR;
}

ssize_t
io_read(int fd, void *p, size_t len)
{
	ssize_t n;

	do
		n = read(fd, p, len);
	while (n == -1 && again(fd, POLLIN));
	return n;
}

ssize_t
io_take(int fd, void *p, size_t len)
{
	ssize_t n;

	do
		n = read(fd, p, len);
	while (n == -1 && errno == EINTR);
	return n;
}

ssize_t
io_pread(int fd, void *p, size_t len, off_t off)
{
	ssize_t n;

	do
		n = pread(fd, p, len, off);
	while (n == -1 && again(fd, POLLIN));
	return n;
}

/* From *off on, or, without off, from where the descriptor is. */
static ssize_t
read_full(int fd, char *p, size_t len, const off_t *off)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = off == NULL
			? io_read(fd, p + got, len - got)
			: io_pread(fd, p + got, len - got, *off + (off_t)got);
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

ssize_t
io_read_full(int fd, void *p, size_t len)
{
	return read_full(fd, p, len, NULL);
}

ssize_t
io_pread_full(int fd, void *p, size_t len, off_t off)
{
	return read_full(fd, p, len, &off);
}

int
io_write(int fd, const void *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n == -1 && again(fd, POLLOUT))
			continue;
		if (n == -1)
			return -1;
		p = (const char *)p + n;
		len -= (size_t)n;
	}
	return 0;
}

int
io_writev(int fd, struct iovec *iov, int n_iov)
{
	ssize_t n;

	while (n_iov > 0) {
		n = writev(fd, iov, n_iov < IOV_MAX ? n_iov : IOV_MAX);
		if (n == -1 && again(fd, POLLOUT))
			continue;
		if (n == -1)
			return -1;
		while (n_iov > 0 && (size_t)n >= iov->iov_len) {
			n -= (ssize_t)iov->iov_len;
			iov++;
			n_iov--;
		}
		if (n_iov > 0) {
			iov->iov_base = (char *)iov->iov_base + n;
			iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

static ssize_t
write_copy(int fd, const void *p, size_t len)
{
	return write(fd, p, len);
}

/* Where pages cannot be lent they are copied. */
static ssize_t
write_pages(int fd, const void *p, size_t len)
{
#ifdef __linux__
	struct iovec v = {.iov_len = len};
	ssize_t n;

	memcpy(&v.iov_base, &p, sizeof(p));
	n = vmsplice(fd, &v, 1, SPLICE_F_NONBLOCK);
	if (n != -1 || (errno != EINVAL && errno != ENOSYS && errno != EBADF))
		return n;
#endif
	return write(fd, p, len);
}

/* One of the two without SIGPIPE, and without waiting. */
static ssize_t
put_some(ssize_t (*put)(int, const void *, size_t), int fd, const void *p,
    size_t len)
{
	const struct timespec now = {.tv_sec = 0};
	sigset_t pipe_set, old, pending;
	bool was_pending;
	ssize_t n;
	int e;

	/* A SIGPIPE of our own making is taken back, another one stays. */
	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE) == 1;
	sigprocmask(SIG_BLOCK, &pipe_set, &old);
	do
		n = put(fd, p, len);
	while (n == -1 && errno == EINTR);
	e = errno;
	if (n == -1 && e == EPIPE && !was_pending)
		sigtimedwait(&pipe_set, NULL, &now);
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = e;
	return n == -1 && (e == EAGAIN || e == EWOULDBLOCK) ? 0 : n;
}

ssize_t
io_offer(int fd, const void *p, size_t len)
{
	return put_some(write_copy, fd, p, len);
}

ssize_t
io_lend(int fd, const void *p, size_t len)
{
	return put_some(write_pages, fd, p, len);
}

int
io_wait(int fd, int out_fd, int timeout_ms)
{
	struct pollfd p[2] = {
	    {.fd = fd, .events = POLLIN}, {.fd = out_fd, .events = 0}};
	int n = poll(p, 2, timeout_ms);

	if (n == -1)
		return errno == EINTR ? 0 : -1;
	if ((p[1].revents & POLLERR) != 0)
		return 2;
	return p[0].revents != 0;
}

void
io_end_without_reader(void)
{
	struct sigaction sa;

	if (sigaction(SIGPIPE, NULL, &sa) != 0 || sa.sa_handler != SIG_IGN) {
		/* Who has a handler tidies up in it. */
		raise(SIGPIPE);
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	errno = EPIPE;
}

void
io_drop(int fd)
{
	int e = errno;

	close(fd);
	errno = e;
}

int
io_close(int fd, int rc)
{
	if (rc == 0)
		return close(fd);
	io_drop(fd);
	return -1;
}

int
io_end_list(DIR *dir)
{
	int e = errno;

	closedir(dir);
	errno = e;
	return e == 0 ? 0 : -1;
}

bool
io_flows(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0
	       && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

int
io_fill_std(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		/* The lowest number that is free is this one. */
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY)
		    == -1)
			return -1;
	}
	return 0;
}

int
io_scratch(const char **dir)
{
	char *path;
	int fd;

	*dir = getenv("TMPDIR");
	if (*dir == NULL || **dir == '\0')
		*dir = "/tmp";
	fd = open(*dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd != -1 || errno != EOPNOTSUPP)
		return fd;
	path = mem_printf("%s/millrace.XXXXXX", *dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd != -1)
		unlink(path);
	free(path);
	return fd;
}

/* The directory part of path, "." without one; to be freed. */
static char *
directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_strdup(".");
	if (slash == path)
		return mem_strdup("/");
	return mem_strndup(path, (size_t)(slash - path));
}

int
io_temp_at(char **temp, int dir_fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash == NULL ? 0 : (int)(slash + 1 - path);
	sigset_t all, old;
	int fd = -1;

	*temp = NULL;
	sigfillset(&all);
	for (unsigned try = 0; fd == -1 && try < 1000; try++) {
		char *name = mem_printf("%.*s.%.200s.%ld.%u", dir_len, path,
		    path + dir_len, (long)getpid(), try);

		sigprocmask(SIG_BLOCK, &all, &old);
		fd = openat(dir_fd, name + dir_len,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd != -1)
			*temp = name;
		else
			free(name);
		sigprocmask(SIG_SETMASK, &old, NULL);
		if (fd == -1 && errno != EEXIST)
			break;
	}
	return fd;
}

int
io_temp(char **temp, const char *path)
{
	char *dir = directory(path);
	int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	free(dir);
	*temp = NULL;
	if (dir_fd == -1)
		return -1;
	fd = io_temp_at(temp, dir_fd, path);
	io_drop(dir_fd);
	return fd;
}

int
io_sync_directory(const char *path)
{
	char *dir = directory(path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(dir);
	return fd == -1 ? -1 : io_close(fd, fsync(fd));
}

int
io_publish(int fd, const char *temp, const char *path)
{
	if (io_close(fd, fsync(fd)) == -1 || rename(temp, path) == -1)
		return -1;
	return io_sync_directory(path);
}
