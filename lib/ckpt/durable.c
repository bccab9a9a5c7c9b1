/* SPDX-License-Identifier: ISC */
/* Files of state.  millrace-checkpoint(5), FILES. */
#include "ckpt/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/io.h"
#include "base/mem.h"

/*
 * 32 bytes: magic, u32 version, u32 kind, u64 length of the body, u32 CRC of
 * the body, u32 CRC of the 28 bytes before.
 */
#define MAGIC "mr-state"
#define VERSION 1
#define HEADER_LEN 32

/* Around the name of a file that is being written. */
#define UNFINISHED_BEFORE "."
#define UNFINISHED_AFTER ".new"

static void
format_header(
    uint8_t h[HEADER_LEN], enum durable_kind kind, const void *p, size_t len)
{
	memcpy(h, MAGIC, 8);
	le_put(h + 8, VERSION, 4);
	le_put(h + 12, kind, 4);
	le_put(h + 16, len, 8);
	le_put(h + 24, crc32c(0, p, len), 4);
	le_put(h + 28, crc32c(0, h, 28), 4);
}

int
durable_sync(int dir_fd)
{
	return fsync(dir_fd);
}

static int
write_new(int dir_fd, const char *temp, const uint8_t h[HEADER_LEN],
    const void *p, size_t len)
{
	int fd, rc;

	/* What is there is what a process that was killed has left. */
	if (unlinkat(dir_fd, temp, 0) == -1 && errno != ENOENT)
		return -1;
	fd = openat(dir_fd, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	rc = io_write(fd, h, HEADER_LEN);
	if (rc == 0)
		rc = io_write(fd, p, len);
	if (rc == 0)
		rc = fsync(fd);
	return io_close(fd, rc);
}

int
durable_write(int dir_fd, const char *name, enum durable_kind kind,
    const void *p, size_t len)
{
	char *temp = mem_printf(UNFINISHED_BEFORE "%s" UNFINISHED_AFTER, name);
	uint8_t h[HEADER_LEN];
	int rc, e;

	format_header(h, kind, p, len);
	rc = write_new(dir_fd, temp, h, p, len);
	if (rc == 0)
		rc = renameat(dir_fd, temp, dir_fd, name);
	e = errno;
	if (rc == -1)
		unlinkat(dir_fd, temp, 0);
	free(temp);
	errno = e;
	return rc == -1 ? -1 : durable_sync(dir_fd);
}

char *
durable_unfinished(const char *name)
{
	const size_t before = strlen(UNFINISHED_BEFORE);
	const size_t after = strlen(UNFINISHED_AFTER);
	size_t len = strlen(name);

	if (len <= before + after
	    || strncmp(name, UNFINISHED_BEFORE, before) != 0
	    || strcmp(name + len - after, UNFINISHED_AFTER) != 0)
		return NULL;
	return mem_strndup(name + before, len - before - after);
}

/* Whether a file of size bytes can begin with h; its body's length in *len. */
static bool
check_header(const uint8_t h[HEADER_LEN], enum durable_kind kind, off_t size,
    size_t *len)
{
	uint64_t n = le_get(h + 16, 8);

	if (memcmp(h, MAGIC, 8) != 0 || le_get(h + 28, 4) != crc32c(0, h, 28)
	    || le_get(h + 8, 4) != VERSION || le_get(h + 12, 4) != kind)
		return false;
	if (n > DURABLE_MAX || size != (off_t)(n + HEADER_LEN))
		return false;
	*len = (size_t)n;
	return true;
}

static int
read_body(struct buf *out, int fd, enum durable_kind kind)
{
	uint8_t h[HEADER_LEN];
	struct stat st;
	ssize_t n;
	size_t len = 0;
	uint8_t *p;

	if (fstat(fd, &st) == -1)
		return -1;
	errno = EBADMSG;
	if (!S_ISREG(st.st_mode))
		return -1;
	n = io_read_full(fd, h, HEADER_LEN);
	if (n == -1)
		return -1;
	errno = EBADMSG;
	if (n != HEADER_LEN || !check_header(h, kind, st.st_size, &len))
		return -1;
	p = buf_reserve(out, len);
	if (p == NULL && len > 0)
		return -1;
	n = io_read_full(fd, p, len);
	if (n == -1)
		return -1;
	errno = EBADMSG;
	if ((size_t)n != len || le_get(h + 24, 4) != crc32c(0, p, len))
		return -1;
	out->len += len;
	return 1;
}

int
durable_read(
    struct buf *out, int dir_fd, const char *name, enum durable_kind kind)
{
	/* Opening a FIFO would wait for its writer. */
	int fd = openat(
	    dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	rc = read_body(out, fd, kind);
	io_drop(fd);
	return rc;
}
