/* SPDX-License-Identifier: ISC */
/* Files of a tape.  millrace-checkpoint(5), SPOOL. */
#include "ckpt/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"

#define MAGIC "mr-spool"
#define VERSION 1
#define REC_MAGIC "mr>>"
#define PREFIX "spool."
#define AT_MAX (UINT64_C(1) << 62) /* no tape comes so far */
#define SEARCH_LEN (256u << 10) /* bytes at a time */

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
segment_open_any(int dir_fd, uint32_t number)
{
	char name[SEGMENT_NAME_MAX];
	struct stat st;
	int fd;

	segment_name(name, number);
	/* Opening a FIFO would wait for its writer. */
	fd = openat(
	    dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		return io_close(fd, -1);
	errno = EBADMSG;
	return S_ISREG(st.st_mode) ? fd : io_close(fd, -1);
}

int
segment_open(int dir_fd, uint32_t number, uint64_t *start)
{
	uint8_t h[SEGMENT_HEAD];
	ssize_t n;
	int fd = segment_open_any(dir_fd, number);

	if (fd == -1)
		return -1;
	n = io_pread_full(fd, h, sizeof(h), 0);
	if (n == -1)
		return io_close(fd, -1);
	errno = EBADMSG;
	if (n != (ssize_t)sizeof(h) || memcmp(h, MAGIC, 8) != 0
	    || le_get(h + 28, 4) != crc32c(0, h, 28)
	    || le_get(h + 8, 4) != VERSION || le_get(h + 12, 4) != number
	    || le_get(h + 16, 8) > AT_MAX || le_get(h + 24, 4) != 0)
		return io_close(fd, -1);
	*start = le_get(h + 16, 8);
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
	       && r->len <= SEGMENT_DATA_MAX && r->synced <= r->at;
}

/* The header of the record at off, which is the place at, as segment_read. */
static int
read_header(uint8_t h[SEGMENT_REC], struct segment_rec *r, int fd, uint64_t off,
    uint64_t at)
{
	ssize_t n = io_pread_full(fd, h, SEGMENT_REC, (off_t)off);

	if (n == -1)
		return -1;
	return n == SEGMENT_REC && parse(r, h) && r->at == at;
}

int
segment_read(
    struct segment_rec *r, struct buf *data, int fd, uint64_t off, uint64_t at)
{
	uint8_t h[SEGMENT_REC], *p;
	int rc = read_header(h, r, fd, off, at);
	ssize_t n;

	if (rc != 1)
		return rc;
	buf_reset(data);
	p = buf_reserve(data, r->len);
	if (p == NULL)
		return 0;
	n = io_pread_full(fd, p, r->len, (off_t)(off + SEGMENT_REC));
	if (n == -1)
		return -1;
	if ((size_t)n != r->len || le_get(h + 32, 4) != crc32c(0, p, r->len))
		return 0;
	data->len = r->len;
	return 1;
}

/*
 * Whether a record proves it in the n bytes from the place from on.  What looks
 * like a record may be data, of another tape say; but that does not say where
 * it stands.
 */
static bool
proves(const uint8_t *bytes, size_t n, uint64_t from, uint64_t at)
{
	const uint8_t *p = bytes, *end = bytes + n;
	struct segment_rec r;

	while ((p = memmem(p, (size_t)(end - p), REC_MAGIC, 4)) != NULL
	       && end - p >= SEGMENT_REC) {
		if (parse(&r, p) && r.synced > at
		    && r.at == from + (uint64_t)(p - bytes))
			return true;
		p++;
	}
	return false;
}

/* The same for all from off on, which is the place from. */
static int
search(int fd, uint64_t off, uint64_t from, uint64_t at)
{
	/* A header may begin in what two steps have in common. */
	const size_t step = SEARCH_LEN - (SEGMENT_REC - 1);
	uint8_t *p = mem_alloc(SEARCH_LEN);
	ssize_t n;
	int rc;

	do {
		n = io_pread_full(fd, p, SEARCH_LEN, (off_t)off);
		rc = n == -1 ? -1 : proves(p, (size_t)n, from, at);
		off += step;
		from += step;
	} while (rc == 0 && n == SEARCH_LEN);
	free(p);
	return rc;
}

int
segment_proves(int fd, uint64_t off, uint64_t at)
{
	uint8_t h[SEGMENT_REC];
	uint64_t from = at;
	struct segment_rec r;
	int rc;

	/* While headers are whole it is known what is data, and so no proof. */
	while ((rc = read_header(h, &r, fd, off, from)) == 1) {
		if (r.synced > at)
			return 1;
		off += SEGMENT_REC + r.len;
		from += SEGMENT_REC + r.len;
	}
	return rc == -1 ? -1 : search(fd, off, from, at);
}
