/* SPDX-License-Identifier: ISC */
/* Files beside the output.  sbatch(1), RESUMING. */
#include "io/side.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/xxh64.h"

#define TAIL 256 /* bytes at the end that are compared */

int
side_digest(uint64_t *sum, int fd, uint64_t len)
{
	char tail[TAIL];
	size_t n = len < TAIL ? (size_t)len : TAIL;
	ssize_t got = io_pread_full(fd, tail, n, (off_t)(len - n));

	if (got == -1)
		return -1;
	if ((size_t)got < n) {
		errno = EIO;
		return -1;
	}
	*sum = xxh64(tail, n, 0);
	return 0;
}

/* Open for writing alone, its bytes are read through another descriptor. */
static int
digest_of(uint64_t *sum, int fd, uint64_t len)
{
	char path[64];
	int in, rc;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	in = open(path, O_RDONLY | O_CLOEXEC);
	if (in == -1)
		return -1;
	rc = side_digest(sum, in, len);
	io_drop(in);
	return rc;
}

int
side_measure(struct side_end *e, int fd, uint64_t len)
{
	int64_t mtime_ns;

	*e = (struct side_end){.len = len, .known = true};
	if (sibling_id(&e->id, &mtime_ns, fd, "") == -1)
		return -1;
	return digest_of(&e->digest, fd, len);
}

void
side_put(struct buf *out, const struct side_end *e)
{
	buf_put_int(out, e->len, 8);
	buf_put_int(out, e->known, 1);
	buf_put_int(out, e->digest, 8);
	buf_put_int(out, e->id.dev, 8);
	buf_put_int(out, e->id.ino, 8);
	buf_put_int(out, (uint64_t)e->id.born_ns, 8);
}

void
side_get(struct side_end *e, struct cur *in)
{
	e->len = cur_get_int(in, 8);
	e->known = cur_get_int(in, 1) != 0;
	e->none = !e->known;
	e->digest = cur_get_int(in, 8);
	e->id.dev = cur_get_int(in, 8);
	e->id.ino = cur_get_int(in, 8);
	e->id.born_ns = (int64_t)cur_get_int(in, 8);
	in->failed |= e->len > INT64_MAX;
}

/* Whether what stands before e->len is what was there: 1, 0, or -1. */
static int
is_same(const struct side_end *e, int fd)
{
	struct side_end now;

	if (!e->known)
		return 1;
	if (side_measure(&now, fd, e->len) == -1)
		return -1;
	/* Nothing was in it, so that only its identity tells. */
	if (e->len == 0)
		return file_id_same(&now.id, &e->id);
	return now.digest == e->digest;
}

static int
fail(char **why, const char *path)
{
	*why = mem_printf("%s: %s", path, strerror(errno));
	return EX_IOERR;
}

int
side_claim(char **why, const char *path, int fd, bool shared)
{
	if (flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return fail(why, path);
	*why = mem_printf("%s: another stage writes to it, and a restart "
			  "would cut off what is not its own; name another "
			  "file",
	    path);
	return EX_USAGE;
}

int
side_cut(const struct side_end *e, char **why, const char *path, int fd)
{
	struct stat st;
	int same;

	if (fstat(fd, &st) == -1)
		return fail(why, path);
	if (st.st_size == 0)
		return 0;
	if (e->none) {
		*why = mem_printf("%s has %jd bytes, and the last start did "
				  "not write to it; move it away to begin one "
				  "anew",
		    path, (intmax_t)st.st_size);
		return EX_DATAERR;
	}
	if ((uint64_t)st.st_size < e->len) {
		*why = mem_printf("%s has %jd bytes, and had %ju: it is "
				  "another file; move it away to begin one "
				  "anew",
		    path, (intmax_t)st.st_size, (uintmax_t)e->len);
		return EX_DATAERR;
	}
	same = is_same(e, fd);
	if (same == -1)
		return fail(why, path);
	if (same == 0) {
		*why = mem_printf("%s is another file than it was, or was "
				  "changed; move it away to begin one anew",
		    path);
		return EX_DATAERR;
	}
	return ftruncate(fd, (off_t)e->len) == -1 ? fail(why, path) : 0;
}
