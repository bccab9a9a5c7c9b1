/* SPDX-License-Identifier: ISC */
/* Files of a tape.  millrace-checkpoint(5), SPOOL. */
#include "ckpt/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/io.h"
#include "base/num.h"

#define MAGIC "mr-spool"
#define VERSION 1
#define REC_MAGIC "mr>>"
#define PREFIX "spool."

void
segment_name(char out[SEGMENT_NAME_MAX], uint32_t number)
{
	snprintf(out, SEGMENT_NAME_MAX, PREFIX "%06u", number);
}

bool
segment_number(uint32_t *number, const char *name)
{
	size_t len = strlen(PREFIX);
	int64_t n;

	if (strncmp(name, PREFIX, len) != 0
	    || strspn(name + len, "0123456789") != strlen(name + len)
	    || num_parse_int(&n, name + len, strlen(name + len)) == -1 || n < 1
	    || n > UINT32_MAX)
		return false;
	*number = (uint32_t)n;
	return true;
}

int
segment_create(int dir_fd, uint32_t number, uint64_t start)
{
	char name[SEGMENT_NAME_MAX];
	uint8_t h[SEGMENT_HEAD] = MAGIC;
	int fd;

	segment_name(name, number);
	fd = openat(dir_fd, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return -1;
	le_put(h + 8, VERSION, 4);
	le_put(h + 12, number, 4);
	le_put(h + 16, start, 8);
	le_put(h + 24, 0, 4);
	le_put(h + 28, crc32c(0, h, 28), 4);
	return io_write(fd, h, sizeof(h)) == -1 ? io_close(fd, -1) : fd;
}

int
segment_open(int dir_fd, uint32_t number, uint64_t *start)
{
	char name[SEGMENT_NAME_MAX];
	uint8_t h[SEGMENT_HEAD];
	struct stat st;
	ssize_t n;
	int fd;

	segment_name(name, number);
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = fstat(fd, &st) == -1 ? -1 : io_pread_full(fd, h, sizeof(h), 0);
	if (n == -1)
		return io_close(fd, -1);
	*start = le_get(h + 16, 8);
	errno = EBADMSG;
	if (n != (ssize_t)sizeof(h) || !S_ISREG(st.st_mode)
	    || memcmp(h, MAGIC, 8) != 0 || le_get(h + 8, 4) != VERSION
	    || le_get(h + 12, 4) != number
	    || le_get(h + 28, 4) != crc32c(0, h, 28))
		return io_close(fd, -1);
	return fd;
}

int
segment_write(int fd, const struct segment_rec *r, const void *p)
{
	uint8_t h[SEGMENT_REC];
	struct iovec iov[2] = {{h, sizeof(h)}};

	memcpy(h, REC_MAGIC, 4);
	le_put(h + 4, r->kind, 4);
	le_put(h + 8, r->id, 4);
	le_put(h + 12, r->len, 4);
	le_put(h + 16, r->at, 8);
	le_put(h + 24, r->synced, 8);
	le_put(h + 32, crc32c(0, p, r->len), 4);
	le_put(h + 36, crc32c(0, h, 36), 4);
	/* It is only read. */
	memcpy(&iov[1].iov_base, &p, sizeof(p));
	iov[1].iov_len = r->len;
	return io_writev(fd, iov, r->len > 0 ? 2 : 1);
}

/* Whether h is the header of a record. */
static bool
parse(struct segment_rec *r, const uint8_t h[SEGMENT_REC])
{
	uint64_t kind = le_get(h + 4, 4);

	if (memcmp(h, REC_MAGIC, 4) != 0
	    || le_get(h + 36, 4) != crc32c(0, h, 36))
		return false;
	*r = (struct segment_rec){.kind = (enum segment_kind)kind,
	    .id = (uint32_t)le_get(h + 8, 4),
	    .len = (uint32_t)le_get(h + 12, 4),
	    .at = le_get(h + 16, 8),
	    .synced = le_get(h + 24, 8)};
	return kind >= SEGMENT_OPEN && kind <= SEGMENT_END
	       && r->len <= SEGMENT_DATA_MAX;
}

int
segment_read(
    struct segment_rec *r, struct buf *data, int fd, uint64_t off, uint64_t at)
{
	uint8_t h[SEGMENT_REC], *p;
	ssize_t n = io_pread_full(fd, h, sizeof(h), (off_t)off);

	if (n == -1)
		return -1;
	if (n != (ssize_t)sizeof(h) || !parse(r, h) || r->at != at)
		return 0;
	buf_reset(data);
	p = buf_reserve(data, r->len);
	if (p == NULL)
		return 0;
	n = io_pread_full(fd, p, r->len, (off_t)(off + sizeof(h)));
	if (n == -1)
		return -1;
	if ((size_t)n != r->len || le_get(h + 32, 4) != crc32c(0, p, r->len))
		return 0;
	data->len = r->len;
	return 1;
}

/* The same for what was read into memory. */
static bool
proves(const uint8_t *p, size_t len, uint64_t at)
{
	const uint8_t *end = p + len;
	struct segment_rec r;

	while (end - p >= SEGMENT_REC) {
		p = memmem(p, (size_t)(end - p), REC_MAGIC, 4);
		if (p == NULL || end - p < SEGMENT_REC)
			return false;
		if (parse(&r, p) && r.synced > at)
			return true;
		p++;
	}
	return false;
}

int
segment_proves(int fd, uint64_t off, uint64_t at)
{
	struct buf b;
	uint8_t *p;
	ssize_t n = 1;
	int rc;

	buf_init(&b, 0);
	while (n > 0) {
		p = buf_reserve(&b, SEGMENT_DATA_MAX);
		n = io_pread(fd, p, SEGMENT_DATA_MAX, (off_t)(off + b.len));
		b.len += n > 0 ? (size_t)n : 0;
	}
	rc = n == -1 ? -1 : proves(b.data, b.len, at);
	buf_release(&b);
	return rc;
}
