/* SPDX-License-Identifier: ISC */
/* Locks of the processes of a pipeline.  millrace-checkpoint(5), FILES. */
#include "ckpt/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "base/time.h"

#define TRY_NS 2000000 /* between two tries */

static struct flock
whole(short type)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

int
lock_text(char *out, size_t cap, int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	out[0] = '\0';
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	n = io_pread(fd, out, cap - 1, 0);
	io_drop(fd);
	if (n == -1)
		return -1;
	out[n] = '\0';
	return 0;
}

pid_t
lock_holder(int dir_fd, const char *name)
{
	char text[32];
	int64_t pid;

	if (lock_text(text, sizeof(text), dir_fd, name) == -1
	    || num_parse_int(&pid, text, strcspn(text, "\n")) == -1 || pid < 0
	    || pid > INT_MAX)
		return 0;
	return (pid_t)pid;
}

/* A lock of the open file description, which fork and exec do not spread. */
static int
try_lock(int fd, int timeout_ms)
{
	int64_t until = time_mono_us() + (int64_t)timeout_ms * 1000;
	const struct timespec pause = {.tv_nsec = TRY_NS};

	for (;;) {
		struct flock l = whole(F_WRLCK);

		if (fcntl(fd, F_OFD_SETLK, &l) == 0)
			return 0;
		if (errno == EACCES)
			errno = EAGAIN;
		if (errno != EAGAIN || time_mono_us() >= until)
			return -1;
		nanosleep(&pause, NULL);
	}
}

int
lock_note(int fd, const char *text)
{
	if (ftruncate(fd, 0) == -1 || lseek(fd, 0, SEEK_SET) == -1)
		return -1;
	return io_write(fd, text, strlen(text));
}

int
lock_sign(int fd, uint64_t generation)
{
	char text[64];

	snprintf(text, sizeof(text), "%ld\n%ju\n", (long)getpid(),
	    (uintmax_t)generation);
	return lock_note(fd, text);
}

int
lock_signed(uint64_t *generation, int dir_fd, const char *name)
{
	char text[64];
	const char *at;
	int64_t number;

	*generation = 0;
	if (lock_text(text, sizeof(text), dir_fd, name) == -1)
		return -1;
	at = strchr(text, '\n');
	if (at != NULL
	    && num_parse_int(&number, at + 1, strcspn(at + 1, "\n")) == 0
	    && number > 0)
		*generation = (uint64_t)number;
	return 0;
}

int
lock_is_of(uint64_t generation, int dir_fd, const char *name, int timeout_ms)
{
	int64_t until = time_mono_us() + (int64_t)timeout_ms * 1000;
	const struct timespec pause = {.tv_nsec = TRY_NS};
	uint64_t got;

	for (;;) {
		if (lock_signed(&got, dir_fd, name) == -1)
			return -1;
		if (got == generation || time_mono_us() >= until)
			return got == generation;
		nanosleep(&pause, NULL);
	}
}

int
lock_take(int dir_fd, const char *name, int timeout_ms, pid_t *holder)
{
	char text[32];
	int fd, e;

	*holder = 0;
	fd = openat(
	    dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (try_lock(fd, timeout_ms) == 0 && lock_note(fd, text) == 0)
		return fd;
	e = errno;
	close(fd);
	if (e == EAGAIN)
		*holder = lock_holder(dir_fd, name);
	errno = e;
	return -1;
}

bool
lock_held(int dir_fd, const char *name)
{
	struct flock l = whole(F_WRLCK);
	int fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	bool held;

	if (fd == -1)
		return false;
	held = fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
	close(fd);
	return held;
}
