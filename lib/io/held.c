/* SPDX-License-Identifier: ISC */
/* A log file held open. */
#include "io/held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "io/gunzip.h"

#define ISIZE_LEN 4 /* RFC 1952: the length, behind the data */
#define SKIP_LEN (64u << 10)
#define SEEK_LEN 4096

int
held_open(struct held *h, int dir_fd, const char *name)
{
	char magic[2];
	ssize_t n;
	int e;

	*h = (struct held){.fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC)};
	if (h->fd == -1)
		return -1;
	n = -1;
	if (sibling_id(&h->id, &h->mtime_ns, h->fd, "") == 0)
		n = io_pread_full(h->fd, magic, sizeof(magic), 0);
	if (n == -1) {
		e = errno;
		close(h->fd);
		h->fd = -1;
		errno = e;
		return -1;
	}
	h->name = mem_strdup(name);
	if (n == 2 && memcmp(magic, GUNZIP_MAGIC, 2) == 0)
		h->gunzip = gunzip_new();
	return 0;
}

void
held_release(struct held *h)
{
	if (h->fd == -1)
		return;
	close(h->fd);
	gunzip_free(h->gunzip);
	free(h->name);
	*h = (struct held){.fd = -1};
}

static ssize_t
read_packed(struct gunzip *g, int fd, off_t *off, void *p, size_t cap)
{
	size_t len, room_cap;
	void *room;
	ssize_t n;
	int rc;

	while ((rc = gunzip_read(g, p, cap, &len)) == 0) {
		room = gunzip_room(g, &room_cap);
		n = io_pread(fd, room, room_cap, *off);
		if (n == -1)
			return -1;
		if (n == 0 && gunzip_is_whole(g))
			return 0;
		if (n == 0) {
			errno = EBADMSG;
			return -1;
		}
		gunzip_add(g, (size_t)n);
		*off += n;
	}
	if (rc == 1)
		return (ssize_t)len;
	errno = EBADMSG;
	return -1;
}

static void
keep_tail(struct held *h, const char *p, size_t len)
{
	size_t keep = h->n_tail;

	if (len >= HELD_TAIL) {
		memcpy(h->tail, p + len - HELD_TAIL, HELD_TAIL);
		h->n_tail = HELD_TAIL;
		return;
	}
	if (keep + len > HELD_TAIL)
		keep = HELD_TAIL - len;
	memmove(h->tail, h->tail + h->n_tail - keep, keep);
	memcpy(h->tail + keep, p, len);
	h->n_tail = keep + len;
}

/* Whether what stands before the offset is still what was read; or -1. */
static int
is_continued(const struct held *h)
{
	char now[HELD_TAIL];
	ssize_t n =
	    io_pread_full(h->fd, now, h->n_tail, (off_t)(h->off - h->n_tail));

	if (n == -1)
		return -1;
	return (size_t)n == h->n_tail && memcmp(now, h->tail, h->n_tail) == 0;
}

/* What has been read may have been truncated since. */
static ssize_t
read_plain(const struct held *h, void *p, size_t cap)
{
	ssize_t n = io_pread(h->fd, p, cap, (off_t)h->off);
	struct stat st;
	int same;

	if (n == -1)
		return -1;
	if (n > 0) {
		same = is_continued(h);
		if (same == -1)
			return -1;
	} else {
		if (fstat(h->fd, &st) == -1)
			return -1;
		same = (uint64_t)st.st_size >= h->off;
	}
	if (same)
		return n;
	errno = ESTALE;
	return -1;
}

ssize_t
held_read(struct held *h, void *p, size_t cap)
{
	ssize_t n;

	if (h->gunzip != NULL)
		n = read_packed(h->gunzip, h->fd, &h->packed_off, p, cap);
	else
		n = read_plain(h, p, cap);
	if (n == -1)
		return -1;
	if (n > 0) {
		keep_tail(h, p, (size_t)n);
		h->off += (uint64_t)n;
	}
	return n;
}

void
held_rewind(struct held *h)
{
	h->off = 0;
	h->n_tail = 0;
}

void
held_seek(struct held *h, uint64_t off)
{
	size_t n = off < HELD_TAIL ? (size_t)off : HELD_TAIL;
	ssize_t got = io_pread_full(h->fd, h->tail, n, (off_t)(off - n));

	h->off = off;
	h->n_tail = got == (ssize_t)n ? n : 0;
}

uint64_t
held_last_end(const struct held *h)
{
	char p[SEEK_LEN];
	const char *nl;
	struct stat st;
	uint64_t at;
	size_t n;

	if (fstat(h->fd, &st) == -1)
		return 0;
	for (at = (uint64_t)st.st_size; at > 0; at -= n) {
		n = at < SEEK_LEN ? (size_t)at : SEEK_LEN;
		if (io_pread_full(h->fd, p, n, (off_t)(at - n)) != (ssize_t)n)
			return 0;
		nl = memrchr(p, '\n', n);
		if (nl != NULL)
			return at - n + (uint64_t)(nl + 1 - p);
	}
	return 0;
}

int
held_skip(struct held *h, const struct held *before)
{
	uint64_t left = before->off;
	ssize_t n = 0;
	char *p;

	if (h->gunzip == NULL) {
		h->off = before->off;
		h->n_tail = before->n_tail;
		memcpy(h->tail, before->tail, before->n_tail);
		return is_continued(h);
	}
	p = mem_alloc(SKIP_LEN);
	while (left > 0) {
		n = held_read(h, p, left < SKIP_LEN ? left : SKIP_LEN);
		if (n <= 0)
			break;
		left -= (uint64_t)n;
	}
	free(p);
	/* What is no gzip data, or not whole, has other contents. */
	if (n == -1 && errno != EBADMSG)
		return -1;
	return left == 0 && h->n_tail >= before->n_tail
	       && memcmp(h->tail + h->n_tail - before->n_tail, before->tail,
		      before->n_tail)
		      == 0;
}

bool
held_in_line(const struct held *h)
{
	return h->n_tail > 0 && h->tail[h->n_tail - 1] != '\n';
}

/* The length that the end of a gzip file tells. */
static int
packed_size(uint64_t *size, int fd, off_t len)
{
	uint8_t isize[ISIZE_LEN];

	if (len < ISIZE_LEN
	    || io_pread_full(fd, isize, ISIZE_LEN, len - ISIZE_LEN)
		   != ISIZE_LEN) {
		errno = EBADMSG;
		return -1;
	}
	*size = le_get(isize, ISIZE_LEN);
	return 0;
}

int
held_head(struct head_id *id, const struct held *h)
{
	struct gunzip *g = NULL;
	struct stat st;
	off_t off = 0;
	ssize_t n = 1;
	int rc = 0;

	id->n = 0;
	if (fstat(h->fd, &st) == -1)
		return -1;
	id->size = (uint64_t)st.st_size;
	if (h->gunzip != NULL) {
		rc = packed_size(&id->size, h->fd, st.st_size);
		g = gunzip_new();
	}
	while (rc == 0 && n > 0 && id->n < HELD_HEAD) {
		unsigned char *p = id->head + id->n;
		size_t room = HELD_HEAD - id->n;

		if (g != NULL)
			n = read_packed(g, h->fd, &off, p, room);
		else
			n = io_pread(h->fd, p, room, (off_t)id->n);
		if (n > 0)
			id->n += (size_t)n;
		rc = n == -1 ? -1 : 0;
	}
	gunzip_free(g);
	return rc;
}

bool
head_id_same(const struct head_id *packed, const struct head_id *known)
{
	if (known->n == 0 || packed->n < known->n
	    || memcmp(packed->head, known->head, known->n) != 0)
		return false;
	return known->n == HELD_HEAD
	       || packed->size == (known->size & UINT32_MAX);
}

/* Of a packed file the bytes before are not at hand. */
void
held_put_place(struct buf *out, const struct held *h, uint64_t off)
{
	char tail[HELD_TAIL];
	size_t n = off < HELD_TAIL ? (size_t)off : HELD_TAIL;

	if (h->gunzip != NULL
	    || io_pread_full(h->fd, tail, n, (off_t)(off - n)) != (ssize_t)n)
		n = 0;
	buf_put_int(out, off, 8);
	buf_put_str(out, tail, n);
}

void
held_get_place(struct held *h, struct cur *c)
{
	const char *tail;

	*h = (struct held){.fd = -1, .off = cur_get_int(c, 8)};
	tail = cur_get_str(c, &h->n_tail, HELD_TAIL);
	if (tail == NULL)
		h->n_tail = 0;
	else
		memcpy(h->tail, tail, h->n_tail);
}
